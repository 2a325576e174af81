"""What a person's and an account's history comes to, reduced in the engine: the last contact, the open case, the last answer,
orders, complaints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Tables
from vitalfew.who.layout import FACTS

OPEN = (
    *(
        "open",
        "new",
        "pending",
        "waiting",
        "in progress",
        "on hold",
        "unresolved",
        "reopened",
        "assigned",
        "offen",
        "in bearbeitung",
    ),
    *(
        "wartend",
        "neu",
        "ouvert",
        "nouveau",
        "en attente",
        "en cours",
        "abierto",
        "nuevo",
        "pendiente",
        "aberto",
        "novo",
        "pendente",
    ),
)
"""How systems call the state of a case that is not closed: as an outcome, compared in lower case."""


def facts(tables: Tables, column: str, outcome: str | None) -> pa.Table:
    """One row for each value of `column` (person or account) with FACTS; `outcome` is the question whose answer is the score."""
    parts = [
        _latest_contact(tables, column),
        _open_case(tables, column),
        _latest_answer(tables, column, outcome),
        _orders(tables, column),
        _complaints(tables, column),
    ]
    who = ibis.union(*(part.select(who=part["who"]) for part in parts), distinct=True)
    joined = who
    for part in parts:
        joined = joined.left_join(part, joined["who"] == part["who"], rname="{name}_again").drop("who_again")
    texts = {name: joined[name].cast("string").fill_null("") for name in FACTS}
    return tables.arrow(joined.select(who="who", **texts))


def _latest(table: ir.Table, column: str, order: Sequence[Any], kept: Mapping[str, Any]) -> ir.Table:
    """The first row of each value of `column` by `order`."""
    known = table.filter(table[column].notnull())
    place = ibis.row_number().over(ibis.window(group_by=column, order_by=list(order)))
    ranked = known.mutate(_place=place)
    first = ranked.filter(ranked["_place"] == 0)
    return first.select(who=first[column], **{name: make(first) for name, make in kept.items()})


def _latest_contact(tables: Tables, column: str) -> ir.Table:
    line = tables["timeline"]
    line = line.filter(line["kind"] == "interaction")
    order = (ibis.desc("at"), "source", "key")
    kept = {
        "contact_at": lambda t: t["at"],
        "contact_channel": lambda t: ibis.coalesce(t["channel"], t["touchpoint"]),
        "contact_text": lambda t: t["text"].substr(0, 120),
    }
    return _latest(line, column, order, kept)


def _open_case(tables: Tables, column: str) -> ir.Table:
    steps = tables["interactions"]
    steps = steps.filter(steps["case"].notnull() & steps["at"].notnull())
    place = ibis.row_number().over(ibis.window(group_by=["source", "case"], order_by=[ibis.desc("at"), "key"]))
    ranked = steps.mutate(_step=place)
    last = ranked.filter((ranked["_step"] == 0) & ranked["outcome"].lower().isin(OPEN))
    kept = {
        "case": lambda t: t["case"],
        "case_at": lambda t: t["at"],
        "case_text": lambda t: ibis.coalesce(t["topic"], t["step"]),
    }
    return _latest(last, column, (ibis.desc("at"), "source", "key"), kept)


def _latest_answer(tables: Tables, column: str, outcome: str | None) -> ir.Table:
    answers = tables["responses"]
    scores = answers.filter((answers["question"] == (outcome or "")) & answers["value"].notnull() & answers["at"].notnull())
    said = answers.filter((answers["kind"] == "text") & answers["text"].notnull())
    said = said.group_by(["source", "key"]).aggregate(_said=said["text"].min())
    joined = scores.left_join(said, ["source", "key"]).drop("source_right", "key_right")
    kept = {
        "answer_at": lambda t: t["at"],
        "answer_score": lambda t: t["value"],
        "answer_text": lambda t: t["_said"].re_replace(r"\s+", " ").substr(0, 160),
    }
    return _latest(joined, column, (ibis.desc("at"), "source", "key"), kept)


def _orders(tables: Tables, column: str) -> ir.Table:
    orders = tables["orders"]
    orders = orders.filter(orders[column].notnull())
    # Whole cents: a sum of decimals does not depend on the order in which threads add.
    counted = orders.group_by(column).aggregate(orders=orders.count(), revenue=orders["amount"].cast("decimal(18, 2)").sum())
    counted = counted.rename(who=column)
    last = _latest(
        orders, column, (ibis.desc("at"), "source", "key"), {"order_at": lambda t: t["at"], "order_text": lambda t: t["product"]}
    )
    return counted.left_join(last, counted["who"] == last["who"]).drop("who_right")


def _complaints(tables: Tables, column: str) -> ir.Table:
    names = tables["themes"].select(_theme="theme", _name="name")
    mentions = tables["mentions"]
    mentions = mentions.filter((mentions["sentiment"] == "negative") & mentions["person"].notnull())
    if column == "account":
        people = tables["people"].select(_person="person", account="account")
        mentions = mentions.join(people, mentions["person"] == people["_person"])
    counted = mentions.filter(mentions[column].notnull()).group_by([column, "theme"]).aggregate(n=lambda t: t.count())
    counted = counted.join(names, counted["theme"] == names["_theme"])
    place = ibis.row_number().over(ibis.window(group_by=column, order_by=[ibis.desc("n"), "theme"]))
    ranked = counted.mutate(_place=place)

    def nth(number: int, name: str) -> Any:
        return ranked[name].max(where=ranked["_place"] == number)

    return ranked.group_by(who=ranked[column]).aggregate(
        complaint=nth(0, "_name"),
        complaint_n=nth(0, "n"),
        complaint_second=nth(1, "_name"),
        complaint_second_n=nth(1, "n"),
    )
