"""What the documents show, taken once from the tables: small tables as rows, heavy ones reduced in the engine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis
import numpy as np

from vitalfew.documents import words
from vitalfew.engine import Tables
from vitalfew.settings import Company, slug
from vitalfew.vocabulary import NOT_ASSIGNED, TABLES

Row = dict[str, Any]
MOST_ROWS = 50
SMALL = (
    "sources",
    "remarks",
    "deliveries",
    "drivers",
    "levels",
    "themes",
    "expectations",
    "point_value",
    "paths",
    "issues",
    "causes",
    "initiatives",
    "portfolio",
    "frontier",
    "resources",
    "roadmap",
    "one_pages",
    "raci",
    "risks",
    "actions",
    "benefits",
    "effects",
    "not_computed",
)


# Columns with sentences of other rooms.
OUR_WORDS = (
    *(("initiatives", "reason"), ("portfolio", "rules"), ("portfolio", "note"), ("issues", "note"), ("one_pages", "text")),
    *(("risks", "because"), ("risks", "leading_to"), ("risks", "action"), ("risks", "trigger"), ("effects", "note")),
)


def owned(issue: Mapping[str, Any]) -> bool:
    """Whether a work group owns the issue."""
    return issue["group"] not in (None, "", NOT_ASSIGNED)


def _costliest(issue: Row) -> tuple[float, float, int, str]:
    return -(issue["value"] or 0.0), -(issue["points"] or 0.0), -(issue["n_people"] or 0), issue["issue"]


def heard(statement: str | None) -> tuple[str, list[tuple[str, str]]]:
    """An expectation as a phrase, and customers' words that show it met or missed.

    >>> heard("Easy ordering: met, customers say “quick”; missed, “error 500”")
    ('Easy ordering', [('Met', 'quick'), ('Missed', 'error 500')])
    """
    line = (statement or "").strip()
    found = [(kind.capitalize(), said) for kind, said in re.findall(r"\b(met|missed), (?:customers say )?“([^”]*)”", line)]
    return (re.split(r": (?=met, |missed, )", line)[0] if found else line), found


def clean(row: Mapping[str, Any]) -> Row:
    """A row in which numbers that are no numbers are missing."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}


def rows(tables: Tables, name: str) -> list[Row]:
    """Every row of a small table, in the vocabulary's order."""
    return [clean(row) for row in tables.rows(tables[name].order_by(list(TABLES[name].order)))]


