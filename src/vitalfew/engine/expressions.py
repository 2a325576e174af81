"""SQL expressions that people write in company.toml: parsed, and only harmless scalar ones let through.

An allow-list of node types and functions, not a list of forbidden ones: what is not known to be harmless is refused, so a function
that a later DuckDB adds (reading files, say) is refused until someone lets it in here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

LONGEST = 10_000
LONGEST_PADDING = 1_000

_SYNTAX: tuple[type[exp.Expr], ...] = (
    *(
        exp.Column,
        exp.Identifier,
        exp.Literal,
        exp.Boolean,
        exp.Null,
        exp.Paren,
        exp.Tuple,
        exp.Var,
        exp.DataType,
        exp.DataTypeParam,
    ),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Pow),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Glob),
    *(exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Interval, exp.Extract),
)

_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    *(exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Sign, exp.Sqrt),
    *(exp.Exp, exp.Ln, exp.Log, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right, exp.Replace),
    *(exp.SplitPart, exp.Concat, exp.ConcatWs, exp.Contains, exp.StartsWith, exp.EndsWith, exp.StrPosition, exp.Pad, exp.Reverse),
    *(exp.RegexpLike, exp.RegexpFullMatch, exp.RegexpExtract, exp.RegexpReplace, exp.Initcap),
    *(exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.DateAdd, exp.DateSub, exp.StrToTime, exp.TimeToStr, exp.LastDay),
    *(exp.Year, exp.Quarter, exp.Month, exp.Week, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.DayOfWeek, exp.DayOfYear),
    *(exp.DayOfMonth, exp.DayOfWeekIso, exp.WeekOfYear, exp.DateFromParts, exp.TsOrDsToDate, exp.Date, exp.TimeToUnix, exp.MD5),
)

_NAMED = frozenset(
    {
        *(
            "ltrim",
            "rtrim",
            "strip_accents",
            "nfc_normalize",
            "regexp_full_match",
            "log10",
            "log2",
            "mod",
            "epoch",
            "isodow",
            "isoyear",
        ),
        *(
            "to_days",
            "to_hours",
            "to_minutes",
            "to_seconds",
            "to_weeks",
            "to_months",
            "to_years",
            "try_strptime",
            "prefix",
            "suffix",
        ),
        *(
            "date_part",
            "datepart",
            "monthname",
            "dayname",
            "weekday",
            "isfinite",
            "isnan",
            "levenshtein",
            "jaro_winkler_similarity",
        ),
    }
)

_TYPES = frozenset(
    {
        *("TEXT", "VARCHAR", "CHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "INT128", "UTINYINT", "USMALLINT", "UINT"),
        *("UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPNTZ", "INTERVAL"),
    }
)


def check(sql: str, columns: Iterable[str]) -> str:
    """The expression as canonical DuckDB SQL, its columns quoted and spelt as in `columns`.

    Passes scalar expressions over `columns` alone: operators, CASE, casts, and the functions listed in this module. Names are
    matched without regard to case, as SQL does. Raises ValueError, in a sentence, for anything else: several statements,
    subqueries, aggregates, windows, functions that read files, the clock or chance, and columns that are not there.

    >>> check("delivered <= promised", ["Delivered", "promised"])
    '"Delivered" <= "promised"'
    """
    tree = _parsed(sql)
    known = list(columns)
    for node in list(tree.walk()):
        _check_node(node)
        if isinstance(node, exp.Column):
            node.set("this", exp.to_identifier(_spelt(node, known), quoted=True))
    return tree.sql(dialect="duckdb", comments=False)


def columns_of(sql: str) -> tuple[str, ...]:
    """The columns an expression names, as written, each once. Raises ValueError when it does not parse."""
    return tuple(dict.fromkeys(column.name for column in _parsed(sql).find_all(exp.Column)))


def nearest(name: str, names: Iterable[str]) -> str:
    """The name most like `name`, or '' when none is like it."""
    by_fold = {each.casefold(): each for each in names}
    found = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else ""


def _parsed(sql: str) -> exp.Expr:
    if not sql.strip():
        raise ValueError("the expression is empty")
    if len(sql) > LONGEST:
        raise ValueError(f"the expression is longer than {LONGEST} characters")
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        where = details[0].get("highlight") or ""
        raise ValueError("the expression does not parse" + (f", near {where!r}" if where else "")) from None
    except RecursionError:
        raise ValueError("the expression is nested too deeply") from None
    if len(trees) != 1 or trees[0] is None:
        raise ValueError("give one expression, not several statements")
    return trees[0]


def _check_node(node: exp.Expr) -> None:
    """Raise ValueError unless this node, by itself, is harmless."""
    if isinstance(node, exp.DataType):
        kind = node.this.value if isinstance(node.this, exp.DataType.Type) else str(node.this)
        if kind not in _TYPES:
            raise ValueError(
                f"casts to {node.sql(dialect='duckdb')} are not allowed; cast to text, a number, a date or a timestamp"
            )
        return
    if isinstance(node, exp.Anonymous):
        if node.name.casefold() not in _NAMED:
            raise ValueError(f"the function {node.name} is not allowed in an expression")
        return
    if isinstance(node, exp.Query | exp.Subquery | exp.Table | exp.Exists):
        raise ValueError("a subquery or table is not allowed; use the columns of the record alone")
    if isinstance(node, exp.AggFunc | exp.Window):
        raise ValueError("an aggregate or window is not allowed; an expression sees one record at a time")
    if isinstance(node, exp.Alias):
        raise ValueError(f"leave out the name after AS: {node.sql(dialect='duckdb')}")
    if not isinstance(node, (*_SYNTAX, *_FUNCTIONS)):
        what = node.sql_name() if isinstance(node, exp.Func) else type(node).__name__
        raise ValueError(f"{what.lower()} is not allowed in an expression; only operators, CASE, casts and simple functions are")
    if isinstance(node, exp.Column) and (node.args.get("table") or not isinstance(node.this, exp.Identifier)):
        raise ValueError(f"write the column alone, without a table: {node.sql(dialect='duckdb')}")
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest") or node.args.get("field")):
        raise ValueError("IN takes a list of values, not a query")
    if isinstance(node, exp.Pad) and not _short(node.args.get("expression")):
        raise ValueError(f"padding takes a plain length of at most {LONGEST_PADDING}")


def _short(length: exp.Expr | None) -> bool:
    return isinstance(length, exp.Literal) and not length.is_string and 0 <= float(length.name) <= LONGEST_PADDING


def _spelt(node: exp.Column, known: list[str]) -> str:
    """The column's name as it stands in `known`."""
    if node.name in known:
        return node.name
    alike = [name for name in known if name.casefold() == node.name.casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ValueError(f"column {node.name!r} could be any of {', '.join(alike)}; write it in double quotes, exactly")
    close = nearest(node.name, known)
    hint = f"the nearest is {close!r}" if close else f"there are {', '.join(known[:12])}" + (" ..." if len(known) > 12 else "")
    hint = "there are none" if not known else hint
    raise ValueError(f"there is no column {node.name!r}; {hint} (text stands in single quotes)")
