"""The last ten lines of `vitalfew run`: what to do first, why, what it is worth and where to look."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

from vitalfew.documents import words
from vitalfew.documents.book import Book, gather
from vitalfew.engine import Tables
from vitalfew.settings import Company

WIDTH = 100


def ten_lines(tables: Tables, company: Company, folder: Path | None = None) -> list[str]:
    """At most ten lines of plain text, each at most 100 characters. `folder` is the workspace, named in the last lines."""
    book = gather(tables, company, company.company.as_of or date.max)
    place = str(folder) if folder is not None else "DIR"
    lines = [*_first(book), *_customers(book), *_rest(book), *_where(book, place)]
    return [words.clip(line.replace(words.NO_BREAK, " "), WIDTH) for line in lines][:10]


def _first(book: Book) -> list[str]:
    first = book.first
    if first is None:
        why = next((row["note"] for row in book["portfolio"] if row["note"]), "") or "no initiative could be chosen"
        return [*textwrap.wrap(f"Do first: nothing is chosen. {words.sentence(why)}", WIDTH)[:2], *_top_issue(book)]
    lines = [f"Do first: {words.clip(first['name'], 48)} ({words.clip(first['group'], 20)}), from {words.month(first['start'])}"]
    issues = book.acts_on(first)
    if issues:
        issue = issues[0]
        about = f"; {words.count(issue['n_people'], 'customer')} known to be affected" if issue["n_people"] else ""
        lines.append(f"Why: it removes {words.share(first['share'])} of {words.clip(issue['name'], 40)}{about}")
    worth = book.worth(first["value"], first["low"], first["high"])
    lines.append(f"Worth: {worth} over the plan, for {book.money(first['cost'])}. Owner: {book.owner(first)}")
    others = [words.clip(row["name"], 32) for row in book.chosen[1:4]]
    if others:
        lines.append(f"Then: {'; '.join(others)}")
    return lines


def _top_issue(book: Book) -> list[str]:
    issues = book.top_issues()
    if not issues:
        return []
    top = issues[0]
    stake = f"value at stake {words.figure(top['value'], top['low'], top['high'], form=book.money)}"
    if top["value"] is None and top["points"] is not None:
        stake = f"{words.figure(top['points'], top['points_low'], top['points_high'])} points lost"
    return [f"Look first at: {words.clip(top['name'], 36)} ({words.clip(top['group'], 18)}), {stake}"]


def _customers(book: Book) -> list[str]:
    lines = []
    quoted = [row["quote"] for row in [*(book.acts_on(book.first) if book.first else []), *book.top_issues()] if row["quote"]]
    if quoted:
        lines.append(f"Customers say: “{words.clip(quoted[0], 78)}”")
    top = book.headline
    if top is not None:
        name = "NPS" if top["statistic"] == "nps" else f"{book.label(top['question'])}, {top['statistic']}"
        form = words.share if top["statistic"] in ("top2", "share", "rate") else words.whole if name == "NPS" else words.points
        lines.append(f"Today: {name} {words.figure(top['value'], top['low'], top['high'], top['n'], form, top['note'])}")
    return lines


def _rest(book: Book) -> list[str]:
    lines = []
    drivers = [row for row in book["drivers"] if row["outcome"] == book.company.outcome and row["segment"] == "all"]
    top = min(drivers, key=lambda row: (row["rank"] or 999, row["driver"]), default=None)
    # The only driver has the whole share, which says nothing.
    if top is not None and top["share"] is not None and len(drivers) > 1:
        told = words.figure(top["share"], top["low"], top["high"], top["n"], words.share)
        lines.append(f"Goes with it most: {words.clip(top['driver'], 32)}, {told}")
    left_out = book.not_chosen
    if left_out:
        named = "; ".join(words.clip(row["name"], 36) for row in left_out[:2])
        lines.append(f"Not now: {named}" + (f" and {len(left_out) - 2} more" if len(left_out) > 2 else ""))
    if book["not_computed"]:
        lines.append(
            f"Not computed: {words.count(len(book['not_computed']), 'figure')}; sources.html says which data would allow them"
        )
    return lines


def _where(book: Book, place: str) -> list[str]:
    claims = [row["initiative"] for row in book.chosen] + [row["issue"] for row in book.top_issues()]
    read = f"Read: {place}/strategy/index.html"
    walks = [f"{read}; walk it: vitalfew why {folder} {claim}" for claim in claims for folder in (place, "DIR")]
    return [next((walk for walk in walks if len(walk) <= WIDTH), read)]
