"""The one-page strategy of a work group: what it found, why, what it does, and how it will know. Bounded, so that it fits one A4.

What nobody has said or measured is said to be missing; nothing is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vitalfew.act.actions import MOST_ON_PAGE
from vitalfew.act.facts import Facts, Row
from vitalfew.act.words import between, clip, count, day, known, money, number, open_end, share
from vitalfew.evidence import Step, claim_id
from vitalfew.settings import slug

SECTIONS = (
    *("whom we serve", "expectation", "issue", "vital few", "whys", "actions", "indicators"),
    *("benefit", "help", "stop", "told", "sponsor"),
)
LONGEST_TEXT = 260
LONGEST_QUOTE = 120
LONGEST_LABEL = 60
# The most lines of each section; 36 in all.
MOST_LINES = {
    **{
        "whom we serve": 1,
        "expectation": 3,
        "issue": 2,
        "vital few": 4,
        "whys": 6,
        "actions": MOST_ON_PAGE,
        "indicators": MOST_ON_PAGE,
    },
    **{"benefit": 3, "help": 3, "stop": 2, "told": 1, "sponsor": 1},
}

Line = tuple[str, str, str | None]
"""Label, text, claim."""


def compute(facts: Facts, actions: Sequence[Row]) -> tuple[list[dict[str, Any]], list[Step]]:
    """Rows of table one_pages for every group with issues, and what each page rests on."""
    rows: list[dict[str, Any]] = []
    steps: list[Step] = []
    for group in facts.groups():
        page = _Page(facts, group, [row for row in actions if row["group"] == group][:MOST_ON_PAGE])
        position = 0
        for section in SECTIONS:
            for label, text, claim in list(page.lines(section))[: MOST_LINES[section]]:
                position += 1
                written = {"label": clip(label, LONGEST_LABEL), "text": clip(text, LONGEST_TEXT), "claim": claim}
                rows.append({"group": group, "position": position, "section": section, **written})
                if claim:
                    steps.append(Step(claim_id("one_page", group), claim, f"{section}: {clip(label, LONGEST_LABEL)}"))
    return rows, list(dict.fromkeys(steps))


class _Page:
    """The lines of one group's page, section by section."""

    def __init__(self, facts: Facts, group: str, actions: Sequence[Row]) -> None:
        self.facts, self.group, self.actions = facts, group, actions
        self.issues = facts.top(group)
        self.currency = facts.company.company.currency

    def lines(self, section: str) -> Iterator[Line]:
        """The lines of a section, most important first."""
        written: Iterator[Line] = getattr(self, "_" + section.replace(" ", "_"))()
        return written

    def _whom_we_serve(self) -> Iterator[Line]:
        served = self.facts.group(self.group).serves
        paying = self.facts.customers["paying"]
        known_ones = f"; {paying:,} customers paid in the last 12 months" if paying else ""
        yield (
            "Whom we serve",
            (open_end(served) + known_ones) if served else f"Not yet said: whom {self.group} serves{known_ones}.",
            None,
        )

    def _expectation(self) -> Iterator[Line]:
        found, is_own = self.facts.expectation(self.issues)
        if found:
            # The quotes that show an expectation met or missed have their own place; here it is one phrase.
            said = re.split(r": (?=met|missed)", found["statement"] or "")[0]
            text = f"{open_end(said)} ({share(found['share_people'])} of those who comment speak of it)"
            yield "What they expect" if is_own else "What customers expect most", text, found["expectation"]
        else:
            yield "What they expect", "Not yet known: too few comments. Ask customers what they expect of us.", None
        own = [row for _, row in sorted(self.facts.promises.items()) if row["group"] == self.group]
        for row in own[:2]:
            kept = f"kept in {share(row['kept'])}{between(row['low'], row['high'], 'share')} of {count(row['n'], 'time', 'times')}"
            standard = f"standard {share(row['standard'])}" if known(row["standard"]) else "no standard set"
            yield f"Promise: {row['name']}", f"{kept}; {standard}.", row["promise"]
        if not own:
            yield "Standard", f"Not yet set: no promise of {self.group} is measured.", None

    def _issue(self) -> Iterator[Line]:
        for row in self.issues:
            parts = [self._worth(row), self._reach(row), self._hours(row), self._driver(row)]
            yield row["name"], "; ".join(part for part in parts if part) + ".", row["issue"]

    def _worth(self, row: Row) -> str:
        if not known(row["value"]):
            return f"worth not known ({open_end(row['note'])})" if row["note"] else "worth not known"
        return f"{money(row['value'], self.currency)} a year at stake{between(row['low'], row['high'], 'money', self.currency)}"

    def _reach(self, row: Row) -> str:
        people = count(row["n_people"], "person", "people") if row["n_people"] is not None else ""
        comments = count(row["n_comments"], "comment", "comments") if row["n_comments"] else ""
        points = (
            f"{number(row['points'])} points lost{between(row['points_low'], row['points_high'])}" if known(row["points"]) else ""
        )
        return ", ".join(part for part in (points, people, comments) if part)

    def _driver(self, row: Row) -> str:
        driver = self.facts.drivers.get(slug(row["driver"])) if row["driver"] else None
        if driver is None or not known(driver["share"]):
            return ""
        part = f"{share(driver['share'])}{between(driver['low'], driver['high'], 'share')}"
        text = f"{driver['driver']} is {part} of what moves {self.facts.outcome_name()}"
        if len(self.facts.drivers) == 1:
            # The only driver has the whole share, which says nothing; its effect does.
            text = self._effect(driver, self.facts.promise_of(row) is not None)
        if not known(driver["performance"]) or self.facts.promise_of(row) is not None:
            return text
        alike = [
            each["performance"]
            for each in self.facts.drivers.values()
            if known(each["performance"]) and (each["scale_low"], each["scale_high"]) == (driver["scale_low"], driver["scale_high"])
        ]
        text += f", rated {number(driver['performance'])} (company {number(sum(alike) / len(alike))})"
        levels = [
            each
            for each in self.facts.competitors
            if slug(each["factor"] or "-") == slug(driver["driver"]) and known(each["level"])
        ]
        best = max(levels, key=lambda each: each["level"], default=None)
        return text + (f", {best['competitor']} {number(best['level'])}" if best else "")

    def _effect(self, driver: Row, promised: bool) -> str:
        if not known(driver["effect"]):
            return ""
        ends = between(driver["effect_low"], driver["effect_high"])
        sign = "+" if driver["effect"] > 0 else ""
        one = f"one kept promise ({driver['driver']})" if promised else f"one point more of {driver['driver']}"
        return f"{one} goes with {sign}{number(driver['effect'])}{ends} points of {self.facts.outcome_name()}"

    @staticmethod
    def _hours(row: Row) -> str:
        return f"{number(row['hours'], 0)} hours a year of our own" if row["hours"] else ""

    def _vital_few(self) -> Iterator[Line]:
        silent = []
        said_of: set[str] = set()
        own = {issue["theme"] for issue in self.issues}
        for issue in self.issues:
            # A theme stands once: under the issue it is the theme of, else where it comes first.
            fresh = [
                each
                for each in self.facts.vital_few(issue)
                if each[0]["theme"] == issue["theme"] or each[0]["theme"] not in own | said_of
            ]
            few = fresh[: MOST_LINES["vital few"] // max(1, len(self.issues))]
            for theme, part in few:
                if theme["theme"] in said_of:
                    continue
                said_of.add(theme["theme"])
                quote = clip(theme["quote"] or issue["quote"], LONGEST_QUOTE)
                said = f"{share(part)} of the complaints here, {count(theme['n_comments'], 'comment', 'comments')}"
                yield theme["name"], f"{said}: “{quote}”" if quote else said, theme["theme"]
            if not few and issue["quote"]:
                yield issue["name"], f"“{clip(issue['quote'], LONGEST_QUOTE)}”", issue["issue"]
            elif not few:
                silent.append(issue["name"])
        if silent:
            yield "Customers' words", f"No comments yet on {' and '.join(silent)}. Ask one open question.", None

    def _whys(self) -> Iterator[Line]:
        chains = [self.facts.whys(issue["issue"]) for issue in self.issues]
        room = MOST_LINES["whys"]
        fits = sum(max(1, len(chain)) for chain in chains) <= room
        for issue, chain in zip(self.issues, chains, strict=True):
            if not chain:
                first = f"why does this happen: {issue['name']}?"
                yield issue["name"], f"Not yet asked: the 5 whys of this issue. Start with: {first}", issue["issue"]
                continue
            size = 1 if fits else -(-len(chain) // (room // len(chains)))
            for start in range(0, len(chain), size):
                part = chain[start : start + size]
                text = " → ".join(f"{open_end(why['text'])}{_sure(why)}" for why in part)
                yield f"Why {part[0]['depth']}: {issue['name']}", text, issue["issue"]

    def _actions(self) -> Iterator[Line]:
        for row in self.actions:
            when = f"{day(row['start'])} to {day(row['due'])}" if row["due"] else "due: not set"
            effort = f", {number(row['effort'])} person-months" if known(row["effort"]) else ""
            answer = f" Answers: {open_end(row['cause'])}." if row["cause"] else ""
            yield row["what"], f"{row['owner']}; {when}{effort}; {row['status']}.{answer}", row["action"]
        if not self.actions:
            yield "Action", f"None yet: no initiative in the plan and no answer to a why belongs to {self.group}.", None

    def _indicators(self) -> Iterator[Line]:
        seen: set[str] = set()
        for row in self.actions:
            if not row["indicator"] or row["indicator"] in seen:
                continue
            seen.add(row["indicator"])
            # Ratings are shown as numbers; everything else counted here is a share.
            form = number if row["indicator"].startswith("Mean rating") else share
            target = form(row["target"]) if known(row["target"]) else "not set"
            # The lag stands in brackets after what is counted.
            counted, _, lag = row["indicator"].rstrip(")").rpartition(" (")
            yield counted, f"now {form(row['baseline'])}, target {target}; {lag}", row["action"]
        if not seen:
            yield "Leading indicator", "Not yet set: choose what will show within weeks that the issue shrinks.", None

    def _benefit(self) -> Iterator[Line]:
        outcome = self.facts.outcome
        if outcome is not None and known(outcome["value"]):
            figure = f"{number(outcome['value'])}{between(outcome['low'], outcome['high'])}, n = {outcome['n']:,}"
            text = f"{figure}; follows in 6 to 18 months"
            yield f"Lagging: {self._lagging(outcome)}", text, outcome["metric"]
        chosen = self.facts.chosen(self.group)
        for row in chosen[:2]:
            worth = "not known in money"
            if known(row["value"]):
                worth = f"{money(row['value'], self.currency)}{between(row['low'], row['high'], 'money', self.currency)}"
            yield (
                f"Expected: {row['name']}",
                f"{worth} within {self.facts.company.limits.months} months (forecast)",
                row["initiative"],
            )
        if not chosen:
            yield "Expected", f"Nothing yet: no initiative of {self.group} is in the plan.", None

    def _lagging(self, outcome: Row) -> str:
        asked = self.facts.company.questions.get(outcome["question"])
        name = (asked.label if asked else "") or outcome["question"].replace("_", " ")
        kind = {"nps": "NPS", "top2": "top two answers"}.get(outcome["statistic"], outcome["statistic"])
        return f"{name} ({kind})"

    def _help(self) -> Iterator[Line]:
        said = False
        for row in self.facts.chosen(self.group):
            authored = self.facts.authored(row["name"])
            for other in self.facts.others(row):
                said = True
                months = authored.people[other] if authored else None
                yield f"People of {other}", f"{number(months)} person-months for {row['name']}", row["initiative"]
            for need in authored.needs if authored else []:
                said = True
                yield "Needed first", f"{need}, before {row['name']}", row["initiative"]
        if not said:
            yield "Help needed", "None named. Say what stands in the way: process, technology, authority, skill, incentive.", None

    def _stop(self) -> Iterator[Line]:
        refused = self.facts.refused(self.group)
        for row in refused[:2]:
            yield f"Not now: {row['name']}", open_end(row["reason"]) or "not in the plan", row["initiative"]
        if not refused:
            yield "What we stop", "Not yet said: what we stop, to have room for this.", None

    def _told(self) -> Iterator[Line]:
        due = min((row["due"] for row in self.actions if row["due"]), default=None)
        hint = f" The first action is due on {day(due)}." if due else ""
        yield "Customers told on", f"Not yet set: the day customers hear what changed.{hint}", None

    def _sponsor(self) -> Iterator[Line]:
        sponsor = self.facts.group(self.group).sponsor
        yield "Sponsor", f"{sponsor}; not yet signed" if sponsor else f"Not yet named: who signs for {self.group}.", None


def _sure(why: Row) -> str:
    """How sure a why is, when it is more than a guess or cannot be acted on."""
    notes = [why["status"]] if why["status"] in ("tested", "confirmed") else []
    if why["controllable"] is False:
        notes.append("not ours to change")
    return f" ({', '.join(notes)})" if notes else ""