@dataclass(frozen=True)
class Book:
    """Everything the pages, the PDF and the ten lines need.

    `small` holds the tables of SMALL by name; `metrics`, `promises`, `journey` hold their rows over all customers and their cuts;
    `customers` the largest by revenue; `whale` the running share of profit at each hundredth of customers, most profitable first.
    """

    company: Company
    today: date
    small: Mapping[str, list[Row]]
    metrics: list[Row]
    promises: list[Row]
    journey: list[Row]
    customers: list[Row]
    losing: list[Row]
    customers_counted: int
    whale: list[Row]
    quarantine: list[Row]
    quarantined: int
    groups: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[Row]:
        return self.small[name]

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.company.company.currency

    def money(self, value: float | None) -> str:
        """An amount in the company's currency."""
        return words.money(value, self.currency)

    def label(self, question: str | None) -> str:
        """What readers see instead of a question's name."""
        asked = self.company.questions.get(question or "")
        if asked is not None:
            return asked.label or asked.driver or (question or "").replace("_", " ").capitalize()
        return (question or "").replace("_", " ").capitalize()

    @property
    def headline(self) -> Row | None:
        """The outcome over all customers and all time, NPS before the mean; None when it was not asked."""
        return next(iter(self.series("all")), None)

    def series(self, period: str = "") -> list[Row]:
        """The outcome's rows over all customers: of `period`, or of every period but `all`."""
        outcome = self.company.outcome
        for statistic in ("nps", "mean", "top2", "share", "rate"):
            found = [
                row
                for row in self.metrics
                if row["question"] == outcome and row["statistic"] == statistic and row["segment"] == "all"
                if (row["period"] == period if period else row["period"] != "all")
            ]
            if found:
                return found
        return []

    @property
    def in_points(self) -> bool:
        """Whether the choice was made in outcome points because there is no money."""
        return any("point" in (row["objective"] or "") for row in self["portfolio"])

    def worth(self, value: float | None, low: float | None = None, high: float | None = None, note: str | None = None) -> str:
        """What an initiative or a plan is worth: money, or points of the outcome when there is no money."""
        if self.in_points and value is not None:
            return self.points_of(self.company.outcome, value, low, high)
        return words.figure(value, low, high, None, self.money, note if value is None else None)

    def worth_of(self, initiative: Row) -> str:
        """What an initiative is worth, or why that is not known."""
        unknown = None if initiative["acts_on"] else "it names no issue it removes"
        return self.worth(
            initiative["value"], initiative["low"], initiative["high"], unknown or "the issues it removes have no value"
        )

    def stake(self, issue: Row) -> str:
        """What an issue costs: money a year, else points of the outcome, else why neither is known; with n."""
        if issue["value"] is None and issue["points"] is not None:
            lost = self.points_of(issue["outcome"], issue["points"], issue["points_low"], issue["points_high"])
            return f"{lost}, n = {words.number(issue['n_people'], 0)}"
        return words.figure(issue["value"], issue["low"], issue["high"], issue["n_people"], self.money, issue["note"])

    @property
    def chosen(self) -> list[Row]:
        """The initiatives of the plan, first to start first, then by value."""
        found = [row for row in self["initiatives"] if row["chosen"]]
        return sorted(found, key=lambda row: (row["start"] or date.max, -(row["value"] or 0.0), row["initiative"]))

    @property
    def not_chosen(self) -> list[Row]:
        """The candidates left out, the most valuable first."""
        found = [row for row in self["initiatives"] if not row["chosen"]]
        return sorted(found, key=lambda row: (-(row["value"] or 0.0), row["initiative"]))

    @property
    def first(self) -> Row | None:
        """What to do first: of the chosen that start in the first month, the most valuable."""
        return self.chosen[0] if self.chosen else None

    def issues_of(self, group: str) -> list[Row]:
        """A group's issues by rank."""
        return sorted((row for row in self["issues"] if row["group"] == group), key=lambda row: (row["rank"] or 999, row["issue"]))

    def top_issues(self) -> list[Row]:
        """The top two issues of each group, the costliest first."""
        return sorted((row for row in self["issues"] if row["top"] and owned(row)), key=_costliest)

    def other_issues(self) -> list[Row]:
        """The issues of the groups that are not among their top two, the costliest first."""
        return sorted((row for row in self["issues"] if not row["top"] and owned(row)), key=_costliest)

    def unowned_issues(self) -> list[Row]:
        """The issues that no work group owns, the costliest first."""
        return sorted((row for row in self["issues"] if not owned(row)), key=_costliest)

    def loses(self, row: Row, cost: str = "cost") -> bool:
        """Whether an initiative (or the plan, with `cost` = "used") costs more money than it brings within the plan."""
        return not self.in_points and row["value"] is not None and (row[cost] or 0.0) > row["value"]

    def loss(self, row: Row, cost: str = "cost") -> str:
        """How much more it costs than it brings, as a clause; '' when it does not."""
        if not self.loses(row, cost):
            return ""
        at_most = row["high"] is not None and row["high"] < row[cost]
        brings = f"at most {self.money(row['high'])}" if at_most else f"{self.money(row['value'])} on average"
        return f"costs more than it brings within the plan: {self.money(row[cost])} against {brings}"

    def is_share(self, question: str | None) -> bool:
        """Whether an outcome is a share of customers, so that its points are percentage points."""
        asked = self.company.questions.get(question or "")
        return asked is not None and asked.kind == "yes_no"

    def points_of(self, question: str | None, value: float | None, low: float | None = None, high: float | None = None) -> str:
        """Points of an outcome with their interval and unit."""
        if value is None:
            return words.NOT_COMPUTED
        times, unit = (100.0, "percentage points") if self.is_share(question) else (1.0, "points")
        ends = [None if end is None else end * times for end in (low, high)]
        return f"{words.figure(value * times, ends[0], ends[1])} {unit} of {self.label(question)}"

    def issue(self, found: str) -> Row | None:
        """The issue with this id."""
        return next((row for row in self["issues"] if row["issue"] == found), None)

    def acts_on(self, initiative: Row) -> list[Row]:
        """The issues an initiative removes, the costliest first."""
        ids = [each.strip() for each in (initiative["acts_on"] or "").split(";")]
        found = [row for row in map(self.issue, ids) if row is not None]
        return sorted(found, key=lambda row: (-(row["value"] or 0.0), row["issue"]))

    def owner(self, initiative: Row) -> str:
        """Who answers for an initiative: as authored, else the A of its RACI row, else the group's lead."""
        authored = next((each.owner for each in self.company.initiative if slug(each.name) == slug(initiative["name"] or "")), "")
        names = (initiative["name"], initiative["initiative"])
        accountable = next((row["role"] for row in self["raci"] if row["work"] in names and row["letter"] == "A"), "")
        lead = next((each.lead for each in self.company.group if each.name == initiative["group"]), "")
        return authored or accountable or lead or "an owner to be named"

    def limits_used(self) -> list[Row]:
        """Each limited resource over the whole plan: used, limit, share, and its fullest month."""
        found: list[Row] = []
        plan = next(iter(self["portfolio"]), None)
        for name in dict.fromkeys(row["resource"] for row in self["resources"]):
            months = [row for row in self["resources"] if row["resource"] == name and row["limit"]]
            if not months:
                continue
            used, limit = sum(row["used"] or 0.0 for row in months), sum(row["limit"] for row in months)
            if months[0]["unit"] == "money" and plan is not None and plan["budget"]:
                # What a quarter leaves counts again in the next, so the quarters' limits add up to more than there is.
                limit = plan["budget"]
            peak = max(months, key=lambda row: (row["used"] or 0.0) / row["limit"])
            is_money = peak["unit"] == "money"
            form = self.money if is_money else words.number
            made = {"resource": words.sentence(name)[:-1], "used": form(used), "limit": form(limit), "share": used / limit}
            made["limit"] += "" if is_money else f" {peak['unit']}"
            found.append({**made, "month": peak["month"], "peak": (peak["used"] or 0.0) / peak["limit"]})
        return found

    def change(self) -> tuple[Row, Row, float, float, float] | None:
        """The last two periods of the outcome and their difference with its interval.

        The interval is MOVER's (Zou & Donner 2008, "Construction of confidence limits about effect measures", Statistics in
        Medicine 27), from the two intervals shown, taking the periods as independent.
        """
        found = [row for row in self.series() if all(row[name] is not None for name in ("value", "low", "high"))]
        if len(found) < 2:
            return None
        before, after = sorted(found, key=lambda row: row["period"])[-2:]
        difference = after["value"] - before["value"]
        low = difference - math.hypot(after["value"] - after["low"], before["high"] - before["value"])
        high = difference + math.hypot(after["high"] - after["value"], before["value"] - before["low"])
        return before, after, difference, low, high


