"""What customers tell us: figures, drivers, themes, promises, journeys, and the walk from any of them to the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from vitalfew.engine.reader import Where
from vitalfew.evidence import claim_id
from vitalfew.web.shell import exporting, wording
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.shell.exporting import Column
from vitalfew.web.shell.filters import Filters, bar, chosen, facets
from vitalfew.web.shell.withholding import few, least_of
from vitalfew.web.understand import drawing, figures, journeys, walking
from vitalfew.web.understand.drawing import Mark
from vitalfew.web.understand.figures import Figure
from vitalfew.web.understand.measuring import Sums, measure
from vitalfew.web.understand.words import quotes

FIGURE_COLUMNS = ("n", "value", "low", "high", "note")


@page("strategy.read")
def why(request: HttpRequest, visit: Visit, claim: str) -> HttpResponse:
    """What a claim rests on, two steps down; each claim below leads on."""
    walks = walking.walks_of(visit)
    if not walks.chain.knows(claim):
        raise Http404
    if not walking.may_read(visit, walks, claim):
        raise PermissionDenied
    found = walking.steps(visit, walks, claim)
    more = len(walks.chain.supports.get(claim, ())) - len(found)
    return render(
        request,
        "understand/why.html",
        {"id": claim, "claim": walks.chain.claim(claim), "steps": found, "more": more, "names": visit.reach("records.read")},
    )


# --- metrics ---


@page("explore.read")
def metrics(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Every question's figures; of one question also by period and segment."""
    filters = chosen(visit)
    scores, ignored = figures.scores(visit, filters)
    asked = request.GET.get("question", "")
    if asked and asked not in visit.settings.questions:
        raise Http404
    claims = _metric_claims(visit, filters)
    rows = [_metric(visit, each, claims) for each in scores]
    rows.sort(key=lambda row: (row["question"] != visit.settings.outcome, row["label"], row["statistic"]))
    cuts = _by_cuts(visit, filters, asked) if asked else []
    if exporting.wanted(visit):
        named = [Column(_("Question"), "label"), Column(_("Statistic"), "statistic_label")]
        if asked:
            pieces = [{**each, "by": cut["label"]} for cut in cuts for each in cut["rows"]]
            named += [Column(_("By"), "by"), Column(_("Value of the cut"), "piece")]
            return exporting.answer(visit, f"metrics-{asked}", [*named, *_figure_columns()], pieces)
        return exporting.answer(visit, "metrics", [*named, *_figure_columns()], rows)
    told = next((row for row in rows if row["question"] == asked), None)
    others = _other_metrics(visit, filters)
    made = {"rows": rows, "asked": asked, "label": figures.label(visit.settings, asked), "told": told, "cuts": cuts, **others}
    return render(request, "understand/metrics.html", {**made, "bar": bar(visit, filters, ignored, {"question": asked})})


def _metric(visit: Visit, each: Figure, claims: dict[tuple[str, str], str]) -> dict[str, Any]:
    name = figures.statistic_label(each.statistic)
    told = {"question": each.cell, "label": figures.label(visit.settings, each.cell), "statistic": each.statistic,
            "statistic_label": name, "piece": each.piece, "form": figures.FORMS[each.statistic],
            "claim": claims.get((each.cell, each.statistic), "")}  # fmt: skip
    return {**told, **each.row}


def _metric_claims(visit: Visit, filters: Filters) -> dict[tuple[str, str], str]:
    """The claim behind each figure: the run's own figure under one filter where it has one, else the figure over everything."""
    narrowed = not (filters.account or filters.group or filters.channel) and not (filters.segment and filters.period)
    segment, period = (filters.segment or "all", filters.period or "all") if narrowed else ("all", "all")
    found = {}
    for cut, when in (("all", "all"), (segment, period)):
        where = [Where("segment", "=", cut), Where("period", "=", when)]
        for row in visit.reader.rows("metrics", where, columns=("metric", "question", "statistic")):
            found[(row["question"], row["statistic"])] = row["metric"]
    return found


