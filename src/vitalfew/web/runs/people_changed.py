"""Who is another person in one run than in another: ids joined, split, or that exchanged records, whichever two runs they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vitalfew.runs import Run
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import READERS

MOST = 50
# The terms are those of `person_changes`, which tells them against the run a run went on from.
_MOVED = f"""WITH moved AS (
    SELECT was.person AS former, now.person AS person, count(*) AS records
    FROM {{before}} was JOIN {{identities}} now USING (source, "key")
    WHERE was.person != now.person GROUP BY was.person, now.person),
  kinds AS (
    SELECT CASE WHEN former NOT IN (SELECT person FROM {{identities}} WHERE person IS NOT NULL) THEN 'joined'
      WHEN person NOT IN (SELECT person FROM {{before}} WHERE person IS NOT NULL) THEN 'split' ELSE 'moved' END AS change, *
    FROM moved)
  SELECT change, person, former, records, count(*) OVER (PARTITION BY change) AS n FROM kinds
  QUALIFY row_number() OVER (PARTITION BY change ORDER BY records DESC, person, former) <= {MOST}
  ORDER BY change, records DESC, person, former"""


@dataclass(frozen=True)
class PeopleChanged:
    """How many ids were joined into another, split off one, or gave records to another while both go on; the largest of each."""

    joined: int
    split: int
    moved: int
    rows: tuple[dict[str, Any], ...]

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def more(self) -> bool:
        """Whether there are more than the rows tell."""
        return self.joined + self.split + self.moved > len(self.rows)


def people_changed(before: Run, after: Run) -> PeopleChanged:
    """Who is another person in `after` than in `before`. Kept, since runs never change."""
    key = f"people-{before.id}-{after.id}"
    kept: PeopleChanged | None = cache.get(key)
    if kept is None:
        path = before.paths().get("identities")
        reader = READERS.of(after.folder, after.paths())
        rows = reader.select(_MOVED, ("identities",), others={"before": path}) if path is not None else []
        counted = {row["change"]: row["n"] for row in rows}
        joined, split, moved = (counted.get(each, 0) for each in ("joined", "split", "moved"))
        kept = PeopleChanged(joined, split, moved, tuple(rows))
        cache.set(key, kept, 3600)
    return kept


def counts(found: PeopleChanged) -> str:
    """In a sentence how many people changed; it names nobody."""
    texts = [
        (found.joined, ngettext("%(n)s id was joined into another", "%(n)s ids were joined into others", found.joined)),
        (found.split, ngettext("%(n)s id was split off another", "%(n)s ids were split off others", found.split)),
        (found.moved, ngettext("%(n)s id gave records to another", "%(n)s ids gave records to others", found.moved)),
    ]
    told = [text % {"n": wording.number(n, 0)} for n, text in texts if n]
    return "; ".join(told) if told else _("Nobody was joined or split.")
