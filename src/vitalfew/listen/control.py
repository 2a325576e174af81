"""Whether what was read of a source amounts to what company.toml says it must: the answer to a file cut between two lines."""

from __future__ import annotations

from collections.abc import Iterator

from vitalfew.engine import Context
from vitalfew.faults import Fault
from vitalfew.listen.sources import Staged
from vitalfew.listen.typed import Wanted, cleaned, quote, styles, typed

_MEND = "fetch or export it again, or correct control"
_CENT, _ROUNDING = 0.005, 1e-9
"""A sum may differ by half a cent, and by what adding many numbers up in another order makes."""


def control_faults(staged: Staged, context: Context) -> Iterator[Fault]:
    """What of the source's `control` does not hold."""
    control = staged.opened.source.control
    if control is None:
        return
    rows = staged.rows_read
    if control.rows is not None and rows != control.rows:
        yield Fault(staged.path, 1, f"{rows} records were read where control says {control.rows}", _MEND)
    if control.least is not None and rows < control.least:
        yield Fault(staged.path, 1, f"{rows} records were read where control says at least {control.least}", _MEND)
    if control.total is not None:
        total = _sum(staged, control.column, context)
        if abs(total - control.total) > max(_CENT, _ROUNDING * abs(control.total)):
            what = f"{control.column} adds up to {total:.15g} where control says {control.total:.15g}"
            yield Fault(staged.path, 1, what, _MEND)


def _sum(staged: Staged, column: str, context: Context) -> float:
    """The sum of the values of a column that are numbers, in the style the column has."""
    engine, wanted = context.engine, {"sum": Wanted("number")}
    text = engine.project(staged.table, {"sum": cleaned(quote(column))})
    numbers = typed(engine, text, wanted, styles(engine, text, wanted), "UTC")
    found = engine.collect(numbers.aggregate(total=numbers["sum"].sum())).column("total")[0].as_py()
    return float(found or 0.0)
