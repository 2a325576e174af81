"""Customers' words about a theme, under the filters and without who said them."""

from __future__ import annotations

from typing import Any

from vitalfew.listen.masking import mask
from vitalfew.web.shell.access import Visit
from vitalfew.web.shell.filters import Filters
from vitalfew.web.shell.paging import Paging, paging
from vitalfew.web.understand.figures import COMMENTS
from vitalfew.web.understand.measuring import inside

QUOTES = 20
_FOUND = """ SELECT {what} FROM (SELECT m.quote, m.sentiment, count(*) AS times, min(m.rank) AS place FROM flagged f
  JOIN {{mentions}} m ON f.tab = m."table" AND f.source = m.source AND f."key" = m."key"
  JOIN {{themes}} t ON m.theme = t.theme AND (t.theme = f.cell OR t.parent = f.cell)
  WHERE f.inside AND f.cell = ? AND m.quote <> '' GROUP BY m.quote, m.sentiment) {end}"""
_COUNT = _FOUND.format(what="count(*) AS n", end="")
_PAGE = _FOUND.format(what="*", end="ORDER BY place, times DESC, quote LIMIT ? OFFSET ?")


def quotes(visit: Visit, theme: str, filters: Filters) -> tuple[list[dict[str, Any]], Paging]:
    """A page of different quotes about `theme` (of the finer ones too, for a theme above), the tellingest first."""
    sql, tables, values = inside(visit, COMMENTS, filters)
    total = visit.reader.select(sql + _COUNT, tables, [*values, theme])[0]["n"]
    at = paging(visit, int(total), QUOTES)
    rows = visit.reader.select(sql + _PAGE, tables, [*values, theme, at.size, at.offset])
    return [{**row, "quote": mask(row["quote"])} for row in rows], at
