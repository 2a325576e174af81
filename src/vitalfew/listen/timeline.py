"""Every record at its person, its account and its order, and everything that happened in one order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from vitalfew.engine import Context
from vitalfew.listen import consent as consent_part
from vitalfew.listen import remarks as remark_part
from vitalfew.listen import segments as segment_part
from vitalfew.listen.ambiguity import refuse
from vitalfew.listen.mapped import Mapped
from vitalfew.listen.profiles import column, record_key
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import TABLES, arrow_table

_KINDS = {"text": "string", "whole": "int64", "number": "float64", "yes_no": "boolean", "time": "timestamp(6)", "date": "date"}


def attach(
    mapped: Sequence[Mapped],
    resolved: Mapping[str, pa.Table | ir.Table],
    company: Company,
    context: Context,
    remarks: Sequence[Mapping[str, Any]],
) -> Outputs:
    """Tables interactions, orders, order_lines, deals, contracts, responses, relations, employees, competitors, consents, left_out,
    people, segments, remarks, timeline.

    `resolved` is what `identity.resolve` wrote; `people` comes back with what each consented to. What those said and did who did
    not consent is in none of the tables; what the company's accounts need of it stands there without them (`consent`). `person` and
    `account` become resolved ids; an answer or interaction that names an order takes what it lacks from it, and an answer about a
    case from the case. Heavy tables are expressions over files in `context.folder`. Remarks found here are put with those given.
    Raises `faults.Refused` when an order's key stands in several sources and no `of` says in which.
    """
    return _Attaching(mapped, resolved, company, context).outputs(remarks)


@dataclass
class _Attaching:
    """The state of one attachment."""

    mapped: Sequence[Mapped]
    resolved: Mapping[str, pa.Table | ir.Table]
    company: Company
    context: Context

    def __post_init__(self) -> None:
        found = self.resolved["identities"]
        self.identities = self.context.engine.table(found) if isinstance(found, pa.Table) else found
        self.order_sources = sorted(each.source.name for each in self.mapped if each.source.table == "orders")
        self.made: dict[str, ir.Table] = {}
        self.gone: ir.Table | None = None

    def outputs(self, given: Sequence[Mapping[str, Any]]) -> Outputs:
        """All tables."""
        progress = self.context.progress
        sources = {each.source.table for each in self.mapped}
        for name in _IN_TURN:
            if name not in sources:
                self.made[name] = self.context.engine.table(TABLES[name].schema.empty_table())
                continue
            progress(f"giving {name} their people")
            self._write(name, self._grouped(name, self._ordered(name, self._union(name))))
        people, left_out, told = self._honour()
        self.made["segments"] = segment_part.attach(self.mapped, self.made, self.identities, self.context, self.gone)
        progress("putting everything on one timeline")
        self._write("timeline", self._timeline())
        found = remark_part.find(sources, self.made, self.identities, self.resolved["accounts"], self.context)
        rows = {(row["source"], row["column"], row["value"], row["remark"]): row for row in [*given, *told, *found]}
        small = {"people": self._with_answers(people), "left_out": left_out, "remarks": arrow_table("remarks", list(rows.values()))}
        return Outputs({**self.made, **small})

    def _honour(self) -> tuple[pa.Table, pa.Table, list[dict[str, Any]]]:
        """Leave out what people did not consent to: the tables people and left_out, and the remarks.

        Answers find their person through orders and cases, so this is done when every record has its own.
        """
        people = self._people()
        asked = any(each.source.table == "consents" for each in self.mapped) or self.company.consent.required
        if not asked and not self.company.consent.contact_required:
            columns = {name: people.column(name) for name in people.column_names}
            open_to_all = pa.repeat(pa.scalar(False), people.num_rows)
            return arrow_table("people", columns | {"left_out": open_to_all}), arrow_table("left_out", []), []
        self.context.progress("honouring what people consented to")
        self._write("consents", consent_part.judged(self.made["consents"]), "judged")
        found = consent_part.standing(self.made["consents"], people, self.company, self.context)
        counted: list[dict[str, Any]] = []
        if found.count:
            for name in (*consent_part.LEFT_OUT, *consent_part.WITHOUT_PERSON):
                each = consent_part.marked(name, self.made[name], found.out)
                rows = consent_part.counted(name, each, self.context)
                if rows:
                    self._write(name, consent_part.honoured(name, each), "kept")
                    counted += rows
            self.gone = found.out
        told = consent_part.remarks(counted, self.made["consents"], self.context)
        return found.people, arrow_table("left_out", counted), told

    def _with_answers(self, people: pa.Table) -> pa.Table:
        """The table people with how many surveys each answered."""
        answers = self.made["responses"]
        known = answers.filter(answers["person"].notnull()).select("person", "source", "key").distinct()
        counted = self.context.engine.collect(known.group_by("person").aggregate(n=lambda t: t.count()))
        place = pc.index_in(people.column("person"), value_set=counted.column("person").combine_chunks())
        found = pc.fill_null(counted.column("n").take(place), 0)
        # What those did who are not analysed is not known: nor is it that they never answered.
        left = pc.if_else(people.column("left_out"), pa.scalar(None, pa.int64()), found.cast(pa.int64()))
        columns = {name: people.column(name) for name in people.column_names}
        return arrow_table("people", columns | {"answers": left})

    def _people(self) -> pa.Table:
        people = self.resolved["people"]
        return people if isinstance(people, pa.Table) else self.context.engine.collect(people)

    def _write(self, name: str, expression: ir.Table, step: str = "") -> None:
        # A table that is made from what was written of it is written beside it.
        path = self.context.folder / (f"{name}-{step}.parquet" if step else f"{name}.parquet")
        self.context.engine.write(expression.select(*TABLES[name].names), path, TABLES[name].order)
        self.made[name] = self.context.engine.read(path)

    def _union(self, name: str) -> ir.Table:
        """All sources of one table under each other, with `_order_of`."""
        parts = [self._records(each) for each in self.mapped if each.source.table == name]
        together = ibis.union(*parts) if len(parts) > 1 else parts[0]
        if name == "employees":
            # An employee told by two sources is one row: the first's.
            place = ibis.row_number().over(ibis.window(group_by="employee", order_by=["source", "key"]))
            together = together.mutate(_place=place)
            together = together.filter(together["_place"] == 0).drop("_place")
        return together

    def _records(self, mapped: Mapped) -> ir.Table:
        table, records = TABLES[mapped.source.table], mapped.records
        made: dict[str, ir.Value] = {each.name: column(records, each.name, _KINDS[each.kind]) for each in table.columns}
        # What people said is kept byte for byte.
        for said in {"text"} & set(table.names) & set(records.columns):
            made[said] = records[said].cast("string")
        made["source"] = ibis.literal(mapped.source.name)
        made["key"] = record_key(mapped)
        if table.name == "responses":
            made["response"] = made["source"] + "#" + made["key"]
        made["_order_of"] = column(records, "_order_of").fill_null("")
        selected = records.select(**made)
        mine = self.identities.filter(self.identities["source"] == mapped.source.name)
        for name, suffix in _PEOPLE_COLUMNS.get(table.name, ()):
            ids = mine.select(_of=mine["key"], _person=mine["person"], _account=mine["account"])
            joined = selected.left_join(ids, selected["key"] + suffix == ids["_of"])
            changed = {name: joined["_person"]} | ({"account": joined["_account"]} if "account" in table.names else {})
            selected = joined.mutate(**changed).select(*selected.columns)
        return selected.select(*table.names, "_order_of")

    def _ordered(self, name: str, table: ir.Table) -> ir.Table:
        """Fill what a record lacks from the order, and then the case, it is about."""
        if name == "responses":
            table = table.mutate(order=self._reference(table, table["order"]))
            table = self._from_order(table, table["order"])
            table = self._from_case(table)
            table = table.mutate(weight=ibis.coalesce(table["weight"], table["_weight"], 1.0))
        elif name == "interactions":
            # An interaction has no order column: `of` on its order rule says that its case is an order's key.
            about = table["_order_of"] != ""
            table = table.mutate(case=ibis.ifelse(about, table["_order_of"] + "#" + table["case"], table["case"]))
            table = self._from_order(table, ibis.ifelse(table["_order_of"] != "", table["case"], ibis.literal(None, "string")))
        return table

    def _reference(self, table: ir.Table, raw: ir.StringValue) -> ir.Value:
        """`source#key` of the order a record names by its raw key."""
        stated = ibis.ifelse(table["_order_of"] != "", table["_order_of"] + "#" + raw, ibis.literal(None, "string"))
        if len(self.order_sources) <= 1:
            only = self.order_sources[0] if self.order_sources else ""
            return ibis.coalesce(stated, only + "#" + raw) if only else stated
        self._refuse_shared_orders(table)
        return ibis.coalesce(stated, *(self._in_source(raw, name) for name in self.order_sources))

    def _in_source(self, raw: ir.StringValue, name: str) -> ir.Value:
        orders = self.made["orders"]
        keys = orders.filter(orders["source"] == name)["key"]
        return ibis.ifelse(raw.isin(keys), name + "#" + raw, ibis.literal(None, "string"))

    def _refuse_shared_orders(self, table: ir.Table) -> None:
        orders = self.made["orders"]
        shared = orders.group_by("key").aggregate(sources=lambda t: t["source"].nunique()).filter(lambda t: t["sources"] > 1)
        asked = table.filter(table["_order_of"] == "").select("source", order="order").distinct()
        found = asked.join(shared, asked["order"] == shared["key"]).group_by("source").aggregate(key=lambda t: t["order"].min())
        rows = self.context.engine.collect(found.order_by("source")).to_pylist()
        refuse(self.mapped, self.context, "order", {row["source"]: (row["key"], self.order_sources) for row in rows})

    def _from_order(self, table: ir.Table, reference: ir.Value) -> ir.Table:
        # Orders have one row for each source and key, so the join adds no rows.
        orders = self.made["orders"]
        each = orders.select(
            _of=orders["source"] + "#" + orders["key"],
            _person=orders["person"],
            _account=orders["account"],
            _weight=orders["weight"],
        )
        joined = table.mutate(_about=reference)
        joined = joined.left_join(each, joined["_about"] == each["_of"])
        # The account of the order only with its person: a record's own person may work elsewhere.
        takes = joined["person"].isnull() | (joined["person"] == joined["_person"])
        filled = joined.mutate(
            account=ibis.coalesce(joined["account"], ibis.ifelse(takes, joined["_account"], ibis.literal(None, "string"))),
            person=ibis.coalesce(joined["person"], joined["_person"]),
        )
        return filled.select(*table.columns, "_weight")

    def _from_case(self, table: ir.Table) -> ir.Table:
        steps = self.made["interactions"]
        known = steps.filter(steps["case"].notnull())
        cases = known.group_by("case").aggregate(
            _person=known["person"].min(),
            _account=known["account"].min(),
            _people=known["person"].nunique(),
            _accounts=known["account"].nunique(),
        )
        cases = cases.rename(_of="case")
        joined = table.left_join(cases, table["case"] == cases["_of"])
        none = ibis.literal(None, "string")
        person = ibis.ifelse(joined["_people"] == 1, joined["_person"], none)
        account = ibis.ifelse((joined["_accounts"] == 1) & joined["person"].isnull(), joined["_account"], none)
        filled = joined.mutate(person=ibis.coalesce(joined["person"], person), account=ibis.coalesce(joined["account"], account))
        return filled.select(*table.columns)

    def _grouped(self, name: str, table: ir.Table) -> ir.Table:
        """Give a record its employee's work group where it has none of its own."""
        if name == "employees" or not {"employee", "group"} <= set(TABLES[name].names):
            return table
        employees = self.made["employees"].select(_employee="employee", _group="group")
        joined = table.left_join(employees, table["employee"] == employees["_employee"])
        return joined.mutate(group=ibis.coalesce(joined["group"], joined["_group"])).select(*table.columns)

    def _timeline(self) -> ir.Table:
        made = self.made
        orders, steps, deals, contracts = made["orders"], made["interactions"], made["deals"], made["contracts"]
        said = made["responses"].filter(made["responses"]["kind"] == "text")
        said = said.group_by(["source", "key"]).aggregate(_said=said["text"].min())
        scored = made["responses"].filter(made["responses"]["question"] == self.company.outcome)
        scored = scored.group_by(["source", "key"]).aggregate(_score=scored["value"].max())
        carried = ("at", "person", "account", "touchpoint", "channel", "group", "employee")
        given = made["responses"].group_by(["source", "key"]).aggregate(**{each: _minimum(each) for each in carried})
        given = given.left_join(said, ["source", "key"]).drop("source_right", "key_right")
        given = given.left_join(scored, ["source", "key"]).drop("source_right", "key_right")
        decided = deals.mutate(_when=ibis.coalesce(deals["closed_at"], deals["at"]), _what=_line(deals, "product", "outcome"))
        # A step that is called like its topic is said once.
        said_once = steps.mutate(step=steps["step"].nullif(steps["topic"]))
        named, begun = _line(said_once, "topic", "step", "outcome"), contracts["start_at"].cast("timestamp(6)")
        parts = [
            _event(orders, "order", orders["at"], "purchase", _line(orders, "product", "status"), orders["amount"]),
            _event(orders, "delivery", orders["delivered_at"], "purchase", _line(orders, "product", "status"), None),
            _event(said_once, "interaction", said_once["at"], None, ibis.coalesce(named, said_once["text"]), said_once["minutes"]),
            _event(given, "answer", given["at"], None, given["_said"], given["_score"]),
            _event(contracts, "contract", begun, "purchase", _line(contracts, "product", "status"), contracts["amount"]),
            _event(decided, "deal", decided["_when"], "compare", decided["_what"], decided["amount"]),
        ]
        together = ibis.union(*parts)
        return together.filter(together["at"].notnull())