def gather(tables: Tables, company: Company, today: date) -> Book:
    """Take from the tables what the documents show."""
    small = {name: rows(tables, name) for name in SMALL}
    signs(small, company.company.currency)
    quarantine = tables["quarantine"]
    largest, losing, whale = _customers(tables)
    return Book(
        company=company,
        today=today,
        small=small,
        metrics=_metrics(tables),
        promises=rows(tables, "promises"),
        journey=_journey(tables),
        customers=largest,
        losing=losing,
        customers_counted=tables.count("customers"),
        whale=whale,
        quarantine=[clean(row) for row in tables.rows(quarantine.order_by(list(TABLES["quarantine"].order)).limit(MOST_ROWS))],
        quarantined=tables.count("quarantine"),
        groups=group_files(company, small),
    )


def signs(small: Mapping[str, list[Row]], currency: str) -> None:
    """Sentences of other rooms name the currency by its code and days by number; people read a sign and a month.

    Customers' words stay as they are.
    """
    for table, column in OUR_WORDS:
        for row in small[table]:
            if row[column] and row.get("section") != "vital few":
                row[column] = words.plainly(row[column], currency)


def _metrics(tables: Tables) -> list[Row]:
    table = tables["metrics"]
    broad = table.filter((table["segment"] == "all") | (table["period"] == "all"))
    whole = ((table["segment"] == "all") & (table["period"] == "all")).ifelse(0, 1)
    return [clean(row) for row in tables.rows(broad.order_by([whole, *TABLES["metrics"].order]).limit(5000))]


def _journey(tables: Tables) -> list[Row]:
    table = tables["journey"]
    order = [ibis.desc("cases"), *TABLES["journey"].order]
    return [clean(row) for row in tables.rows(table.order_by(order).limit(400))]


def _customers(tables: Tables) -> tuple[list[Row], list[Row], list[Row]]:
    table = tables["customers"]
    largest = table.filter(table["revenue"] > 0).order_by([ibis.desc("revenue"), "id"]).limit(MOST_ROWS)
    losing = table.filter(table["profit"] < 0).order_by(["profit", "id"]).limit(20)
    profit = tables.numpy(table.filter(table["profit"].notnull()).select("profit"))["profit"].astype(float)
    return [clean(row) for row in tables.rows(largest)], [clean(row) for row in tables.rows(losing)], whale_curve(profit)


def whale_curve(profit: np.ndarray) -> list[Row]:
    """Running share of total profit at each hundredth of customers, most profitable first; empty without a positive total.

    Above 100 % some customers earn what others cost (Kaplan & Narayanan 2001, "Measuring and managing customer profitability").
    """
    ordered = -np.sort(-profit[np.isfinite(profit)])
    total = float(ordered.sum())
    if ordered.size < 5 or total <= 0:
        return []
    running = np.concatenate([[0.0], np.cumsum(ordered)]) / total
    at = np.linspace(0, ordered.size, 101)
    values = np.interp(at, np.arange(ordered.size + 1), running)
    return [{"customers": float(i) / 100, "profit": float(value)} for i, value in enumerate(values)]


def group_files(company: Company, small: Mapping[str, list[Row]]) -> dict[str, str]:
    """Each work group and the name of its page's file, in the order of company.toml, then by name."""
    named = [each.name for each in company.group]
    found = sorted(
        {row["group"] for name in ("issues", "one_pages", "actions", "initiatives") for row in small[name] if owned(row)}
    )
    files: dict[str, str] = {}
    for name in dict.fromkeys([*named, *found]):
        base, made, number = slug(name)[:60].strip("-"), "", 1
        while not made or made in files.values():
            made = base if number == 1 else f"{base}-{number}"
            number += 1
        files[name] = made
    return files