def _by_cuts(visit: Visit, filters: Filters, question: str) -> list[dict[str, Any]]:
    """The figures of one question by quarter and by each segment that no filter has chosen yet."""
    wanted = [] if "-" in filters.period else [("quarter", _("Period"))]
    if not filters.segment:
        wanted += [(f"cut:{name}", name.replace("_", " ").capitalize()) for name in list(facets(visit).segments)[:8]]
    found = []
    for by, label in wanted:
        scores, _ignored = figures.scores(visit, filters, question, by)
        if not scores:
            continue
        first = scores[0].statistic
        rows = [_metric(visit, each, {}) for each in scores]
        main = [each for each in rows if each["statistic"] == first]
        form = wording.form_of(figures.FORMS[first])
        title = _("%(statistic)s by %(cut)s") % {"statistic": figures.statistic_label(first), "cut": label.lower()}
        marks = [Mark(each["piece"], each["value"], each["low"], each["high"], wording.figure(each, each["form"])) for each in main]
        note = _("Pale or thin line: 95 % interval.")
        if by == "quarter":
            chart = drawing.trend(title, marks, form, note)
        else:
            ranked = sorted(marks, key=lambda mark: -(mark.value if mark.value is not None else -1e9))
            chart = drawing.bars(title, ranked[:20], note)
        found.append({"by": by, "label": label, "rows": rows, "chart": chart})
    return found


def _other_metrics(visit: Visit, filters: Filters) -> dict[str, Any]:
    """Shares of choices and rates the run itself worked out: over everything, one period or one segment."""
    if filters.account or filters.group or filters.channel or (filters.segment and filters.period):
        some = visit.reader.count("metrics", [Where("statistic", "in", ("share",))])
        note = _("Shares of choices are known for one period or one segment at a time.") if some else ""
        return {"others": [], "others_note": note}
    where = [Where("segment", "=", filters.segment or "all"), Where("period", "=", filters.period or "all")]
    rows = visit.reader.rows("metrics", [*where, Where("statistic", "in", ("share", "rate"))], limit=300)
    kept = []
    for row in rows:
        question, _mark, choice = row["question"].partition("=")
        if not choice and question in visit.settings.questions:
            continue
        kept.append({**row, "label": f"{figures.label(visit.settings, question)}: {choice}" if choice else row["question"]})
    return {"others": kept, "others_note": ""}


# --- drivers ---


