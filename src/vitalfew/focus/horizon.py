"""The months planned, and the money there is by each of them."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Horizon:
    """`months` months from `first`, the first day of the month after the day the strategy is made for."""

    first: date
    months: int

    @staticmethod
    def after(today: date, months: int) -> Horizon:
        """The months planned after `today`.

        >>> Horizon.after(date(2026, 12, 5), 6).first
        datetime.date(2027, 1, 1)
        """
        return Horizon(_shifted(today, 1), months)

    def day(self, month: int) -> date:
        """First day of month `month`, counted from 0."""
        return _shifted(self.first, month)

    def last_day(self, month: int) -> date:
        """Last day of month `month`, counted from 0."""
        first = self.day(month)
        return first.replace(day=monthrange(first.year, first.month)[1])

    def position(self, day: date | None) -> int:
        """The first month that begins on `day` or later, from 0; 0 without a day."""
        if day is None or day <= self.first:
            return 0
        whole = (day.year - self.first.year) * 12 + day.month - self.first.month
        return whole + (day.day > 1)

    def quarter(self, month: int) -> str:
        """The quarter month `month` lies in, like 2026-Q3."""
        day = self.day(month)
        return f"{day.year}-Q{(day.month - 1) // 3 + 1}"

    def quarters(self) -> dict[str, list[int]]:
        """The months of each quarter, in order."""
        found: dict[str, list[int]] = {}
        for month in range(self.months):
            found.setdefault(self.quarter(month), []).append(month)
        return found

    def money(self, budget: Mapping[str, float]) -> tuple[float, ...]:
        """Money that may have been spent by the end of each month; infinite inside a quarter, and always when no budget is stated.

        What one quarter leaves is there in the next. Budgets of quarters outside the months planned do not count; a quarter that
        has begun keeps its whole budget; a quarter not named adds nothing.
        """
        allowed = [math.inf] * self.months
        if budget:
            total = 0.0
            for quarter, months in self.quarters().items():
                total += budget.get(quarter, 0.0)
                allowed[months[-1]] = total
        return tuple(allowed)


def _shifted(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
