"""Ibis' expressions in Spark's SQL, where Ibis has no word for what DuckDB does or its word means something else there.

Each of these stands for a difference that was seen: `tests/engine/test_spark.py` holds both engines to the same values.
"""

from __future__ import annotations

import re
import string
from typing import Any

import ibis.common.exceptions as com
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

# Control signs that SQLGlot writes as escapes Spark does not know: it would read the letter.
_UNKNOWN = {"\a": 7, "\v": 11, "\f": 12}


class Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis has no types
    """As Ibis' own, with DuckDB's meaning where the two differ."""

    __slots__ = ()

    def visit_DefaultLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        """A text that holds a sign Spark cannot be told in quotes is put together from pieces."""
        return self._text(value) if dtype.is_string() else super().visit_DefaultLiteral(op, value=value, dtype=dtype)

    def visit_Strip(self, op: Any, *, arg: Any) -> Any:
        """White space as Python and DuckDB count it."""
        return sge.Trim(this=arg, expression=self._text(string.whitespace), position="BOTH")

    def visit_GroupConcat(self, op: Any, *, arg: Any, sep: Any, where: Any, order_by: Any) -> Any:
        """LISTAGG, which Spark has from 4.0 on: nulls are passed over, of nothing it makes null."""
        if not order_by:
            return super().visit_GroupConcat(op, arg=arg, sep=sep, where=where, order_by=order_by)
        said = arg if where is None else self.if_(where, arg, sge.Null())
        return sge.WithinGroup(this=self.f.anon.listagg(said, sep), expression=sge.Order(expressions=order_by))

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:
        """Of no rows there are 0 that meet a condition, where a sum of none would be null."""
        counted = super().visit_CountStar(op, arg=arg, where=where)
        return counted if where is None else self.f.coalesce(counted, 0)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """A float becomes the decimal nearest to its binary value; Spark would round what is printed of it (1.005 to 1.01)."""
        if to.is_decimal() and op.arg.dtype.is_floating() and to.scale:
            arg = self._rounded(arg, to.scale)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:
        """As for decimals: by the binary value."""
        if op.arg.dtype.is_floating() and isinstance(op.digits, ops.Literal) and op.digits.value:
            return self._rounded(arg, op.digits.value)
        return super().visit_Round(op, arg=arg, digits=digits)

    def visit_RegexReplace(self, op: Any, *, arg: Any, pattern: Any, replacement: Any) -> Any:
        """The pattern as Java writes what RE2 means."""
        return super().visit_RegexReplace(op, arg=arg, pattern=self._pattern(op.pattern), replacement=replacement)

    def visit_RegexSearch(self, op: Any, *, arg: Any, pattern: Any) -> Any:
        """The pattern as Java writes what RE2 means."""
        return super().visit_RegexSearch(op, arg=arg, pattern=self._pattern(op.pattern))

    def visit_TimestampDelta(self, op: Any, *, part: Any, left: Any, right: Any) -> Any:
        """How often the boundary of a day, or a microsecond, was passed between two times, as DuckDB counts.

        Spark's own difference in days counts whole days, and so says 0 where midnight lies between.
        """
        unit = op.part.value
        if unit in ("day", "D"):
            days = self.f.anon.datediff(self.cast(left, dt.date), self.cast(right, dt.date))
            return self.cast(days, dt.int64)
        if unit in ("microsecond", "us"):
            return sge.Anonymous(this="timestampdiff", expressions=[sge.Var(this="MICROSECOND"), right, left])
        raise com.UnsupportedOperationError(f"times are not told apart by the {unit} on Spark")

    visit_TimeDelta = visit_DateDelta = visit_TimestampDelta

    def _text(self, value: str) -> Any:
        parts = [part for part in re.split("([\a\v\f])", value) if part]
        made = [self.f.anon.chr(_UNKNOWN[part]) if part in _UNKNOWN else sge.convert(part) for part in parts]
        return made[0] if len(made) == 1 else self.f.concat(*made) if made else sge.convert("")

    def _rounded(self, arg: Any, digits: int) -> Any:
        power = self.cast(sge.convert(10**digits), dt.float64)
        return self.f.round(arg * power) / power

    def _pattern(self, pattern: Any) -> Any:
        """Raises UnsupportedOperationError for a pattern that is no plain text."""
        if not isinstance(pattern, ops.Literal):
            raise com.UnsupportedOperationError("patterns stand in the code, not in a column")
        return self._text(java_pattern(pattern.value))


def java_pattern(pattern: str) -> str:
    """A pattern of RE2 for Java: `$` is the end of the text alone, and `\\s` is without the vertical tab.

    >>> java_pattern(r"a\\s+$|[$]")
    'a[\\\\t\\\\n\\\\f\\\\r ]+\\\\z|[$]'
    """
    made, within, place = "", False, 0
    while place < len(pattern):
        sign = pattern[place : place + 2] if pattern[place] == "\\" else pattern[place]
        place += len(sign)
        if sign == "\\s":
            made += r"\t\n\f\r " if within else r"[\t\n\f\r ]"
        elif sign == "$" and not within:
            made += r"\z"
        else:
            within = (within or sign == "[") and sign != "]"
            made += sign
    return made
