"""The steps and moves of journeys under filters, as facts: each case counts once for each step it passes.

The rules are those of the room `understand` (understand/journey.py): a case is the case of its record, else what a person does
on one day in one source; `part` is 1 where a case ends at the step, `good` where it comes back to it.
"""

from __future__ import annotations

from vitalfew.web.understand.measuring import Facts

_EVENTS = """events AS (SELECT *, row_number() OVER w AS place, lead(step) OVER w AS following FROM (
    SELECT source, "key", "at", account, "group" AS grp, channel, coalesce(stage, '') AS stage, step,
      coalesce(person, account) AS who, try_cast("key" AS BIGINT) AS number,
      source || '#' || coalesce("case", person || '/' || CAST(CAST("at" AS DATE) AS VARCHAR)) AS case_id FROM {interactions}
    WHERE step IS NOT NULL AND step <> '' AND "at" IS NOT NULL
  ) WHERE case_id IS NOT NULL WINDOW w AS (PARTITION BY case_id ORDER BY "at", number, "key")),
  starts AS (SELECT case_id, min("at") AS begun FROM events GROUP BY case_id)"""
_STEPS = f"""SELECT 'interactions' AS tab, min(source) AS source, min("key") AS "key", stage || '/' || step AS cell,
  coalesce(min(who), case_id) AS unit, min(begun) AS moment, min(account) AS account, min(grp) AS grp, min(channel) AS channel,
  1.0 AS weight, max(CAST(following IS NULL AS DOUBLE)) AS part, CAST(count(*) > 1 AS DOUBLE) AS good, 0.0 AS bad
  FROM (WITH {_EVENTS} SELECT * FROM events JOIN starts USING (case_id)) GROUP BY case_id, stage, step"""
_MOVES = f"""SELECT 'interactions' AS tab, min(source) AS source, min("key") AS "key",
  stage || '/' || step || ' > ' || following AS cell,
  coalesce(min(who), case_id) AS unit, min(begun) AS moment, min(account) AS account, min(grp) AS grp, min(channel) AS channel,
  1.0 AS weight, 1.0 AS part, 1.0 AS good, 0.0 AS bad
  FROM (WITH {_EVENTS} SELECT * FROM events JOIN starts USING (case_id)) WHERE following IS NOT NULL
  GROUP BY case_id, stage, step, following"""
STEPS = Facts("steps", _STEPS, ("interactions",), ("interactions",))
MOVES = Facts("moves", _MOVES, ("interactions",), ("interactions",))
