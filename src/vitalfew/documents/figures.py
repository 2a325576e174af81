"""Which chart shows which figures: every chart of the documents, drawn once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitalfew.documents import words
from vitalfew.documents.book import Book, Row, owned
from vitalfew.documents.charts import Bar, Chart, Span, bars, curve, gantt, trend

SHARES = ("top2", "share", "rate")
OTHER = "theme:other"
"""The theme of comments that belong to none."""


def form_of(row: Row) -> words.Format:
    """How a metric's value is written: a share, NPS without digits, else points."""
    return words.share if row["statistic"] in SHARES else words.whole if row["statistic"] == "nps" else words.points


def metric_name(book: Book, row: Row) -> str:
    """A metric as readers call it."""
    names = {"nps": "NPS", "top2": "top two answers"}
    label, name = book.label(row["question"]), names.get(row["statistic"], row["statistic"])
    if name == "rate" and (book.is_share(row["question"]) or "rate" in label.lower()):
        return label
    return f"{name}: {label}" if label.endswith("?") else f"{label}, {name}"


def draw(book: Book) -> dict[str, Chart]:
    """Every chart for which there are figures, by name."""
    found = [
        *_metrics(book),
        *_drivers(book),
        *_themes(book),
        _promises(book),
        *_issues(book),
        *_choice(book),
        _roadmap(book),
        _whale(book),
    ]
    return {chart.name: chart for chart in found if chart is not None}


def _bar(label: str | None, row: Row, form: words.Format, n: str = "n", value: str = "value", strong: bool = True) -> Bar:
    told = words.figure(row[value], row["low"], row["high"], row[n] if n else None, form, row.get("note"))
    return Bar(label or "", row[value], row["low"], row["high"], told, strong)


def _metrics(book: Book) -> Iterator[Chart | None]:
    found = book.series()
    if found:
        name = metric_name(book, found[0])
        yield trend(
            "trend", f"{name.rstrip('?')}, by period", sorted(found, key=lambda row: row["period"]), form_of(found[0]), name
        )


def outcomes(book: Book) -> list[str]:
    """The outcomes that drivers explain, the company's first."""
    found = sorted({row["outcome"] for row in book["drivers"]})
    return sorted(found, key=lambda outcome: outcome != book.company.outcome)


def drivers_of(book: Book, outcome: str) -> list[Row]:
    """The drivers of an outcome over all customers, by rank."""
    found = [row for row in book["drivers"] if row["outcome"] == outcome and row["segment"] in ("all", None)]
    return sorted(found, key=lambda row: (row["rank"] or 999, row["driver"]))


def alone(book: Book, outcome: str) -> str:
    """What the only driver of an outcome goes with, in a clause; '' with several, whose shares say more, or without an effect."""
    found = drivers_of(book, outcome)
    if len(found) != 1 or found[0]["effect"] is None:
        return ""
    row = found[0]
    promised = (row["question"] or "").startswith("promise:")
    one = f"one kept promise ({row['driver']})" if promised else f"one point more of {row['driver']}"
    sign = "+" if row["effect"] > 0 else ""
    return f"{one} goes with {sign}{book.points_of(outcome, row['effect'], row['effect_low'], row['effect_high'])}"


def _drivers(book: Book) -> Iterator[Chart | None]:
    for position, outcome in enumerate(outcomes(book)):
        if len(drivers_of(book, outcome)) == 1:
            # The only driver has the whole share: a bar of 100 % says nothing.
            continue
        found = [
            _bar(row["driver"], row, words.share, value="share", strong=row["quadrant"] == "fix")
            for row in drivers_of(book, outcome)
        ]
        title = f"What goes with {book.label(outcome)}: share of the variance explained"
        yield bars(f"drivers-{position}", title, found[:15], ("Driver", "Share of the explained variance"), words.share)


def negative_themes(book: Book) -> list[Row]:
    """The themes of the finer level, the most frequent first; the upper level where there is no finer one."""
    parents = {row["parent"] for row in book["themes"] if row["parent"]}
    found = [row for row in book["themes"] if row["theme"] not in parents]
    return sorted(found, key=lambda row: (row["sentiment"] == "positive", -(row["n_comments"] or 0), row["theme"]))


def _themes(book: Book) -> Iterator[Chart | None]:
    found = []
    for row in [each for each in negative_themes(book) if each["sentiment"] != "positive" and each["theme"] != OTHER][:15]:
        told = f"{words.share(row['share'])} of comments, n = {words.number(row['n_people'], 0)} people"
        found.append(Bar(row["name"] or row["theme"], row["share"], None, None, told, bool(row["vital_few"])))
    yield bars(
        "themes",
        "What customers complain of: share of comments; dark bars are the vital few",
        found,
        ("Theme", "Comments"),
        words.share,
    )
    costly = sorted(
        (row for row in negative_themes(book) if (row["impact"] or 0.0) < 0), key=lambda row: (row["impact"], row["theme"])
    )
    costs = []
    for row in costly[:15]:
        low, high = (None if row[end] is None else -row[end] for end in ("high", "low"))
        told = words.figure(-row["impact"], low, high, row["n_people"], words.points)
        costs.append(Bar(row["name"] or row["theme"], -row["impact"], low, high, told, bool(row["vital_few"])))
    title = f"Points of {book.label(book.company.outcome)} each theme costs: score without its comments minus score of all"
    yield bars("impact", title, costs, ("Theme", "Points"), words.points)


