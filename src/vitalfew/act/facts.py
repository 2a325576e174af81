"""What the earlier rooms found, looked up the way a one-page strategy asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vitalfew.engine import Tables
from vitalfew.evidence import claim_id
from vitalfew.settings import Company, Group, Initiative, slug
from vitalfew.vocabulary import NOT_ASSIGNED

Row = Mapping[str, Any]

READS = (
    *("competitors", "customers", "metrics", "drivers", "themes", "expectations", "promises"),
    *("issues", "causes", "initiatives", "roadmap", "resources"),
)


@dataclass(frozen=True)
class Indicator:
    """A leading indicator: what is counted, where it stands, where it shall be, and how soon it shows."""

    definition: str
    baseline: float | None
    target: float | None
    unit: str
    lag: str
    claim: str


class Facts:
    """The small tables as rows, in the vocabulary's order, with look-ups by name or id."""

    def __init__(self, tables: Tables, company: Company) -> None:
        self.company = company
        rows: dict[str, list[dict[str, Any]]] = {name: tables.rows(tables[name]) for name in READS if name != "customers"}
        self.issues = sorted(rows["issues"], key=lambda row: (row["group"] or "", row["rank"] or 0, row["issue"]))
        self.causes = sorted(rows["causes"], key=lambda row: (row["issue"], row["branch"] or "", row["depth"] or 0))
        self.initiatives = sorted(rows["initiatives"], key=lambda row: str(row["initiative"]))
        self.roadmap = sorted(rows["roadmap"], key=lambda row: (str(row["start"]), str(row["initiative"]), str(row["month"])))
        self.resources = sorted(rows["resources"], key=lambda row: (row["resource"] or "", str(row["month"])))
        self.expectations = sorted(rows["expectations"], key=lambda row: str(row["expectation"]))
        self.competitors = sorted(rows["competitors"], key=lambda row: (row["competitor"] or "", row["factor"] or ""))
        self.themes = {row["theme"]: row for row in sorted(rows["themes"], key=lambda row: str(row["theme"]))}
        self.promises = {slug(row["name"]): row for row in rows["promises"] if row["segment"] == "all"}
        outcome = company.outcome
        ours = [row for row in rows["drivers"] if row["segment"] == "all" and row["outcome"] == outcome]
        self.drivers = {slug(row["driver"]): row for row in sorted(ours, key=lambda row: str(row["driver"]))}
        self.outcome = next(
            (row for row in rows["metrics"] if row["question"] == outcome and row["segment"] == "all" and row["period"] == "all"),
            None,
        )
        customers = tables["customers"]
        paying = customers.aggregate(n=customers.count(), paying=(customers.revenue > 0).cast("int64").sum())
        self.customers = tables.rows(paying)[0]

    def groups(self) -> list[str]:
        """Groups that cause an issue, by name; issues no group owns make none."""
        return sorted({row["group"] for row in self.issues if row["group"] not in (None, "", NOT_ASSIGNED)})

    def top(self, group: str) -> list[dict[str, Any]]:
        """The issues of the group to be solved: at most two."""
        return [row for row in self.issues if row["group"] == group and row["top"]][:2]

    def group(self, name: str) -> Group:
        """The work group, empty but for its name when company.toml does not define it."""
        return next((each for each in self.company.group if each.name == name), Group.model_validate({"name": name}))

    def lead(self, name: str) -> str:
        """Who leads the group, or the words for it when nobody is named."""
        return self.group(name).lead or f"lead of {name}"

    def issue(self, name: str, group: str = "") -> dict[str, Any] | None:
        """The issue called so, by id, name, theme or driver; of `group` when given, else the first."""
        wanted = {name, slug(name)}
        for row in self.issues:
            theme = self.themes.get(row["theme"] or "", {})
            names = [
                row["issue"],
                slug(row["name"] or ""),
                row["theme"],
                slug(theme.get("name") or "-"),
                slug(row["driver"] or "-"),
            ]
            if wanted & set(names) and group in ("", row["group"]):
                return row
        return None

    def chosen(self, group: str = "") -> list[dict[str, Any]]:
        """The initiatives in the plan, first to start first; of `group` when given."""
        found = [row for row in self.initiatives if row["chosen"] and group in ("", row["group"])]
        return sorted(found, key=lambda row: (str(row["start"]), row["initiative"]))

    def refused(self, group: str) -> list[dict[str, Any]]:
        """The initiatives of the group that are not in the plan, most valuable first."""
        found = [row for row in self.initiatives if not row["chosen"] and row["group"] == group]
        return sorted(found, key=lambda row: (-(row["value"] or 0.0), row["initiative"]))

    def authored(self, name: str) -> Initiative | None:
        """What company.toml says of an initiative, or None when it was proposed."""
        return next((each for each in self.company.initiative if slug(each.name) == slug(name)), None)

    def whys(self, issue: str) -> list[dict[str, Any]]:
        """The longest chain of whys of an issue, first why first; at most five."""
        rows = [row for row in self.causes if row["issue"] == issue and row["text"] and row["status"] not in ("open", "refuted")]
        if not rows:
            return []
        deepest = min(rows, key=lambda row: (-row["depth"], row["branch"]))
        return [row for row in rows if row["branch"] == deepest["branch"]][:5]

    def owned(self, row: Row) -> str:
        """Who answers for an initiative."""
        authored = self.authored(row["name"])
        return (authored.owner if authored else "") or self.lead(row["group"])

    def sponsor(self, row: Row) -> str:
        """Who pays for an initiative, '' when nobody is named."""
        authored = self.authored(row["name"])
        return (authored.sponsor if authored else "") or self.group(row["group"]).sponsor

    def others(self, row: Row) -> list[str]:
        """Groups besides its own whose people an initiative needs."""
        authored = self.authored(row["name"])
        people = authored.people if authored else {}
        return sorted(name for name, months in people.items() if months > 0 and name != row["group"])

    def outcome_name(self) -> str:
        """The outcome in few words: NPS, or the question's name."""
        if self.outcome is not None and self.outcome["statistic"] == "nps":
            return "NPS"
        return (self.company.outcome or "the outcome").replace("_", " ")

    def vital_few(self, issue: Row) -> list[tuple[dict[str, Any], float]]:
        """The themes that make up 80 % of the complaints within the issue's driver, with their share; the issue's own first.

        Themes of the finer level only, so that no comment is counted at both levels.
        """
        finer = [row for row in self.themes.values() if row["parent"] and row["sentiment"] in ("negative", "mixed")]
        driver = slug(issue["driver"]) if issue["driver"] else ""
        within = [row for row in finer if driver and row["driver"] and slug(row["driver"]) == driver]
        own = self.themes.get(issue["theme"] or "")
        if own is not None and all(row["theme"] != own["theme"] for row in within):
            within = [own] if not driver else [own, *within]
        within.sort(key=lambda row: (row is not own, -(row["n_comments"] or 0), row["theme"]))
        total = sum(row["n_comments"] or 0 for row in within)
        found: list[tuple[dict[str, Any], float]] = []
        running = 0
        for row in within:
            if total == 0 or running >= 0.8 * total:
                break
            found.append((row, (row["n_comments"] or 0) / total))
            running += row["n_comments"] or 0
        return found

    def expectation(self, issues: Iterable[Row]) -> tuple[dict[str, Any] | None, bool]:
        """The overall expectation that speaks of these issues' themes, else the most widely shared one; and whether it does."""
        issues = list(issues)
        themes = {row["theme"] for row in issues if row["theme"]}
        called = {claim_id("expectation", name) for row in issues for name in (row["driver"], row["group"]) if name}
        ranked = sorted(self.expectations, key=lambda row: (-(row["share_people"] or 0.0), row["expectation"]))
        # Its driver's or its group's own first: a theme above is a shelf that several groups' troubles stand on.
        own = next((row for row in ranked if row["expectation"] in called), None)
        own = own or next((row for row in ranked if themes & set((row["themes"] or "").split(";"))), None)
        return own or (ranked[0] if ranked else None), own is not None

    def promise_of(self, issue: Row) -> dict[str, Any] | None:
        """The promise the issue breaks, if its driver is one."""
        return self.promises.get(slug(issue["driver"])) if issue["driver"] else None

    def indicator(self, issue: Row, removed: float | None) -> Indicator | None:
        """What shows first whether the issue shrinks; `removed` is the share of it the action is to remove, None when not said."""
        promise = self.promise_of(issue)
        if promise is not None and promise["kept"] is not None:
            kept = promise["kept"]
            target = promise["standard"] or (None if removed is None else kept + removed * (1 - kept))
            return Indicator(
                f"{promise['name']}: share kept, by week", kept, target, "share", "shows within weeks", promise["promise"]
            )
        theme = self.themes.get(issue["theme"] or "")
        if theme is not None and theme["share"] is not None:
            target = None if removed is None else theme["share"] * (1 - removed)
            definition = f"Share of comments on {theme['name']}, by month"
            return Indicator(definition, theme["share"], target, "share", "shows with the next answers", theme["theme"])
        driver = self.drivers.get(slug(issue["driver"])) if issue["driver"] else None
        if driver is not None and driver["performance"] is not None:
            definition = f"Mean rating of {driver['driver']}, by month"
            return Indicator(definition, driver["performance"], None, "number", "shows with the next answers", driver["driver_id"])
        return None
