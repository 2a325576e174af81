"""What each customer brings, what serving it costs, and what it may bring next year; and what a point of the outcome is worth.

The forecast is a first, plain method: customers who looked the same a year ago (how long since their last payment, bought once or
more often) show how many of their like came back and how much of their revenue they kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.evidence import Gap, Step, selection
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand import point_value
from vitalfew.understand.revenue import YEAR, customer_ids, days_before, moment, payments
from vitalfew.vocabulary import TABLES, arrow_table

# A cell of look-alikes smaller than this takes the figures of all cells together.
FEWEST_ALIKE = 20
_NAMES = TABLES["customers"].names


@dataclass(frozen=True)
class Cell:
    """Customers who looked alike a year ago: how many, the share that paid again, and next year's revenue over the year's own."""

    name: str
    n: int
    returned: float
    ratio: float


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """Tables customers (an expression), point_value and draws."""
    outputs, _ = compute_with_worth(tables, company, context)
    return outputs


def compute_with_worth(tables: Tables, company: Company, context: Context) -> tuple[Outputs, point_value.PointValue]:
    """As `compute`, and the value of a point itself, for promises."""
    context.progress("revenue and cost to serve of each customer")
    paid = payments(tables, company, context)
    customers = _customers(tables, company, context, paid)
    context.progress("what a point is worth")
    worth = point_value.measure(tables, company, context, paid)
    return Outputs.merged([customers, worth.outputs()]), worth


def _customers(tables: Tables, company: Company, context: Context, paid: ir.Table) -> Outputs:
    path = context.folder / "customers-facts.parquet"
    context.engine.write(_facts(tables, company, context, paid), path, ("id",))
    facts = context.engine.read(path)
    totals = context.engine.collect(
        facts.aggregate(
            n=facts.count(),
            paying=(facts.revenue > 0).cast("int64").sum(),
            minutes=exact_sum(facts.minutes),
            before=(facts.year_1 > 0).cast("int64").sum(),
        )
    ).to_pylist()[0]
    cells = _cells(facts, context) if totals["before"] else []
    gaps = _gaps(totals, company, bool(cells))
    if not totals["n"]:
        return Outputs({"customers": arrow_table("customers", [])}, gaps=gaps)
    steps = [
        Step("customers", selection("orders"), "orders of the last 12 months", n=tables.count("orders")),
        Step("customers", selection("interactions"), "handling time and direct cost", n=tables.count("interactions")),
    ]
    return Outputs({"customers": _finished(facts, cells, _latest_scores(tables, company), context)}, steps, gaps)


def _facts(tables: Tables, company: Company, context: Context, paid: ir.Table) -> ir.Table:
    """One row per customer: revenue year by year, when it last paid, its cost to serve."""
    parts = [_known(tables), _paid(paid, context), _served(tables, company, context)]
    union = ibis.union(*parts)
    sums = {name: exact_sum(union[name]) for name in ("revenue", "year_1", "year_2", "contribution", "cost_to_serve", "minutes")}
    return union.group_by("id").aggregate(
        kind=union.kind.min(),
        name=union.name.max(),
        orders=union.orders.sum(),
        times=union.times.sum(),
        times_then=union.times_then.sum(),
        last_paid=union.last_paid.max(),
        last_paid_then=union.last_paid_then.max(),
        **sums,
    )


_FACTS: dict[str, Any] = {
    **{"id": None, "kind": None, "name": ibis.null("string")},
    **{name: ibis.literal(0, "int64") for name in ("orders", "times", "times_then")},
    **{name: ibis.null("timestamp(6)") for name in ("last_paid", "last_paid_then")},
    **{name: ibis.literal(0.0) for name in ("revenue", "year_1", "year_2", "contribution", "cost_to_serve", "minutes")},
}


def _row(table: ir.Table, **given: Any) -> ir.Table:
    """`table` as rows of facts: what is not given is nothing."""
    made = table.select(**{**_FACTS, **given})
    return made.cast({name: made[name].type() if each is None else each.type() for name, each in _FACTS.items()})


def _known(tables: Tables) -> ir.Table:
    people, accounts = tables["people"], tables["accounts"]
    people = people.filter(~people.left_out.fill_null(False))
    owned = people.filter(people.person.notnull() | people.account.notnull())
    is_account = owned.account.notnull()
    from_people = _row(
        owned,
        id=ibis.coalesce(owned.account, owned.person),
        kind=ibis.ifelse(is_account, "account", "person"),
        name=ibis.ifelse(is_account, ibis.null("string"), owned.name),
    )
    named = accounts.filter(accounts.account.notnull())
    return from_people.union(_row(named, id=named.account, kind=ibis.literal("account"), name=named.name))


def _paid(paid: ir.Table, context: Context) -> ir.Table:
    starts = [moment(days_before(context.today, YEAR * years)) for years in (1, 2, 3)]
    at = paid["at"]
    this = at >= starts[0]
    last = (at >= starts[1]) & (at < starts[0])
    before = (at >= starts[2]) & (at < starts[1])
    return _row(
        paid,
        id=paid.customer,
        kind=paid.kind,
        revenue=ibis.ifelse(this, paid.amount, 0.0),
        year_1=ibis.ifelse(last, paid.amount, 0.0),
        year_2=ibis.ifelse(before, paid.amount, 0.0),
        contribution=ibis.ifelse(this, paid.contribution, 0.0),
        orders=ibis.ifelse(this, paid.purchase, 0),
        times=ibis.ifelse(this | last, 1, 0).cast("int64"),
        times_then=ibis.ifelse(last | before, 1, 0).cast("int64"),
        last_paid=at,
        last_paid_then=ibis.ifelse(at < starts[0], at, ibis.null("timestamp(6)")),
    )


def _served(tables: Tables, company: Company, context: Context) -> ir.Table:
    done = tables["interactions"]
    recent = done.filter(
        done["at"] >= moment(days_before(context.today, YEAR)),
        done["at"] < moment(days_before(context.today, 0)),
        done.minutes.notnull() | done.cost.notnull(),
    )
    named = customer_ids(tables, recent, ("group", "minutes", "cost"))
    minutes = named.minutes.fill_null(0.0)
    cost = minutes / 60.0 * hour_cost(named["group"], company) + named.cost.fill_null(0.0)
    return _row(named, id=named.customer, kind=named.kind, minutes=minutes, cost_to_serve=cost)


def hour_cost(group: Any, company: Company) -> Any:
    """The cost of an hour of the group named in a column, as an Ibis expression."""
    branches = [(group == each.name, company.hour_cost(each.name)) for each in company.group]
    mean = ibis.literal(company.hour_cost(""))
    return ibis.cases(*branches, else_=mean) if branches else mean


def _state(last_paid: Any, day: Any, revenue: Any, before: Any, times: Any) -> Any:
    """The cell a customer is in on a day: what it had paid by then, how long ago, how often."""
    days = last_paid.delta(day, unit="day").abs()
    often = ibis.ifelse(times > 1, "more often", "once")
    recency = ibis.cases((days <= 91, "3 months"), (days <= 182, "6 months"), else_="12 months")
    return ibis.cases(
        (revenue > 0, ibis.literal("last paid within ") + recency + ", paid " + often),
        (before > 0, ibis.literal("last paid more than a year ago")),
        else_=ibis.null("string"),
    )


def _cells(facts: ir.Table, context: Context) -> list[Cell]:
    """What became of the customers of a year ago, cell by cell; small cells take the figures of all."""
    then = moment(days_before(context.today, YEAR))
    own = ibis.ifelse(facts.year_1 > 0, facts.year_1, facts.year_2)
    seen = facts.mutate(cell=_state(facts.last_paid_then, then, facts.year_1, facts.year_2, facts.times_then), own=own)
    grouped = seen.filter(seen.cell.notnull()).group_by("cell")
    rows = context.engine.collect(
        grouped.aggregate(
            n=lambda each: each.count(),
            returned=lambda each: (each.revenue > 0).cast("int64").sum(),
            own=lambda each: exact_sum(each.own),
            next=lambda each: exact_sum(each.revenue),
        ).order_by("cell")
    ).to_pylist()
    enough = [row for row in rows if row["n"] >= FEWEST_ALIKE]
    n, returned, own_sum, next_sum = (float(sum(row[name] for row in rows)) for name in ("n", "returned", "own", "next"))
    if n < FEWEST_ALIKE or own_sum <= 0:
        return []
    cells = [Cell(row["cell"], row["n"], row["returned"] / row["n"], row["next"] / row["own"]) for row in enough if row["own"] > 0]
    return [*cells, Cell("", int(n), returned / n, next_sum / own_sum)]


def _finished(facts: ir.Table, cells: list[Cell], scores: ir.Table | None, context: Context) -> ir.Table:
    state = _state(facts.last_paid, moment(days_before(context.today, 0)), facts.revenue, facts.year_1, facts.times)
    missing = ibis.null("float64")
    kept: Any = missing
    returned: Any = missing
    if cells:
        overall = cells[-1]
        kept = _by_cell(state, {cell.name: cell.ratio for cell in cells[:-1]}, overall.ratio)
        returned = _by_cell(state, {cell.name: cell.returned for cell in cells[:-1]}, overall.returned)
    own = ibis.ifelse(facts.revenue > 0, facts.revenue, facts.year_1)
    paying = (facts.revenue > 0) | (facts.year_1 > 0)
    note = ibis.cases(
        (~paying, "no revenue in the last two years"),
        else_="" if cells else "no forecast: too few customers paid in the year before the last",
    )
    made = facts.mutate(
        revenue_before=facts.year_1,
        profit=facts.contribution - facts.cost_to_serve,
        expected_value=own * kept,
        risk=1.0 - returned,
        note=note,
    )
    if scores is not None:
        made = made.left_join(scores, made.id == scores.scored).drop("scored")
    absent = {"fit": missing, "influence": missing, "rising": ibis.null("boolean")}
    if scores is None:
        absent["score"] = missing
    return made.mutate(**absent).select(*_NAMES)


def _by_cell(state: Any, values: dict[str, float], overall: float) -> Any:
    branches = [(state.isnull(), ibis.null("float64"))]
    branches += [(state == name, ibis.literal(value)) for name, value in sorted(values.items())]
    return ibis.cases(*branches, else_=ibis.literal(overall))


def _latest_scores(tables: Tables, company: Company) -> ir.Table | None:
    """The latest outcome answer of each customer; the last by response id among those of one moment."""
    if not company.outcome:
        return None
    responses = tables["responses"]
    given = responses.filter(responses.question == company.outcome, responses.value.notnull(), ~responses.value.isnan())
    named = customer_ids(tables, given, ("at", "response", "choice", "value"))
    order = [ibis.desc(named["at"], nulls_first=False), ibis.desc(named.response), ibis.desc(named.value)]
    ranked = named.mutate(place=ibis.row_number().over(ibis.window(group_by=named.customer, order_by=order)))
    return ranked.filter(ranked.place == 0).select(scored="customer", score="value")


def _gaps(totals: dict[str, Any], company: Company, forecast: bool) -> list[Gap]:
    gaps = []
    if not totals["paying"]:
        gaps.append(
            Gap(
                "revenue per customer",
                "No payment of a known customer lies in the last 12 months.",
                "Orders, won deals or contracts.",
            )
        )
    elif not forecast:
        reason = "Too few customers paid in the year before the last, so nobody's return could be observed."
        gaps.append(Gap("expected value and risk", reason, "Payments of at least two years and 20 customers."))
    if not totals["minutes"]:
        gaps.append(
            Gap(
                "handling time per customer",
                "No interaction of a known customer has minutes.",
                "Handling time of tickets, calls or visits.",
            )
        )
    elif not company.hour_cost(""):
        gaps.append(Gap("cost to serve", "No group has an hour_cost, so minutes have no price.", "hour_cost in each [[group]]."))
    return gaps
