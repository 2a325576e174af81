"""What people said may be done with their data, and what that leaves of it: refusals are honoured before anything is analysed.

A statement is about a purpose. The latest one of a person counts; of two at one time, and of statements without a time, the one
that refuses. The page docs/how-to/honour-consent.md says what is left out and what stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Context
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES, arrow_table

GIVEN, REFUSED, WITHDRAWN, NOT_GIVEN = "given", "refused", "withdrawn", "not given"
ANALYSIS, CONTACT = "analysis", "contact"

_YES = "given granted accepted agreed confirmed yes y true t 1 on opt-in optin opted-in subscribed ja oui sí si sim"
_NO = "refused denied declined rejected no n false f 0 off opt-out optout opted-out nein non não nao"
_BACK = "withdrawn revoked unsubscribed cancelled canceled expired widerrufen retiré retirado retirada revogado"
STATES: dict[str, str] = {
    **dict.fromkeys(_YES.split(), GIVEN),
    **dict.fromkeys(("opt in", "opted in"), GIVEN),
    **dict.fromkeys(_NO.split(), REFUSED),
    **dict.fromkeys(("opt out", "opted out"), REFUSED),
    **dict.fromkeys(_BACK.split(), WITHDRAWN),
}
"""How systems write the state of a consent, in lower case, and what it means. Any other word is refused: it must not be guessed."""

LEFT_OUT = ("interactions", "responses", "relations")
"""Tables of what people did and said: records of those who refused are left out."""
WITHOUT_PERSON = ("orders", "deals", "contracts")
"""Tables the company's own accounts need: records stay as sums, without the person."""

_EARLIEST, _LATEST = datetime(1, 1, 1), datetime(9999, 12, 31)


def judged(consents: ir.Table) -> ir.Table:
    """The attached table `consents` with `counts`: the latest statement of each person and purpose."""
    refuses = consents["state"] != GIVEN
    # An undated refusal may be the latest word, an undated yes need not be.
    undated = ibis.ifelse(refuses, ibis.literal(_LATEST), ibis.literal(_EARLIEST))
    when = ibis.coalesce(consents["at"], undated.cast("timestamp(6)"))
    known = consents.mutate(_when=when, _refuses=refuses)
    order = [ibis.desc("_when"), ibis.desc("_refuses"), "source", "key"]
    place = ibis.row_number().over(ibis.window(group_by=["person", "purpose"], order_by=order))
    ranked = known.mutate(_place=place)
    return ranked.mutate(counts=ranked["person"].notnull() & (ranked["_place"] == 0)).select(*TABLES["consents"].names)


@dataclass(frozen=True)
class Standing:
    """Where people stand: `people` is the table people with its columns of consent; `out` those left out (person, reason)."""

    people: pa.Table
    out: ir.Table
    count: int
    """How many are left out."""


def standing(consents: ir.Table, people: pa.Table, company: Company, context: Context) -> Standing:
    """Who is left out of the analysis. `consents` is judged, `people` the table people; those left out lose when they were seen."""
    engine = context.engine
    counting = consents.filter(consents["counts"] & consents["purpose"].lower().isin([ANALYSIS, CONTACT]))
    counting = counting.select("person", purpose=counting["purpose"].lower(), state="state")
    found = {(row["person"], row["purpose"]): row["state"] for row in engine.collect(counting).to_pylist()}
    missing = {
        ANALYSIS: NOT_GIVEN if company.consent.required else None,
        CONTACT: NOT_GIVEN if company.consent.contact_required else None,
    }
    persons = people.column("person").to_pylist()
    told = {each: [found.get((person, each), missing[each]) for person in persons] for each in (ANALYSIS, CONTACT)}
    out = [state is not None and state != GIVEN for state in told[ANALYSIS]]
    columns: dict[str, Any] = {name: people.column(name) for name in people.column_names}
    columns |= {**told, "left_out": out}
    for name in ("first_seen", "last_seen"):
        columns[name] = [None if gone else at for at, gone in zip(people.column(name).to_pylist(), out, strict=True)]
    reasons = [(person, state) for person, state, gone in zip(persons, told[ANALYSIS], out, strict=True) if gone]
    table = pa.table(
        {
            "person": pa.array([each for each, _ in reasons], pa.string()),
            "reason": pa.array([each for _, each in reasons], pa.string()),
        }
    )
    return Standing(arrow_table("people", columns), engine.table(table), len(reasons))