_IN_TURN = (
    *("employees", "competitors", "consents", "relations", "order_lines", "orders", "contracts", "deals"),
    *("interactions", "responses"),
)
"""Employees and orders first, for others take from them; answers last, for they also take from cases."""

_PEOPLE_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(("interactions", "orders", "deals", "contracts", "responses", "consents"), (("person", ""),)),
    "relations": (("from", "/from"), ("to", "/to")),
}
"""The columns that become persons, and what follows the record's key in identities where a record names several."""


def _minimum(name: str) -> Any:
    return lambda table: table[name].min()


def _line(table: ir.Table, *names: str) -> ir.Value:
    """Some columns in one line, null when all are."""
    made = ibis.literal(", ").join([table[name].fill_null("") for name in names])
    return made.re_replace("(, )+", ", ").re_replace("^, |, $", "").nullif("")


def _event(table: ir.Table, kind: str, at: ir.Value, stage: str | None, text: ir.Value, value: ir.Value | None) -> ir.Table:
    def own(name: str) -> ir.Value:
        return table[name] if name in table.columns else ibis.literal(None, "string")

    # A deal's own stage is a stage of selling, not of the journey.
    journey = table["stage"] if stage is None and "stage" in table.columns else ibis.literal(stage, "string")
    columns = {
        "at": at,
        "person": own("person"),
        "account": own("account"),
        "stage": journey,
        "touchpoint": own("touchpoint"),
        "channel": own("channel"),
        "device": own("device"),
        "group": own("group"),
        "employee": own("employee"),
        "kind": ibis.literal(kind),
        "text": text.re_replace(r"\s+", " ").substr(0, 300),
        "value": ibis.literal(None, "float64") if value is None else value.cast("float64"),
        "source": table["source"],
        "key": table["key"],
    }
    return table.select(**columns)
