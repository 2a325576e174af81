"""The last ten lines of `vitalfew run`: what to do first, why, what it is worth, what else was found, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from vitalfew.documents import figures, words
from vitalfew.documents.book import Book, Row, gather
from vitalfew.engine import Tables
from vitalfew.settings import Company

WIDTH = 100
LINES = 10
# Weights of a line: the ten lightest are printed. MISSING lines say what there is not, and give way to any that say what there is.
ALWAYS, FIRST, SECOND, THIRD, MISSING = range(5)


@dataclass(frozen=True)
class Line:
    """One line: what it is about, what it says, and its weight."""

    about: str
    text: str
    weight: int

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


def ten_lines(tables: Tables, company: Company, folder: Path | None = None) -> list[str]:
    """Exactly ten lines of plain text, each at most 100 characters. `folder` is the workspace, named in the last lines."""
    book = gather(tables, company, company.company.as_of or date.max)
    lines = [*_plan(book), *findings(book), *_rest(book), *_where(book, str(folder) if folder is not None else "DIR")]
    kept = sorted(sorted(range(len(lines)), key=lambda at: (lines[at].weight, at))[:LINES])
    return [words.clip(str(lines[at]).replace(words.NO_BREAK, " "), WIDTH) for at in kept]


def findings(book: Book) -> list[Line]:
    """What was found apart from the plan, each in a line, or that there is nothing of the kind."""
    return [*_headline(book), *_driver(book), *_issue(book), *_journey(book), *_promise(book), *_customers(book), *_read(book)]


def _plan(book: Book) -> Iterator[Line]:
    first = book.first
    if first is None:
        yield Line("Do first", _nothing(book), ALWAYS)
        return
    room = WIDTH - len(f"Do first:  ({first['group']}), from {words.month(first['start'])}")
    yield Line("Do first", f"{words.short(first['name'], room)} ({first['group']}), from {words.month(first['start'])}", ALWAYS)
    if book.loses(first):
        yield Line("Caution", f"it {book.loss(first)}", ALWAYS)
    issues = book.acts_on(first)
    if issues:
        about = f"; {words.count(issues[0]['n_people'], 'customer')} known to have met it" if issues[0]["n_people"] else ""
        yield Line("Why", f"it removes {words.share(first['share'])} of {words.short(issues[0]['name'], 40)}{about}", FIRST)
    worth = book.worth(first["value"], first["low"], first["high"])
    worth += f" over the plan, for {book.money(first['cost'])}"
    yield Line("Worth", _fits("Worth: ", f"{worth}. Owner: {book.owner(first)}", worth), FIRST)
    if len(book.chosen) > 1:
        yield Line("Then", _named("Then: ", [row["name"] for row in book.chosen[1:]]), SECOND)
    quoted = [row["quote"] for row in [*issues, *book.top_issues()] if row["quote"]]
    if quoted:
        yield Line("Customers say", f"“{words.clip(quoted[0], WIDTH - 18)}”", THIRD)


def _nothing(book: Book) -> str:
    if not book.company.initiative:
        return "nothing is chosen yet; company.toml names no [[initiative]] with cost and people"
    why = next((row["note"] for row in book["portfolio"] if row["note"]), "") or "no initiative could be chosen"
    return f"nothing is chosen. {words.sentence(words.clip(why, 78))}"


def _headline(book: Book) -> Iterator[Line]:
    top = book.headline
    if top is not None:
        told = words.figure(top["value"], top["low"], top["high"], top["n"], figures.form_of(top), top["note"])
        kind = {"nps": "NPS", "mean": "mean", "top2": "top two answers"}.get(top["statistic"], "")
        name = "NPS" if kind == "NPS" else f"{words.short(book.label(top['question']), 36)}{f', {kind}' if kind else ''}"
        yield Line("Today", f"{name} {told}", FIRST)
    won = next(
        (row for row in book.metrics if (row["question"], row["segment"], row["period"]) == ("win_rate", "all", "all")), None
    )
    if won is not None:
        told = words.figure(won["value"], won["low"], won["high"], won["n"], words.share, won["note"])
        yield Line("Deals won", f"{told} decided deals" if won["n"] is not None else told, SECOND if top is not None else FIRST)
        ends = [row for row in book.metrics if row["question"] == "win_rate" and row["segment"] != "all" and row["low"] is not None]
        if ends and top is None:
            worst = min(ends, key=lambda row: (row["high"], row["segment"]))
            told = words.figure(worst["value"], worst["low"], worst["high"], worst["n"], words.share)
            yield Line("Won least", f"where {words.clip(worst['segment'].replace('=', ' is '), 40)}: {told}", THIRD)
    if top is None and won is None:
        yield Line("Today", "no outcome is asked; mark a survey question with outcome = true", MISSING)


def _driver(book: Book) -> Iterator[Line]:
    found = figures.drivers_of(book, book.company.outcome or "")
    only = figures.alone(book, book.company.outcome or "")
    if only:
        yield Line("Driver", only, SECOND)
    elif found and found[0]["share"] is not None:
        told = words.figure(found[0]["share"], found[0]["low"], found[0]["high"], found[0]["n"], words.share)
        yield Line("Goes with it most", f"{words.short(found[0]['driver'], 36)}, {told}", SECOND)
    else:
        yield Line("What moves customers", "not known; it takes ratings of parts of the experience", MISSING)


def _issue(book: Book) -> Iterator[Line]:
    issues = book.top_issues() or book.unowned_issues()
    if not issues:
        yield Line("Top issue", "none found; issues come from comments, ratings and promises", MISSING)
        return
    top = issues[0]
    stake = book.stake({**top, "n_people": None} if top["value"] is not None else top)
    stake += " a year" if top["value"] is not None else ""
    name = words.short(top["name"], 36)
    told = _fits("Costs most: ", f"{name} ({words.short(top['group'], 20)}), {stake}", f"{name}, {stake}")
    yield Line("Costs most", told, FIRST if not book.chosen else THIRD)


def _journey(book: Book) -> Iterator[Line]:
    whole = figures.whole_case(book)
    if whole is not None:
        took = (
            f"; from the first step to the last a median of {words.duration(whole['median_days'])}"
            if whole["median_days"] is not None
            else ""
        )
        yield Line("Cases", f"{words.number(whole['cases'], 0)}{took}", THIRD if book.chosen else SECOND)
    if book["paths"]:
        path = book["paths"][0]
        steps = (path["path"] or "").replace(" > ", ", ")
        told = (
            f", {words.share(path['share'])} of {words.count(path['cases'], 'case')}"
            if whole is None
            else f", {words.share(path['share'])}"
        )
        yield Line("Commonest path", f"{words.clip(steps, WIDTH - 16 - len(told))}{told}", THIRD if book.chosen else SECOND)
    again = max(figures.steps(book), key=lambda row: ((row["rework"] or 0.0) * (row["cases"] or 0), row["step"]), default=None)
    if again is not None and again["rework"]:
        told = f"in {words.share(again['rework'])} of its {words.count(again['cases'], 'case')}"
        yield Line("Comes back most", f"{words.short(again['step'], 40)}, {told}", THIRD if book.chosen else SECOND)
    if whole is None and not book["paths"]:
        yield Line("Journey", "not known; it takes tickets, visits or an event log with a step and a case", MISSING)


def _promise(book: Book) -> Iterator[Line]:
    kept = [row for row in book.promises if row["segment"] == "all" and row["kept"] is not None]
    if not kept:
        yield Line("Promises", "none is checked; [[promise]] says what was promised and how keeping it shows", MISSING)
        return
    worst = min(kept, key=lambda row: (row["kept"] - (row["standard"] or 1.0), row["promise"]))
    standard = f", standard {words.share(worst['standard'])}" if worst["standard"] is not None else ""
    told = words.figure(worst["kept"], worst["low"], worst["high"], worst["n"], words.share)
    yield Line("Promise kept least", f"{words.short(worst['name'], 30)}, {told}{standard}", THIRD)


def _customers(book: Book) -> Iterator[Line]:
    if not book.customers_counted:
        yield Line("Customers", "none known by name or key", MISSING)
        return
    most = book.customers[0] if book.customers else None
    largest = f"; the largest, {words.short(most['name'] or most['id'], 30)}, paid {book.money(most['revenue'])}" if most else ""
    yield Line("Customers", f"{words.number(book.customers_counted, 0)} known{largest}", THIRD)


def _read(book: Book) -> Iterator[Line]:
    loaded, refused = (sum(row[name] or 0 for row in book["sources"]) for name in ("rows_loaded", "rows_quarantined"))
    if not book["sources"]:
        yield Line("Read", "no source; company.toml names sources with [[source]]", ALWAYS)
        return
    told = f"{words.count(loaded, 'record')} from {words.count(len(book['sources']), 'source')}"
    told += f", {words.number(refused, 0) if refused else 'none'} refused"
    if book.chosen and book["not_computed"]:
        told += f"; {words.count(len(book['not_computed']), 'figure')} not computed, see sources.html"
    yield Line("Read", told, SECOND if book.chosen else FIRST)


def _rest(book: Book) -> Iterator[Line]:
    if book.not_chosen:
        yield Line("Not now", _named("Not now: ", [row["name"] for row in book.not_chosen]), SECOND)
    gaps: Sequence[Row] = book["not_computed"]
    if not gaps:
        yield Line("Not computed", "nothing that was looked for", MISSING)
        return
    told = f"{words.count(len(gaps), 'figure')}; sources.html says which data would allow them"
    yield Line("Not computed", told, MISSING if book.chosen else SECOND)
    for row in gaps:
        about, needed = f"To have {_low(row['figure'] or '')}", _low((row["data"] or "").strip().rstrip("."))
        # Only what can be said whole.
        if needed and len(about) + len(needed) + 2 <= WIDTH:
            yield Line(about, needed, MISSING if book.chosen else THIRD)


def _where(book: Book, place: str) -> Iterator[Line]:
    sheets = ", one-pages/*.pdf for each group" if book.groups else ""
    read = next((each for each in (place, "DIR") if len(each) + len(sheets) + 36 <= WIDTH), "DIR")
    yield Line("Look at", f"{read}/strategy/index.html{sheets}", ALWAYS)
    claims = [row["initiative"] for row in book.chosen] + [row["issue"] for row in [*book.top_issues(), *book.unowned_issues()]]
    claims += [row["metric"] for row in book.metrics[:1]]
    walks = [f"vitalfew why {at} {claim}" for claim in claims for at in (place, "DIR")]
    name = "paths" if book["paths"] else "not_computed"
    tables = [f"vitalfew table {at} {name}" for at in (place, "DIR")]
    yield Line("Next", next(each for each in [*walks, *tables] if len(each) + 6 <= WIDTH), ALWAYS)


def _fits(head: str, *wordings: str) -> str:
    """The first wording that fits a line after `head`, else the last."""
    return next((each for each in wordings if len(head) + len(each) <= WIDTH), wordings[-1])


def _low(text: str) -> str:
    # A word in capitals, a key or a bracket stays as it is.
    return text if text[1:2].isupper() or "_" in text.split(" ", maxsplit=1)[0] else text[:1].lower() + text[1:]


def _named(head: str, names: Sequence[str]) -> str:
    """As many whole names as one line holds, and how many more there are."""
    told = ""
    for taken in range(1, len(names) + 1):
        more = f" and {len(names) - taken} more" if taken < len(names) else ""
        line = "; ".join(names[:taken]) + more
        if len(head) + len(line) > WIDTH:
            break
        told = line
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return told or words.short(names[0], WIDTH - len(head) - len(more)) + more