def marked(name: str, table: ir.Table, out: ir.Table) -> ir.Table:
    """The attached table `name` with `_gone`, why a record is not analysed (null where it is), and `_whose`, for whose sake."""
    columns = ("from", "to") if name == "relations" else ("person",)
    person = table["person"] if "person" in table.columns else None
    if name == "interactions":
        # A step of a conversation that names nobody belongs to whom the rest of it names.
        named = table.filter(table["case"].notnull() & table["person"].notnull())
        cases = named.group_by(["source", "case"]).aggregate(_of=named["person"].min(), _people=named["person"].nunique())
        cases = cases.filter(cases["_people"] == 1).select(_source="source", _case="case", _of="_of")
        joined = table.left_join(cases, (table["source"] == cases["_source"]) & (table["case"] == cases["_case"]))
        table = joined.mutate(_about=ibis.coalesce(joined["person"], joined["_of"])).drop("_source", "_case", "_of")
        columns = ("_about",)
    elif person is None and name != "relations":
        raise ValueError(f"the table {name} has no person")
    kept = [each for each in table.columns if each != "_about"]
    for number, column in enumerate(columns):
        one = out.select(**{f"_who{number}": out["person"], f"_why{number}": out["reason"]})
        table = table.left_join(one, table[column] == one[f"_who{number}"])
    whose = ibis.coalesce(*(table[f"_who{number}"] for number in range(len(columns))))
    why = ibis.coalesce(*(table[f"_why{number}"] for number in range(len(columns))))
    return table.mutate(_whose=whose, _gone=why).select(*kept, "_whose", "_gone")


def honoured(name: str, table: ir.Table) -> ir.Table:
    """What is left of a marked table: without the records that are left out, or without their person."""
    if name in LEFT_OUT:
        return table.filter(table["_gone"].isnull()).drop("_gone", "_whose")
    cut = table.mutate(person=ibis.ifelse(table["_gone"].isnull(), table["person"], ibis.literal(None, "string")))
    return cut.drop("_gone", "_whose")


def counted(name: str, table: ir.Table, context: Context) -> list[dict[str, Any]]:
    """Rows of the table `left_out`: records and people of each source and reason. An answer is one record, however long."""
    gone = table.filter(table["_gone"].notnull())
    sums = gone.group_by(["source", "_gone"]).aggregate(records=gone["key"].nunique(), people=gone["_whose"].nunique())
    handling = "left out" if name in LEFT_OUT else "kept without the person"
    return [
        {
            **{"source": row["source"], "table": name, "handling": handling, "reason": row["_gone"]},
            **{"records": row["records"], "people": row["people"]},
        }
        for row in context.engine.collect(sums.order_by("source", "_gone")).to_pylist()
    ]


def remarks(rows: list[dict[str, Any]], consents: ir.Table, context: Context) -> list[dict[str, Any]]:
    """What the run says of it: what was left out of each source, and statements that name nobody."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        found[row["source"], row["handling"]] = found.get((row["source"], row["handling"]), 0) + row["records"]
    told = []
    for (source, handling), n in sorted(found.items()):
        text = f"{n} records were left out of the analysis, for the people they are of did not consent to it"
        if handling != "left out":
            text = f"{n} records count in sums only, without their person, who did not consent to analysis"
        told.append(_remark(source, "", n, text))
    nobody = consents.filter(consents["person"].isnull())
    counted = nobody.group_by("source").aggregate(n=nobody["key"].count())
    for row in context.engine.collect(counted.order_by("source")).to_pylist():
        text = f"{row['n']} statements of consent name no person, or a shared address: they change nothing"
        told.append(_remark(row["source"], "person", row["n"], text))
    return told


def _remark(source: str, column: str, n: int, remark: str) -> dict[str, Any]:
    return {"source": source, "column": column, "value": "", "n": n, "remark": remark}