def _promises(book: Book) -> Chart | None:
    found = []
    for row in [each for each in book.promises if each["segment"] in ("all", None)]:
        told = words.figure(row["kept"], row["low"], row["high"], row["n"], words.share, row["note"])
        met = row["standard"] is None or row["kept"] is None or row["kept"] >= row["standard"]
        found.append(Bar(row["name"] or row["promise"], row["kept"], row["low"], row["high"], told, not met, row["standard"]))
    title = "How often each promise is kept; dark bars are below their standard"
    return bars("promises", title, found, ("Promise", "Kept"), words.share, "the standard")


def _issue_label(row: Row) -> str:
    return f"{row['name']} ({row['group'] if owned(row) else 'no group yet'})"


def _issues(book: Book) -> Iterator[Chart | None]:
    ranked = sorted(book["issues"], key=lambda row: (-(row["value"] or 0.0), -(row["points"] or 0.0), row["issue"]))
    found = [
        _bar(_issue_label(row), row, book.money, "n_people", strong=bool(row["top"]) and owned(row))
        for row in ranked
        if row["value"]
    ]
    title = "Value at stake a year, by issue; dark bars are among their group's top two"
    if found:
        yield bars("issues", title, found[:15], ("Issue", "Value at stake a year"), book.money)
        return
    lost = [
        Bar(
            _issue_label(row),
            row["points"],
            row["points_low"],
            row["points_high"],
            book.stake(row),
            bool(row["top"]) and owned(row),
        )
        for row in ranked
        if row["points"]
    ]
    unit = "Percentage points" if book.is_share(book.company.outcome) else "Points"
    title = f"{unit} of {book.label(book.company.outcome)} lost, by issue; dark bars are among their group's top two"
    yield bars("issues", title, lost[:15], ("Issue", "Points lost"), words.points)


def _choice(book: Book) -> Iterator[Chart | None]:
    ranked = sorted(book["initiatives"], key=lambda row: (-(row["value"] or 0.0), row["initiative"]))
    form = words.points if book.in_points else book.money
    found = [_bar(row["name"], {**row, "note": None}, form, "", strong=bool(row["chosen"])) for row in ranked]
    yield bars("initiatives", "Value of each candidate; dark bars are chosen", found[:20], ("Initiative", "Value"), form)
    points = [
        {"x": row["budget"], "value": row["value"], "bound": row["bound"]} for row in book["frontier"] if row["value"] is not None
    ]
    table = [
        (book.money(row["budget"]), form(row["value"]), form(row["bound"]), row["chosen"] or "")
        for row in book["frontier"]
        if row["value"] is not None
    ]
    yield curve("frontier", "What more or less money would bring", points, (("value", "best found"), ("bound", "bound")),
                (f"Budget, {book.currency}", "Points" if book.in_points else f"Value, {book.currency}"), table,
                ("Budget", "Best value found", "Proven bound", "Chosen"), ("~s", "~s"),
                "Line: best plan found. Dashed: proven upper bound.")  # fmt: skip


def _roadmap(book: Book) -> Chart | None:
    spans = []
    for row in book.chosen:
        if row["start"] is None or row["end"] is None:
            continue
        told = (row["group"] or "", row["name"] or "", words.month(row["start"]), words.month(row["end"]), book.owner(row))
        spans.append(Span(row["name"] or "", row["group"] or "", row["start"], row["end"], told))
    return gantt("roadmap", "The roadmap, by month and work group", spans, ("Group", "Initiative", "From", "To", "Owner"))


def _whale(book: Book) -> Chart | None:
    points = [{"x": row["customers"], "profit": row["profit"]} for row in book.whale]
    table = [(words.share(row["customers"]), words.share(row["profit"])) for row in book.whale[::10]]
    return curve("whale", "Running share of profit, most profitable customers first", points, (("profit", "profit"),),
                 ("Customers", "Share of all profit"), table, ("Customers", "Share of all profit"), (".0%", ".0%"),
                 "Where the line falls, customers cost more than they bring.")  # fmt: skip


WHOLE_CASE = "(whole case)"


def whole_case(book: Book) -> Row | None:
    """The journey as a whole: how many cases, and how long half of them take."""
    return next((row for row in book.journey if row["step"] == WHOLE_CASE), None)


def steps(book: Book) -> list[Row]:
    """The steps of the journey, most cases first."""
    return [row for row in book.journey if row["next"] in ("", None) and row["step"] != WHOLE_CASE]


def moves(book: Book) -> list[Row]:
    """The moves from step to step, most cases first."""
    return [row for row in book.journey if row["next"] not in ("", None)]


def themes_of(book: Book, praise: bool) -> list[tuple[Row, list[Row]]]:
    """The themes of the upper level, praise or complaints, each with its finer ones; the most frequent first, 'other' last.

    A finer theme without an upper one stands for itself.
    """

    def frequent(row: Row) -> tuple[bool, int, str]:
        return row["theme"] == OTHER, -(row["n_comments"] or 0), row["theme"]

    top = [row for row in book["themes"] if not row["parent"] and (row["sentiment"] == "positive") == praise]
    return [
        (row, sorted((each for each in book["themes"] if each["parent"] == row["theme"]), key=frequent))
        for row in sorted(top, key=frequent)
    ]


def dense(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> tuple[list[int], list[str]]:
    """The columns of a table that say something in some row, and the names of those that do not."""
    empty = [at for at in range(1, len(headers)) if rows and all(str(row[at]) in (words.NOT_COMPUTED, "–", "") for row in rows)]
    return [at for at in range(len(headers)) if at not in empty], [headers[at] for at in empty]
