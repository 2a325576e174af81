"""The PDF documents: the whole strategy, and one A4 sheet a work group."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import weasyprint
from jinja2 import Environment
from weasyprint.text.fonts import FontConfiguration

from vitalfew.documents.book import Book, Row

# From roomy to dense: the size of type in points, and the most characters of one line of text. The last fits whatever is written.
FITS = ((9.6, 420), (8.8, 300), (8.3, 260), (7.8, 260), (7.3, 180), (6.8, 110), (6.2, 80), (5.6, 50))
MOST_LINES = {"issue": 2, "vital few": 4, "whys": 6, "actions": 5, "indicators": 5}
OTHER_LINES = 3


def write(environment: Environment, book: Book, folder: Path, progress: Callable[[str], None], style: str) -> None:
    """Write strategy.pdf and one-pages/*.pdf under `folder`."""
    fonts = FontConfiguration()
    sheet = weasyprint.CSS(string=style, font_config=fonts, url_fetcher=_refuse)
    sheets: list[Row] = []
    for group, file in book.groups.items():
        progress(f"printing the one-page strategy of {group}")
        form, rendered = _sheet(environment, book, group, file, sheet, fonts)
        rendered.write_pdf(folder / "one-pages" / f"{file}.pdf", pdf_identifier=_identifier(group))
        sheets.append({**_content(book, group, FITS[form][1]), "size": FITS[form][0]})
    progress("printing the strategy")
    text = environment.get_template("print.html").render(page="print", root="", sheets=sheets)
    rendered = weasyprint.HTML(string=text, url_fetcher=_refuse).render(font_config=fonts, stylesheets=[sheet])
    rendered.write_pdf(folder / "strategy.pdf", pdf_identifier=_identifier("strategy"))


def _sheet(environment: Environment, book: Book, group: str, file: str, sheet: Any, fonts: Any) -> tuple[int, Any]:
    """The group's sheet in the roomiest form that fits one page: the first form that could, or a later one by bisection."""
    template = environment.get_template("sheet.html")
    rendered: dict[int, Any] = {}

    def fits(form: int) -> bool:
        if form not in rendered:
            size, length = FITS[form]
            text = template.render(page="sheet", root="", size=size, file=file, **_content(book, group, length))
            html = weasyprint.HTML(string=text, url_fetcher=_refuse)
            rendered[form] = html.render(font_config=fonts, stylesheets=[sheet])
        return len(rendered[form].pages) == 1

    # A form with more letters than a page of its type holds is not tried: setting what overflows is slow.
    first = next((form for form in range(len(FITS)) if _letters(book, group, form) < _room(form)), len(FITS) - 1)
    low, high = (first, first) if fits(first) else (min(first + 1, len(FITS) - 1), len(FITS) - 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    fits(low)
    return low, rendered[low]


def _letters(book: Book, group: str, form: int) -> int:
    found = _content(book, group, FITS[form][1])
    lines = [row[column] for rows in found["sections"].values() for row in rows for column in ("label", "text")]
    return sum(min(len(line or ""), FITS[form][1]) for line in lines)


def _room(form: int) -> float:
    # 184 mm by 273 mm in points; a letter is half as wide as its size and a line 1.36 times as high.
    return 521 * 774 / (0.5 * 1.36 * FITS[form][0] ** 2)


def _content(book: Book, group: str, length: int) -> Row:
    """What a group's sheet shows, each text at most `length` characters."""
    sections: defaultdict[str, list[Row]] = defaultdict(list)
    left_out = 0
    for row in book["one_pages"]:
        if row["group"] != group:
            continue
        lines = sections[row["section"] or ""]
        if len(lines) < MOST_LINES.get(row["section"] or "", OTHER_LINES):
            lines.append(row)
        else:
            left_out += 1
    actions = [row for row in book["actions"] if row["group"] == group]
    left_out += max(0, len(actions) - MOST_LINES["actions"])
    lead = next((each for each in book.company.group if each.name == group), None)
    return {
        "group": group,
        "lead": lead,
        "sections": sections,
        "actions": actions[: MOST_LINES["actions"]],
        "issues": [row for row in book.issues_of(group) if row["top"]][:2],
        "length": length,
        "left_out": left_out,
    }


def _identifier(name: str) -> bytes:
    return hashlib.sha256(f"vitalfew {name}".encode()).digest()[:16]


def _refuse(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"documents need nothing from outside, but {url[:80]} was asked for")
