"""What one point of the outcome is worth: how much more of their revenue the customers keep who score one point higher."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.numerics import draws
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand.revenue import YEAR, customer_ids, days_before, moment
from vitalfew.understand.sums import per_draw, ratio
from vitalfew.vocabulary import arrow_table

# An answer counts when at least this much of the year after it has passed; before and after are then equally long.
SHORTEST_DAYS = 300
FEWEST = 50
# A customer who pays twenty times as much as before says nothing about a point of loyalty.
HIGHEST_RATIO = 5.0
QUANTITY = "revenue_share"


@dataclass(frozen=True)
class PointValue:
    """Change of next year's revenue for one outcome point, as a share of this year's revenue.

    `basis` is measured, stated in company.toml, or none; `value`, `low`, `high` are None where there is none. `draws` has shape
    (number of draws,), empty when basis is none. `revenue` is the yearly revenue of all customers.
    """

    outcome: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    revenue: float
    basis: str
    note: str
    draws: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def claim(self) -> str:
        """The id of the claim."""
        return claim_id("point_value", self.outcome)

    def outputs(self) -> Outputs:
        """Tables point_value and draws, with the evidence, or the gap, behind them."""
        if not self.outcome:
            return Outputs({"point_value": arrow_table("point_value", []), "draws": arrow_table("draws", [])}, gaps=[_no_outcome()])
        row = {
            **{"outcome": self.outcome, "revenue_share": self.value, "low": self.low, "high": self.high, "n": self.n},
            **{"revenue": self.revenue, "basis": self.basis, "note": self.note},
        }
        table = {"claim": [self.claim] * len(self.draws), "quantity": [QUANTITY] * len(self.draws)}
        numbered = arrow_table("draws", {**table, "draw": np.arange(len(self.draws)), "value": self.draws})
        steps = [Step(self.claim, selection("responses", question=self.outcome), "answers it was measured on", n=self.n)]
        if self.revenue:
            steps.append(Step(self.claim, selection("customers"), "revenue before and after the answers"))
        gaps = [] if self.basis == "measured" else [Gap(f"value of a point of {self.outcome}", self.note, _WANTED)]
        return Outputs({"point_value": arrow_table("point_value", [row]), "draws": numbered}, steps, gaps)


_WANTED = (
    "Orders, contracts or won deals of the customers who answered, for a year before and at least ten months after their answers;"
    " or value_of_point in [company]."
)


def _no_outcome() -> Gap:
    return Gap(
        "value of a point",
        "No question is marked as the outcome and none is an nps question.",
        "A survey question with outcome = true, e.g. would you recommend us.",
    )


def measure(tables: Tables, company: Company, context: Context, payments: ir.Table) -> PointValue:
    """The value of a point of `company.outcome`, measured on `payments` (see revenue.payments), else stated, else none.

    Each customer and quarter in which it answered gives its mean score x, and y = revenue in the year after the last of these
    answers over revenue in the year before (at most 5); b = slope of y on x, each weighted by the revenue before. It is kept when
    there are 50 customers or more, b > 0 and its 95 % interval begins above -b.
    """
    revenue = _revenue(payments, context)
    outcome = company.outcome
    if not outcome:
        return PointValue("", None, None, None, 0, revenue, "none", "no outcome question")
    table = context.engine.collect(_moments(tables, outcome, context, payments))
    ids = table.column("customer").to_numpy(zero_copy_only=False)
    moments = np.column_stack([table.column(name).to_numpy(zero_copy_only=False).astype(float) for name in _SUMS])
    n = len(ids)
    if n < FEWEST:
        asked = "No customer has" if n == 0 else f"Only {n} customers have"
        reason = f"{asked} revenue in the year before an answer that was given at least ten months ago; {FEWEST} are needed."
        return _stated(company, n, revenue, reason)
    value = float(slope(moments.sum(axis=0)[None, :])[0])
    drawn = slope(per_draw(ids, moments, company.company.draws, context.seed))
    low, high = draws.interval(drawn)
    if not np.isfinite(value) or not np.isfinite(drawn).all():
        return _stated(company, n, revenue, "All customers who answered gave the same score, so it cannot tell who comes back.")
    said = f"{100 * value:.2g} % of a year's revenue ({100 * low:.2g} to {100 * high:.2g} %)"
    if value <= 0 or low <= -value:
        return _stated(
            company, n, revenue, f"Measured on {n} customers, a point goes with {said}: that cannot be told from nothing."
        )
    caution = " The interval reaches 0: it may be worth nothing." if low <= 0 else ""
    note = f"Association of score and revenue a year later over {n} customers; no comparison group.{caution}"
    return PointValue(outcome, value, low, high, n, revenue, "measured", note, drawn)


def slope(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted least-squares slope from sums (m, 5) of w, wx, wy, wxx and wxy; NaN where x does not vary. Shape (m,)."""
    w, wx, wy, wxx, wxy = sums.T
    spread = w * wxx - wx * wx
    made: NDArray[np.float64] = ratio(w * wxy - wx * wy, np.where(spread > 1e-9 * w * wxx, spread, 0.0))
    return made


