"""What each customer paid, when, and what was left of it: one row per payment, whichever table it was read from.

A customer is the account where the person has one, else the person: a company with accounts is judged account by account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Context, Tables
from vitalfew.settings import Company

YEAR = 365
# Orders of these states brought no money in. Other words for it are mapped in company.toml by an SQL expression over the status.
NOT_PAID = ("canceled", "cancelled", "refunded", "returned", "unavailable", "void")
# Parts of a union must agree in type to the bit.
PAYMENT = {
    **{"customer": "string", "kind": "string", "at": "timestamp(6)"},
    **{"amount": "float64", "contribution": "float64", "weight": "float64", "purchase": "int64"},
}
# Contracts without a first day are taken to have begun this many years before the day of the strategy.
OPEN_START_YEARS = 3


def days_before(today: date, days: int) -> datetime:
    """The first moment of the day after `today`, less `days`: [days_before(t, 365), days_before(t, 0)) is the year to `today`."""
    return datetime.combine(today + timedelta(days=1), time()) - timedelta(days=days)


def moment(value: datetime) -> Any:
    """A time as an Ibis literal, comparable with the vocabulary's time columns."""
    return ibis.literal(value, "timestamp(6)")


def customer_ids(tables: Tables, table: ir.Table, columns: Sequence[str]) -> ir.Table:
    """`columns` of `table` with `customer` and `kind`, for the records that are somebody's.

    `customer` is the record's account, else the account of its person, else its person; `kind` says which: account or person.
    """
    people = tables["people"].filter(lambda each: each.person.notnull() & each.account.notnull()).select("person", home="account")
    homes = people.group_by("person").aggregate(home=people.home.min())
    kept = table.select("person", "account", *columns)
    joined = kept.left_join(homes, kept.person == homes.person)
    account = ibis.coalesce(joined.account, joined.home)
    named = joined.select(
        *(joined[name] for name in columns),
        customer=ibis.coalesce(account, joined.person),
        kind=ibis.ifelse(account.notnull(), "account", "person"),
    )
    return named.filter(named.customer.notnull())


def payments(tables: Tables, company: Company, context: Context) -> ir.Table:
    """One row per payment up to today, written once and read back.

    Columns: customer, kind (account or person), at, amount (money), contribution (what is left after cost of goods), weight (how
    many payments it stands for), purchase (1 for an order, else 0). Orders count by their amount, else by the sum of their lines
    with freight; won deals count only where no order has an amount; contracts are paid in twelfths each month they run.
    """
    orders = _orders(tables, company)
    written = context.folder / "payments-orders.parquet"
    found = context.engine.write(orders, written, ("customer", "at", "amount", "contribution", "weight"))
    parts = [context.engine.read(written)]
    if not found:
        parts.append(_deals(tables, company))
    parts.append(_contracts(tables, company, context.today))
    together = ibis.union(*(part.cast(PAYMENT) for part in parts))
    path = context.folder / "payments.parquet"
    context.engine.write(
        together.filter(together["at"] < moment(days_before(context.today, 0))),
        path,
        ("customer", "at", "amount", "contribution", "weight", "purchase"),
    )
    return context.engine.read(path)


def _orders(tables: Tables, company: Company) -> ir.Table:
    orders = tables["orders"]
    lines = tables["order_lines"]
    # Through decimals, so that the sum does not depend on the order of threads.
    worth = (lines.amount.fill_null(0.0) + lines.freight.fill_null(0.0)).cast("decimal(38, 6)")
    sums = lines.filter(lines["order"].notnull()).group_by(ref="order").aggregate(lines_amount=worth.sum().cast("float64"))
    named = orders.mutate(ref=orders.source + "#" + orders.key)
    once = orders.group_by("key").aggregate(times=orders.count())
    # A line names its order as source#key once it is resolved, or by the bare key, which must then be the key of one order only.
    bare = named.left_join(once, named.key == once.key).drop("key_right")
    by_ref = bare.left_join(sums, bare.ref == sums.ref).drop("ref_right").rename(by_ref="lines_amount")
    again = sums.select(bare_ref="ref", by_key="lines_amount")
    both = by_ref.left_join(again, (by_ref.key == again.bare_ref) & (by_ref.times == 1))
    full = both.mutate(
        paid=ibis.coalesce(both.amount, both.by_ref, both.by_key),
        weight=both.weight.fill_null(1.0),
    )
    due = full.filter(full.paid.notnull(), full["at"].notnull(), ~full.status.fill_null("").lower().strip().isin(NOT_PAID))
    made = due.mutate(contribution=ibis.ifelse(due.cost.notnull(), due.paid - due.cost, due.paid * company.company.margin))
    named_again = customer_ids(tables, made, ("at", "paid", "contribution", "weight"))
    return named_again.select(
        "customer", "kind", "at", amount="paid", contribution="contribution", weight="weight", purchase=ibis.literal(1, "int64")
    )


def _deals(tables: Tables, company: Company) -> ir.Table:
    deals = tables["deals"].mutate(paid_at=lambda each: ibis.coalesce(each.closed_at, each["at"]))
    won = deals.filter(deals.outcome.lower() == "won", deals.amount.notnull(), deals.paid_at.notnull())
    named = customer_ids(tables, won, ("paid_at", "amount"))
    return _plain(named, "paid_at", named.amount, company.company.margin, 1)


def _contracts(tables: Tables, company: Company, today: date) -> ir.Table:
    contracts = tables["contracts"].filter(lambda each: each.amount.notnull())
    last = ibis.literal(today, "date")
    opened = ibis.literal(today - timedelta(days=YEAR * OPEN_START_YEARS), "date")
    ranged = contracts.mutate(
        first=ibis.coalesce(contracts.start_at, opened).cast("timestamp(6)"),
        stop=ibis.least(ibis.coalesce(contracts.end_at, last), last).cast("timestamp(6)") + ibis.interval(days=1),
    )
    months = ibis.range(ranged.first, ranged.stop, ibis.interval(months=1))
    paid = ranged.mutate(paid_at=months.unnest()).mutate(paid_at=lambda each: each.paid_at.cast("timestamp(6)"))
    named = customer_ids(tables, paid, ("paid_at", "amount"))
    return _plain(named, "paid_at", named.amount / 12.0, company.company.margin, 0)


def _plain(named: ir.Table, at: str, amount: Any, margin: float, purchase: int) -> ir.Table:
    return named.select(
        "customer",
        "kind",
        at=named[at],
        amount=amount,
        contribution=amount * margin,
        weight=ibis.literal(1.0, "float64"),
        purchase=ibis.literal(purchase, "int64"),
    )
