"""Expressions in DuckDB's SQL that mean the same on Spark, carried there by SQLGlot.

An allow-list by operator and type, like `expressions`: comparisons, conditions, CASE, COALESCE, text joined, arithmetic on floats.
Such an expression cannot fail on any row, so TRY around it says nothing. What is not on the list (functions, casts of text, regular
expressions, integer arithmetic, intervals) is not translated, because there the two differ in some value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Kind = Literal["text", "whole", "number", "decimal", "flag", "time", "date", "nothing"]
"""`decimal` is a literal like 0.95, `nothing` a null of no type."""

_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_CAST: dict[str, Kind] = {
    **{"TEXT": "text", "VARCHAR": "text", "BIGINT": "whole", "DOUBLE": "number"},
    **{"BOOLEAN": "flag", "TIMESTAMP": "time", "TIMESTAMPNTZ": "time", "DATE": "date"},
}


class Otherwise(Exception):
    """The expression holds something that could mean another thing on Spark."""


def translated(expressions: Mapping[str, str], given: pa.Schema) -> dict[str, str] | None:
    """Each expression (DuckDB's SQL over columns of `given`) in Spark's SQL, or None when one of them must not be translated.

    >>> translated({"kept": "delivered <= promised"}, pa.schema([("delivered", pa.date32()), ("promised", pa.date32())]))
    {'kept': '`delivered` <= `promised`'}
    >>> translated({"year": "regexp_extract(name, '[0-9]{4}')"}, pa.schema([("name", pa.string())])) is None
    True
    """
    columns = {field.name: _kind_of(field.type) for field in given}
    made: dict[str, str] = {}
    try:
        for name, sql in expressions.items():
            tree = sqlglot.parse_one(sql, read="duckdb").transform(_without_try)
            _kind(tree, columns)
            made[name] = tree.transform(_quoted).sql(dialect="spark")
    except (Otherwise, SqlglotError):
        return None
    return made


def _without_try(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Try) or (isinstance(node, exp.Anonymous) and node.name.casefold() == "try"):
        inner = node.this if isinstance(node, exp.Try) else node.expressions[0]
        return exp.Paren(this=_without_try(inner))
    return node


def _quoted(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column):
        return exp.column(exp.to_identifier(node.name, quoted=True))
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name:
        # A decimal in DuckDB; beside floats, where alone it is let in, it is the nearest float.
        return exp.Cast(this=exp.Literal.string(node.name), to=exp.DataType.build("double"))
    return node


def _kind_of(kind: pa.DataType) -> Kind | None:
    if pa.types.is_timestamp(kind):
        return "time"
    known: dict[pa.DataType, Kind] = {
        **{pa.string(): "text", pa.int64(): "whole", pa.float64(): "number"},
        **{pa.bool_(): "flag", pa.date32(): "date"},
    }
    return known.get(kind)


def _kind(node: exp.Expr, columns: Mapping[str, Kind | None]) -> Kind:
    """What an expression makes. Raises Otherwise unless it means the same on both."""
    of = [_kind(each, columns) for each in _parts(node)]
    if isinstance(node, exp.Column):
        found = None if node.args.get("table") else columns.get(node.name)
        if found is None:
            raise Otherwise
        return found
    if isinstance(node, exp.Literal):
        return _literal(node)
    if isinstance(node, exp.Null):
        return "nothing"
    if isinstance(node, exp.Boolean):
        return "flag"
    if isinstance(node, exp.Paren):
        return of[0]
    if isinstance(node, exp.And | exp.Or | exp.Not):
        return _need(_one(of), "flag")
    if isinstance(node, (*_COMPARED, exp.Between, exp.In)):
        _one(of)
        return "flag"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return "flag"
    if isinstance(node, exp.Coalesce | exp.Nullif):
        return _one(of)
    if isinstance(node, exp.Case):
        return _case(node, columns)
    if isinstance(node, exp.DPipe):
        return _need(_one(of), "text")
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return _need(_one(of), "number")
    if isinstance(node, exp.Neg) and (of[0] == "number" or isinstance(node.this, exp.Literal)):
        return of[0]
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node, of[0])
    raise Otherwise


def _parts(node: exp.Expr) -> list[exp.Expr]:
    """The expressions a node is made of, when each of them counts as its kind."""
    if isinstance(node, exp.Cast | exp.Paren | exp.Not | exp.Neg):
        return [node.this]
    if isinstance(node, exp.Is):
        return [node.this]
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    if isinstance(node, exp.In):
        if not node.expressions:
            raise Otherwise
        return [node.this, *node.expressions]
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    if isinstance(node, (*_COMPARED, exp.And, exp.Or, exp.Nullif, exp.DPipe, exp.Add, exp.Sub, exp.Mul)):
        return [node.this, node.expression]
    return []


def _literal(node: exp.Literal) -> Kind:
    if node.is_string:
        # SQLGlot writes control signs as escapes, of which Spark knows some only.
        if not node.name.isprintable() or "\\" in node.name:
            raise Otherwise
        return "text"
    digits = node.name.replace(".", "", 1)
    if not digits.isdigit() or len(digits) > 15:
        raise Otherwise
    return "decimal" if "." in node.name else "whole"


def _case(node: exp.Case, columns: Mapping[str, Kind | None]) -> Kind:
    if node.this is not None:
        raise Otherwise
    results = []
    for branch in node.args["ifs"]:
        _need(_kind(branch.this, columns), "flag")
        results.append(_kind(branch.args["true"], columns))
    if node.args.get("default") is not None:
        results.append(_kind(node.args["default"], columns))
    return _one(results)


def _cast(node: exp.Cast, given: Kind) -> Kind:
    """Casts that change no value: of nothing, to the same kind, of whole numbers to text or to floats."""
    to = _CAST.get(node.to.this.value if isinstance(node.to.this, exp.DataType.Type) else "")
    if to is None or (given not in ("nothing", to) and (given, to) not in (("whole", "text"), ("whole", "number"))):
        raise Otherwise
    return to


def _one(kinds: list[Kind]) -> Kind:
    """The one kind of all; whole numbers and decimals beside floats count as floats, and nothing as anything."""
    left = {kind for kind in kinds if kind != "nothing"}
    if "number" in left and left <= {"whole", "decimal", "number"}:
        return "number"
    if len(left) > 1:
        raise Otherwise
    return left.pop() if left else "nothing"


def _need(kind: Kind, wanted: Kind) -> Kind:
    if kind not in (wanted, "nothing"):
        raise Otherwise
    return wanted