def _stated(company: Company, n: int, revenue: float, reason: str) -> PointValue:
    stated = company.company.value_of_point
    if stated is None:
        return PointValue(company.outcome, None, None, None, n, revenue, "none", reason)
    note = f"{reason} {stated:g} is what company.toml says: no interval."
    drawn = np.full(company.company.draws, float(stated))
    return PointValue(company.outcome, float(stated), None, None, n, revenue, "stated in company.toml", note, drawn)


def _revenue(payments: ir.Table, context: Context) -> float:
    """Revenue of the last 12 months, a sampled payment counting for all it stands for."""
    recent = payments.filter(payments["at"] >= moment(days_before(context.today, YEAR)))
    total = context.engine.collect(recent.aggregate(total=exact_sum(recent.amount * recent.weight)))
    return float(total.column("total")[0].as_py() or 0.0)


_SUMS = ("w", "wx", "wy", "wxx", "wxy")


def _moments(tables: Tables, outcome: str, context: Context, payments: ir.Table) -> ir.Table:
    """Per customer the sums of its observations (one per quarter in which it answered): w, wx, wy, wxx, wxy; in order."""
    end = days_before(context.today, 0)
    responses = tables["responses"]
    usable = responses.filter(
        responses.question == outcome,
        responses.value.notnull(),
        ~responses.value.isnan(),
        responses["at"] < moment(end - timedelta(days=SHORTEST_DAYS)),
    )
    named = customer_ids(tables, usable, ("at", "value"))
    quarters = named.group_by("customer", quarter=named["at"].truncate("Q")).aggregate(
        answered=named["at"].max(), x=exact_sum(named.value) / named.value.count()
    )
    # Both sides are as long as the time that has passed since the answer, a year at most.
    length = ibis.least(ibis.literal(YEAR), quarters.answered.delta(moment(end), unit="day").abs())
    framed = quarters.mutate(
        begins=quarters.answered - length.as_interval("D"),
        ends=quarters.answered + length.as_interval("D"),
    )
    paid = payments.select(payer="customer", at="at", amount="amount")
    joined = framed.join(paid, (framed.customer == paid.payer) & (paid["at"] >= framed.begins) & (paid["at"] < framed.ends))
    before: Any = ibis.ifelse(joined["at"] < joined.answered, joined.amount, 0.0)
    after: Any = ibis.ifelse(joined["at"] >= joined.answered, joined.amount, 0.0)
    observed = joined.group_by("customer", "quarter", "x").aggregate(w=exact_sum(before), after=exact_sum(after))
    known = observed.filter(observed.w > 0)
    y = ibis.greatest(ibis.least(known.after / known.w, HIGHEST_RATIO), 0.0)
    terms = known.select(
        "customer", "w", wx=known.w * known.x, wy=known.w * y, wxx=known.w * known.x * known.x, wxy=known.w * known.x * y
    )
    return terms.group_by("customer").aggregate(**{name: exact_sum(terms[name]) for name in _SUMS}).order_by("customer")
