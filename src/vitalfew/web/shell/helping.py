"""Help for each page: what it shows, how to read it, what to do with it. Topics are found by the name of the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Topic:
    """The help of one page."""

    route: str
    title: _StrPromise
    shows: _StrPromise
    read: _StrPromise
    do: _StrPromise

    @property
    def anchor(self) -> str:
        """Its place on the page of help."""
        return self.route.replace(":", "-")


TOPICS = (
    Topic(
        "home:home",
        _("Home"),
        _(
            "What concerns your role: the strategy on one page, your group's report, what customers said "
            "about your work, or the data."
        ),
        _(
            "A figure stands with its interval and n, the number of people or records behind it. Where one "
            "is missing, the reason is there instead."
        ),
        _("Begin with what needs a decision. Follow Why? wherever a figure surprises you: it leads down to the records."),
    ),
    Topic(
        "home:documents",
        _("Documents"),
        _("The strategy and each group's page as files of the last run."),
        _("They show the same figures as the pages, for the day the run was made for."),
        _("Print a group's sheet for its meeting; send the strategy to those who do not sign in."),
    ),
    Topic(
        "focus:issues",
        _("Issues"),
        _("What goes wrong for customers, at the work group that causes it. Each group mends its top two."),
        _(
            "The value at stake is what the points an issue costs are worth in next year's revenue, plus "
            "our own hours. Its interval runs unbroken from the comments to the money."
        ),
        _("Ask of each top issue five times why. Give issues without a group to the group that causes them."),
    ),
    Topic(
        "focus:issue",
        _("One issue"),
        _("Whom it touches, what it costs, what customers say, why it happens and what would remove it."),
        _(
            "Customers known to have met it said so or were seen to meet it. The share of all customers is "
            "scaled from those who answered."
        ),
        _("Test each why with data before you act on it; the last one must be something the group can change."),
    ),
    Topic(
        "focus:choice",
        _("Choice"),
        _("Which initiatives bring the most under the limits of money, people and attention, and what was left out for them."),
        _(
            "The bound says what no plan can exceed. Core initiatives are chosen in nearly all resampled "
            "worlds, borderline ones in some: more knowledge may change them."
        ),
        _("Question the borderline ones first. Look which limit is worth most to widen. Leave out what costs more than it brings."),
    ),
    Topic(
        "focus:roadmap",
        _("Roadmap"),
        _("When each chosen initiative runs, what must be finished before it, and the people and money of each month."),
        _("A bar is a group's work in whole months; a group finishes one before it starts another."),
        _("Agree the first month with the owners named, and tell those who wait why they wait."),
    ),
    Topic(
        "act:groups",
        _("Work groups"),
        _("The work groups, who leads and who sponsors each, and the top two issues each causes."),
        _("A group below another is part of it. A lead reads the own group and those below it."),
        _("Name a lead and a sponsor for each: an issue nobody answers for is not mended."),
    ),
    Topic(
        "act:group",
        _("One work group"),
        _("The group's own report, and its strategy on one page."),
        _("A leading indicator moves within weeks of an action; the score follows in months."),
        _("Print the page (it fits one A4 sheet), agree on it, let the sponsor sign it, and look at it each month."),
    ),
    Topic(
        "act:raci",
        _("Responsibilities"),
        _("For each piece of work: who does it (R), who answers for it (A), who is asked (C), who is told (I)."),
        _("Exactly one person answers for each. Too many who are asked slow it down."),
        _("Mend what stands under To mend, and turn proposals into what was agreed."),
    ),
    Topic(
        "act:risks",
        _("Risks"),
        _("What could keep the plan from working: because, may, leading to; how likely and how harmful."),
        _("Both run from 1 to 5, before and after the response. The upper right of the table is where it hurts."),
        _("Look at each risk on its day of review; those that are past stand out."),
    ),
    Topic(
        "prove:ledger",
        _("Ledger"),
        _("Hours and money that came back, once an issue was mended."),
        _(
            "A forecast is expected, claimed was counted without a comparison, tested held against "
            "customers for whom nothing changed. Only tested is proof."
        ),
        _("Let finance verify each line, and say what the hours are used for now."),
    ),
    Topic(
        "prove:effects",
        _("Effects"),
        _("Each forecast, and what was measured later."),
        _("Where the measured value lies within the forecast's interval, the forecast held."),
        _("Trust the next forecasts as much as the last ones held."),
    ),
    Topic(
        "listen:new_source",
        _("New source"),
        _("Exports you send, column by column: what each would become, how sure that is, and why."),
        _(
            "What is marked please look was not clear from names and values. Show what would be read tells how many records a run "
            "would load and refuse, with the reasons."
        ),
        _("Correct what is wrong, look at what would be read, and keep the source. The next run reads it; it can be taken away."),
    ),
    Topic(
        "listen:review",
        _("Review"),
        _("Two records side by side that may be one person's: joined or kept apart by a rule nobody can be sure of."),
        _(
            "First come the pairs on which most hangs: how unsure we are, times the share of records, answers and "
            "revenue that would go elsewhere if that was wrong."
        ),
        _(
            "Say whether they are one person, by button or by the keys s and d; k skips. It counts from the next run, "
            "holds in every later one, and can be undone here."
        ),
    ),
    Topic(
        "listen:sources",
        _("Sources"),
        _("What each source gave in the last run, and how that stands against the run before."),
        _("Read is loaded plus refused, always. A source that gave fewer records or lacks a column is named on top."),
        _("Where a source gave less and nobody took anything away, have it exported once more and read again."),
    ),
    Topic(
        "listen:quarantine",
        _("Refused records"),
        _("What could not be believed, by source, column and reason, and each with its line."),
        _("A refused answer costs a survey answer that question alone; any other refused value costs the whole record."),
        _("Begin with the commonest kind. Correct it where it comes from, or write a rule for it, and read again."),
    ),
    Topic(
        "understand:why",
        _("Why?"),
        _("What a figure rests on, step by step, down to the records."),
        _(
            "Each step names its support and how many records are behind it. Names of customers are shown "
            "to those who may see them."
        ),
        _("Read some of the records yourself before you repeat a figure."),
    ),
)
BY_ROUTE = {topic.route: topic for topic in TOPICS}
