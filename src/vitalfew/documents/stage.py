"""What people see: pages, the strategy as one PDF, and one sheet a work group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from vitalfew.documents import figures, printed, summary, words
from vitalfew.documents.book import MOST_ROWS, Book, Row, gather, heard, owned
from vitalfew.documents.chain import Chain, anchor, record_conditions, record_name
from vitalfew.documents.charts import Chart
from vitalfew.engine import Context, Tables
from vitalfew.settings import Company

MOST_CLAIMS = 1000
PAGES = {
    "index": "Summary",
    "roadmap": "Roadmap",
    "choice": "Choice",
    "issues": "Issues",
    "drivers": "Drivers",
    "themes": "Themes",
    "promises": "Promises",
    "customers": "Customers",
    "journey": "Journey",
    "ledger": "Ledger",
    "sources": "Sources",
    "why": "Why",
}


def write(tables: Tables, company: Company, context: Context, folder: Path) -> None:
    """Write every page and PDF into `folder`, which is made when it is not there. Nothing written needs a network."""
    context.progress("gathering what the pages show")
    book = gather(tables, company, context.today)
    chain = Chain.of(tables, company.company.currency)
    told = _claims(book, chain)
    context.progress("drawing charts")
    charts = figures.draw(book)
    environment = _environment(book, charts, chain, told)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "groups").mkdir(exist_ok=True)
    (folder / "one-pages").mkdir(exist_ok=True)
    (folder / "style.css").write_text(_asset("style.css", "static"), encoding="utf-8")
    context.progress("writing pages")
    for name in PAGES:
        _page(environment, name, folder / f"{name}.html", "", {})
    for group, file in book.groups.items():
        _page(environment, "group", folder / "groups" / f"{file}.html", "../", {"group": group, "file": file})
    printed.write(environment, book, folder, context.progress, _asset("print.css"))


def _asset(name: str, within: str = "templates") -> str:
    return (resources.files("vitalfew.documents") / within / name).read_text(encoding="utf-8")


def _page(environment: Environment, template: str, path: Path, root: str, more: Mapping[str, Any]) -> None:
    page = environment.get_template(f"{template}.html")
    path.write_text(_labelled(page.render(page=template, root=root, **more)), encoding="utf-8")


def _labelled(page: str) -> str:
    """Each cell carries the name of its column, so that a phone can show a row as a list. What people wrote is escaped by now."""

    def table(found: re.Match[str]) -> str:
        heads = [re.sub(r"<[^>]*>", "", head) for head in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', found[0])]

        def row(line: re.Match[str]) -> str:
            names = iter(heads[1:])
            return re.sub(r"<td\b", lambda _: f'<td data-label="{next(names, "")}"', line[0])

        return re.sub(r"<tr>.*?</tr>", row, found[0], flags=re.DOTALL)

    return re.sub(r"<table>.*?</table>", table, page, flags=re.DOTALL)


def _claims(book: Book, chain: Chain) -> list[str]:
    """The claims why.html walks: those on the pages, the plan first, and all they rest on."""
    shown: list[str] = [row["initiative"] for row in [*book.chosen, *book.not_chosen]]
    shown += [row["issue"] for row in book.top_issues()] + [row["issue"] for row in book["issues"]]
    shown += [row["metric"] for row in [*book.series("all"), *book.series()]]
    for table, column in (("drivers", "driver_id"), ("themes", "theme"), ("expectations", "expectation"), ("one_pages", "claim"),
                          ("actions", "action"), ("benefits", "benefit"), ("effects", "effect"), ("risks", "risk")):  # fmt: skip
        shown += [row[column] for row in book[table]]
    shown += [row["promise"] for row in book.promises] + [row["metric"] for row in book.metrics[:MOST_ROWS]]
    told = chain.reachable([each for each in shown if each], MOST_CLAIMS)
    chain.fetch(told)
    return told


def _environment(book: Book, charts: Mapping[str, Chart], chain: Chain, told: list[str]) -> Environment:
    made = Environment(
        loader=PackageLoader("vitalfew.documents"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(
        number=words.number, points=words.points, share=words.share, day=words.day, brief=words.brief,
        month=words.month, sentence=words.sentence,
        clip=words.clip, money=book.money, duration=words.duration, text=_text, capital=_capital, indicator=_indicator,
    )  # fmt: skip
    index = {claim: anchor(claim) for claim in told}
    made.globals.update(
        book=book,
        charts=charts,
        pages=PAGES,
        words=words,
        most=MOST_ROWS,
        figures=figures,
        anchors=index,
        walked=[_walked(chain, claim, index) for claim in told],
        claim_name=lambda claim: chain.claim(claim).name,
        group_file=book.groups.get,
        heard=heard,
        owned=owned,
        findings=[line for line in summary.findings(book) if line.weight < summary.MISSING],
        issue_name=partial(_issue_name, book),
        style=Markup(_asset("style.css", "static")),  # noqa: S704 - our own file
    )
    return made


def _text(value: object) -> str:
    return str(value) if words.known(value) else "–"


def _capital(text: str) -> str:
    """`text` with a capital at the start."""
    return text[:1].upper() + text[1:]


def _indicator(value: float | None, name: str | None) -> str:
    """A leading indicator's value: mean ratings as numbers, everything else counted is a share."""
    form = words.number if (name or "").startswith("Mean rating") else words.share
    return form(value) if value is not None else "not measured"


def _issue_name(book: Book, issue: str | None) -> str:
    found = book.issue(issue or "")
    return (found["name"] if found else None) or (issue or "").partition(":")[2] or "–"


def _walked(chain: Chain, claim: str, index: Mapping[str, str]) -> Row:
    """One claim of why.html: its names and what it rests on, with the records shown."""
    steps = []
    for step in chain.supports.get(claim, ()):
        support = str(step["support"])
        asked, found = record_conditions(support), chain.records(support)
        records = [] if asked is None or found is None else [_record(chain, asked[0], row) for row in found[1]]
        steps.append(
            {
                "role": chain.say(step["role"]) or "rests on",
                "phrase": chain.support_phrase(step),
                "anchor": index.get(support),
                "sentence": chain.claim(support).sentence if chain.knows(support) else "",
                "support": support,
                "records": records,
                "more": chain.left(step),
            }
        )
    return {"id": claim, "anchor": index[claim], "claim": chain.claim(claim), "steps": steps}


def _record(chain: Chain, table: str, row: Row) -> tuple[str, str]:
    return record_name(table, row), chain.record_text(table, row)