@page("explore.read")
def drivers(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """What goes with the outcome: shares of what is explained, level of service, performance."""
    filters = chosen(visit)
    every = visit.reader.small("drivers")
    segment = filters.segment if any(row["segment"] == filters.segment for row in every) else "all"
    ignored = [name for name in ("period", "account", "group", "channel") if getattr(filters, name)]
    ignored += ["segment"] if filters.segment and segment == "all" else []
    least = least_of(visit.settings.company.minimum_group)
    rows = [_driver(row, least) for row in every if (row["segment"] or "all") == segment]
    rows.sort(key=lambda row: (row["outcome"] != visit.settings.outcome, row["outcome"], row["rank"] or 999, row["driver"]))
    if exporting.wanted(visit):
        names = ("outcome", "driver", "group", "segment", "n", "share", "low", "high", "first_probability", "performance", "effect",
                 "effect_low", "effect_high", "level", "penalty", "reward", "quadrant", "note")  # fmt: skip
        return exporting.answer(visit, "drivers", [Column(name, name) for name in names], rows)
    outcomes = []
    for outcome in dict.fromkeys(row["outcome"] for row in rows):
        found = [row for row in rows if row["outcome"] == outcome]
        outcomes.append({"label": figures.label(visit.settings, outcome), "rows": found, **_driver_charts(found)})
    levels = visit.reader.small("levels")
    made = {"outcomes": outcomes, "levels": levels, "segment": segment}
    return render(request, "understand/drivers.html", {**made, "bar": bar(visit, filters, ignored)})


def _driver(row: dict[str, Any], least: int) -> dict[str, Any]:
    """A driver's row; one of too few people keeps its name only."""
    if row["n"] is None or not few(row["n"], least):
        return dict(row)
    keys = ("driver_id", "outcome", "driver", "question", "group", "segment", "rank")
    told = {"note": _("withheld: fewer than %(least)s people") % {"least": least}}
    return {**dict.fromkeys(row), **{key: row[key] for key in keys}, **told}


def _driver_charts(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    marks = []
    for row in rows:
        told = wording.figure({**row, "value": row["share"]}, "share")
        marks.append(Mark(row["driver"], row["share"], row["low"], row["high"], told, row["quadrant"] == "fix"))
    placed = []
    for row in rows:
        low, high, mean = row["scale_low"], row["scale_high"], row["performance"]
        across = (
            None if mean is None else (mean - low) / (high - low) if low is not None and high is not None and high > low else mean
        )
        placed.append(Mark(row["driver"], row["share"], strong=row["quadrant"] == "fix", across=across))
    share = drawing.bars(_("Share of what is explained"), marks[:15], _("Thin line: 95 % interval. Dark bars are the ones to fix."))
    names = (_("Fix"), _("Keep"), _("Watch"), _("Leave"))
    fields = drawing.quadrant(
        _("Importance and performance"),
        placed[:20],
        (_("performance"), _("importance")),
        names,
        _("The lines are the averages. The numbers follow the order of the table."),
    )
    return {"share": share if len(rows) > 1 else None, "fields": fields}


# --- themes ---


@page("explore.read")
def themes(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """What customers say: themes on two levels with their counts under the filters."""
    filters = chosen(visit)
    found = measure(visit, figures.COMMENTS, filters)
    counts = {row.cell: row for row in found.rows}
    told = [_theme(visit, row, counts, bool(filters)) for row in visit.reader.small("themes")]
    rows = _vital_few([row for row in told if row["n_comments"] or row["note"]])
    if exporting.wanted(visit):
        names = ("name", "parent_name", "sentiment", "n_comments", "n_people", "share", "vital_few", "group", "driver", "note")
        return exporting.answer(visit, "themes", [Column(name, name) for name in names], rows)
    tree = []
    for praise in (False, True):
        top = [row for row in rows if not row["parent"] and (row["sentiment"] == "positive") == praise]
        tree.append([{**row, "finer": [each for each in rows if each["parent"] == row["theme"]]} for row in top])
    finer = [row for row in rows if row["lowest"] and row["sentiment"] != "positive" and row["share"] is not None]
    marks = [Mark(row["name"], row["share"], told=wording.share(row["share"]), strong=row["vital_few"]) for row in finer[:15]]
    chart = drawing.bars(_("What customers complain of: share of comments"), marks, _("Dark bars are the vital few."))
    made = {"complaints": tree[0], "praise": tree[1], "chart": chart, "narrowed": bool(filters), "total": counts.get("")}
    return render(request, "understand/themes.html", {**made, "bar": bar(visit, filters, found.ignored)})


def _theme(visit: Visit, row: dict[str, Any], counts: dict[str, Sums], narrowed: bool) -> dict[str, Any]:
    """A theme with its counts under the filters; quotes and impact are of the whole run and shown without filters only."""
    names = {each["theme"]: each["name"] for each in visit.reader.small("themes")}
    parents = {each["parent"] for each in visit.reader.small("themes")}
    found, total = counts.get(row["theme"]), counts.get("")
    keys = ("theme", "parent", "name", "words", "sentiment", "group", "driver")
    made: dict[str, Any] = {key: row[key] for key in keys}
    made |= {"parent_name": names.get(row["parent"] or "", ""), "lowest": row["theme"] not in parents, "note": ""}
    made |= dict.fromkeys(("n_comments", "n_people", "share", "quote", "second_quote", "impact", "low", "high"))
    if found is None:
        return {**made, "n_comments": 0, "n_people": 0, "vital_few": False}
    if found.withheld is not None:
        return {**made, "note": figures.why_withheld(visit, found.withheld)}
    made |= {"n_comments": found.n, "n_people": found.people, "vital_few": False}
    if total is not None and total.withheld is None:
        made["share"] = found.n / total.n
    if not narrowed:
        made |= {key: row[key] for key in ("quote", "second_quote", "impact", "low", "high")}
        made["moves"] = (
            wording.figure({**row, "value": row["impact"], "n": None}, "thousandths") if row["impact"] is not None else ""
        )
    return made


def _vital_few(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The themes, most comments first; of the complaints of each level those that together make up 80 % are the vital few."""
    rows.sort(key=lambda row: (-(row["n_comments"] or 0), row["theme"]))
    for level in (True, False):
        some = [row for row in rows if row["lowest"] == level and row["sentiment"] != "positive" and row["n_comments"]]
        total, running = sum(row["n_comments"] for row in some), 0
        for row in some:
            row["vital_few"] = running < 0.8 * total
            running += row["n_comments"]
    for row in rows:
        row.setdefault("vital_few", False)
    return rows


@page("explore.read")
def theme(request: HttpRequest, visit: Visit, theme: str) -> HttpResponseBase:
    """One theme: how it goes, and customers' words."""
    row = next((each for each in visit.reader.small("themes") if each["theme"] == theme), None)
    if row is None:
        raise Http404
    filters = chosen(visit)
    now = measure(visit, figures.COMMENTS, filters)
    counts = {each.cell: each for each in now.rows}
    told = _theme(visit, row, counts, bool(filters))
    by_period = measure(visit, figures.COMMENTS, filters, "quarter").rows if "-" not in filters.period else ()
    totals = {each.piece: each for each in by_period if each.cell == ""}
    periods = [_in_period(visit, each, totals.get(each.piece)) for each in by_period if each.cell == theme]
    if exporting.wanted(visit):
        names = ("period", "n_comments", "n_people", "share", "note")
        return exporting.answer(visit, "theme", [Column(name, name) for name in names], periods, theme=theme)
    marks = [Mark(each["period"], each["share"], told=wording.share(each["share"])) for each in periods]
    chart = drawing.trend(_("Share of comments, by period"), marks, wording.share)
    words, paging = ([], None) if told["note"] else quotes(visit, theme, filters)
    finer = [_theme(visit, each, counts, True) for each in visit.reader.small("themes") if each["parent"] == theme]
    made = {"row": told, "periods": periods, "chart": chart, "words": words, "paging": paging, "finer": finer}
    return render(request, "understand/theme.html", {**made, "bar": bar(visit, filters, now.ignored)})


def _in_period(visit: Visit, row: Sums, total: Sums | None) -> dict[str, Any]:
    made: dict[str, Any] = {"period": row.piece, "n_comments": None, "n_people": None, "share": None, "note": ""}
    if row.withheld is not None:
        return {**made, "note": figures.why_withheld(visit, row.withheld)}
    shown = total is not None and total.withheld is None
    return {**made, "n_comments": row.n, "n_people": row.people, "share": row.n / total.n if shown and total else None}


# --- promises ---


@page("explore.read")
def promises(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """What was promised, and how often it was kept under the filters."""
    filters = chosen(visit)
    kept, found = figures.shares(visit, figures.CHECKS, filters)
    by_promise = {each.cell: each for each in kept}
    every = visit.reader.small("promises")
    rows = []
    for row in every:
        if (row["segment"] or "all") != "all":
            continue
        figure = by_promise.get(row["promise"])
        same = next((each for each in every if each["promise"] == row["promise"] and each["segment"] == filters.segment), None)
        only_segment = bool(filters.segment) and not filters.with_(segment="")
        seen = row if not filters else same if only_segment else None
        empty = {"value": None, "low": None, "high": None, "n": 0, "note": _("never due under these filters")}
        rows.append({**_promise(row, seen), **(figure.row if figure else empty)})
    if exporting.wanted(visit):
        names = ("name", "group", "n", "value", "low", "high", "standard", "perceived", "score_kept", "score_broken", "note")
        return exporting.answer(visit, "promises", [Column(name, name) for name in names], rows)
    marks = [
        Mark(row["name"], row["value"], row["low"], row["high"], wording.figure(row, "share"),
             row["standard"] is None or row["value"] is None or row["value"] < row["standard"], row["standard"])
        for row in rows
    ]  # fmt: skip
    note = _("Thin line: 95 % interval. Upright line: the standard. Dark bars are below it.")
    chart = drawing.bars(_("How often each promise is kept"), marks, note)
    cuts = _promise_cuts(visit, filters)
    asked = request.GET.get("by", "")
    by = asked if any(asked == each["by"] for each in cuts) else ""
    named = {row["promise"]: row["name"] for row in rows}
    pieces = figures.shares(visit, figures.CHECKS, filters, by)[0] if by else []
    told = [{"name": named.get(each.cell, each.cell), "piece": each.piece, **each.row} for each in pieces]
    label = next((each["label"] for each in cuts if each["by"] == by), "")
    made = {"rows": rows, "chart": chart, "cuts": cuts, "by": by, "by_label": label, "pieces": told, "narrowed": bool(filters)}
    return render(request, "understand/promises.html", {**made, "bar": bar(visit, filters, found.ignored, {"by": by})})


def _promise(row: dict[str, Any], seen: dict[str, Any] | None) -> dict[str, Any]:
    """A promise's texts, and what the run knows of how customers see it (`seen`: its row for the same cut)."""
    told = {key: row[key] for key in ("promise", "name", "text", "group", "standard")}
    of_run = ("perceived", "perceived_n", "score_kept", "score_broken", "n_kept", "n_broken")
    return {**told, **{key: seen[key] if seen else None for key in of_run}}


def _promise_cuts(visit: Visit, filters: Filters) -> list[dict[str, str]]:
    """What promises can be broken down by: dimensions no filter has chosen yet, with the address of each."""
    wanted = [] if "-" in filters.period else [("quarter", _("Period"))]
    if not filters.segment:
        wanted += [(f"cut:{name}", name.replace("_", " ").capitalize()) for name in list(facets(visit).segments)[:8]]
    return [{"by": by, "label": label, "address": visit.request.path + filters.query({"by": by})} for by, label in wanted]


# --- journeys ---


@page("explore.read")
def journey(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The steps cases pass, the moves between them, and the commonest paths."""
    filters = chosen(visit)
    steps = measure(visit, journeys.STEPS, filters)
    moves = measure(visit, journeys.MOVES, filters)
    known = {_step_name(row): row for row in visit.reader.rows("journey", limit=2500)}
    rows = [_step(visit, row, known.get(row.cell), bool(filters)) for row in _most(steps.rows)]
    moved = [_move(visit, row, known.get(row.cell), bool(filters)) for row in _most(moves.rows)[:200]]
    paths = [] if filters else visit.reader.rows("paths", order=("rank",), limit=30)
    if exporting.wanted(visit):
        names = ("stage", "step", "next", "cases", "people", "drop_off", "rework", "median_days", "handoffs", "score", "note")
        return exporting.answer(visit, "journeys", [Column(name, name) for name in names], [*rows, *moved])
    whole = next((row for row in known.values() if row["step"] == "(whole case)"), None)
    made = {"rows": rows, "moves": moved, "paths": paths, "whole": None if filters else whole, "narrowed": bool(filters)}
    return render(request, "understand/journeys.html", {**made, "bar": bar(visit, filters, steps.ignored)})


def _step_name(row: dict[str, Any]) -> str:
    return f"{row['stage']}/{row['step']}" + (f" > {row['next']}" if row["next"] else "")


def _most(rows: Iterable[Sums]) -> list[Sums]:
    return sorted(rows, key=lambda row: (-row.n if row.withheld is None else 0, row.cell))


def _step(visit: Visit, row: Sums, of_run: dict[str, Any] | None, narrowed: bool) -> dict[str, Any]:
    """A step under the filters; how long it takes, hand-offs and score are the run's, over everything."""
    stage, _slash, step = row.cell.partition("/")
    made: dict[str, Any] = {
        "stage": stage,
        "step": step,
        "next": "",
        "claim": claim_id("journey", stage or "any", step),
        "note": "",
    }
    made |= dict.fromkeys(("cases", "people", "drop_off", "rework", "median_days", "handoffs", "score", "group"))
    if row.withheld is not None:
        return {**made, "note": figures.why_withheld(visit, row.withheld)}
    made |= {"cases": row.n, "people": row.people, "drop_off": float(row.sums["first"] or 0) / row.n,
             "rework": float(row.sums["good"] or 0) / row.n}  # fmt: skip
    if of_run and not narrowed:
        made |= {key: of_run[key] for key in ("median_days", "handoffs", "score", "group")}
    return made


def _move(visit: Visit, row: Sums, of_run: dict[str, Any] | None, narrowed: bool) -> dict[str, Any]:
    made = _step(visit, row, None, narrowed)
    step, _mark, following = made["step"].rpartition(" > ")
    made |= {"step": step, "next": following, "claim": "", "drop_off": None, "rework": None}
    if of_run and not narrowed and row.withheld is None:
        made["median_days"] = of_run["median_days"]
    return made


def _figure_columns() -> list[Column]:
    labels = {"n": "n", "value": _("Value"), "low": _("Low"), "high": _("High"), "note": _("Note")}
    return [Column(labels[name], name) for name in FIGURE_COLUMNS]
