"""The one read-only SELECT a source may ask a database: parsed, and everything else refused before it is sent.

The read-only transaction, where a database has one, and the rights of the database's user are the further walls.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

SINCE = "since"
LONGEST = 50_000
_ONLY_COMPARED = (
    f":{SINCE} may stand only as in `updated_at >= :{SINCE}`, a condition of WHERE by itself or joined by AND "
    "(with > rows that share the last moment would be missed)"
)

_WRITES: tuple[type[exp.Expr], ...] = (
    *(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable, exp.Copy),
    *(exp.Command, exp.Set, exp.Pragma, exp.Use, exp.Attach, exp.Detach, exp.Transaction, exp.Commit, exp.Rollback),
)
# Functions that act on the server or its files though they stand in a SELECT: a read-only transaction lets them through.
_ACTING = (
    *("pg_read_", "pg_ls_", "pg_stat_file", "pg_terminate_", "pg_cancel_", "pg_reload_", "pg_rotate_", "pg_advisory_"),
    *("pg_try_advisory_", "pg_sleep", "pg_switch_", "pg_promote", "pg_logical_", "pg_create_", "pg_drop_", "pg_notify"),
    *("lo_", "dblink", "set_config", "setval", "nextval", "query_to_xml", "database_to_xml", "load_extension", "readfile"),
    *("writefile", "edit", "load_file", "sleep", "benchmark", "get_lock", "sys_exec", "sys_eval", "openrowset"),
    *("opendatasource", "openquery", "xp_", "utl_", "dbms_"),
)


@dataclass(frozen=True)
class Query:
    """One SELECT that passed: its text, and the places of `:since` in it, each with the column it is compared with.

    The text is its author's: a parser that writes a query anew may change what it means (`CAST(x AS DATE)` of SQLite, say).
    """

    text: str
    places: tuple[tuple[int, int, str], ...]

    @property
    def incremental(self) -> bool:
        """Whether it asks for what is new since a moment, by `column >= :since`."""
        return bool(self.places)

    def everything(self) -> str:
        """The query with each `:since` replaced by the column it is compared with: true for every row that has one."""
        return self._with([column for _, _, column in self.places])

    def new(self, marker: str) -> str:
        """The query with `marker`, as the database's driver wants a bound parameter written, in place of `:since`."""
        return self._with([marker] * len(self.places))

    def _with(self, instead: list[str]) -> str:
        made, begun = "", 0
        for (start, end, _), text in zip(self.places, instead, strict=True):
            made += self.text[begun:start] + text
            begun = end
        return made + self.text[begun:]


def checked(sql: str, dialect: str) -> Query:
    """The query, parsed in `dialect` (SQLGlot's name of it, '' for plain SQL).

    Raises ValueError, in a sentence, for anything but one SELECT (with CTEs, joins, UNION): several statements, anything that
    writes, locks or calls a function that acts on the server, and a `:since` that stands elsewhere than in `column >= :since`.
    """
    if len(sql) > LONGEST:
        raise ValueError(f"the query is longer than {LONGEST} characters")
    if "/*!" in sql or "/*M!" in sql:
        raise ValueError("a comment that MySQL executes is not allowed")
    first = sql.lstrip(" \t\r\n(").split(None, 1)
    begins = first[0].casefold() if first else ""
    if not sql.lstrip().startswith(("--", "/*")) and not begins.startswith(("select", "with")):
        raise ValueError(f"only a SELECT is allowed; this begins with {begins[:20].upper() or 'nothing'}")
    try:
        trees = [
            tree for tree in sqlglot.parse(sql, read=dialect or None) if tree is not None and not isinstance(tree, exp.Semicolon)
        ]
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        near = details[0].get("highlight") or ""
        raise ValueError("the query does not parse" + (f", near {near!r}" if near else "")) from None
    except RecursionError:
        raise ValueError("the query is nested too deeply") from None
    if len(trees) != 1:
        raise ValueError(f"only one statement is allowed; there are {len(trees)}")
    tree = trees[0]
    if not isinstance(tree, exp.Query):
        raise ValueError("only a SELECT is allowed")
    for node in tree.walk():
        _check_node(node)
    given = list(tree.find_all(exp.Placeholder))
    for place in given:
        above = place.parent
        while isinstance(above, exp.Cast | exp.Paren | exp.GTE | exp.And):
            above = above.parent
        if not isinstance(above, exp.Where | exp.Join):
            raise ValueError(_ONLY_COMPARED)
    return _placed(sql, dialect, len(given))


def _placed(sql: str, dialect: str, count: int) -> Query:
    """The query without a semicolon at its end, and where `:since` stands in it."""
    tokens = [each for each in sqlglot.tokenize(sql, read=dialect or None) if each.token_type is not TokenType.SEMICOLON]
    text = sql[: tokens[-1].end + 1]
    places: list[tuple[int, int, str]] = []
    for number, token in enumerate(tokens):
        colon = tokens[number - 1] if number else token
        if colon.token_type is TokenType.COLON and token.text.casefold() == SINCE and token.start == colon.end + 1:
            places.append((colon.start, token.end + 1, _compared(tokens[: number - 1], sql)))
    if len(places) != count:
        raise ValueError(_ONLY_COMPARED)
    return Query(text, tuple(places))


def _compared(before: list[Token], sql: str) -> str:
    """The column that stands before `>=` and the parameter, as written. Raises ValueError when something else stands there."""
    left = list(before)
    while left and left[-1].text.casefold() in ("(", "cast"):
        left.pop()
    if not left or left[-1].token_type is not TokenType.GTE:
        raise ValueError(_ONLY_COMPARED)
    end = left.pop().start
    begin = end
    name_wanted = True
    while left and (_is_name(left[-1]) if name_wanted else left[-1].text == "."):
        begin = left.pop().start
        name_wanted = not name_wanted
    if begin == end:
        raise ValueError(_ONLY_COMPARED)
    if not left or left[-1].token_type not in (TokenType.WHERE, TokenType.AND, TokenType.ON, TokenType.L_PAREN):
        raise ValueError(_ONLY_COMPARED)
    return sql[begin:end].strip()


def _is_name(token: Token) -> bool:
    return token.token_type is TokenType.IDENTIFIER or token.text.replace("_", "a").isalnum()


def _check_node(node: exp.Expr) -> None:
    """Raise ValueError for a node that may do more than read."""
    if isinstance(node, _WRITES):
        raise ValueError(f"only a SELECT is allowed; it holds {type(node).__name__.upper()}")
    if isinstance(node, exp.Into):
        raise ValueError("SELECT INTO makes a table; only reading is allowed")
    if isinstance(node, exp.Lock):
        raise ValueError("FOR UPDATE and FOR SHARE lock rows; leave them out")
    if isinstance(node, exp.Placeholder) and node.name != SINCE:
        raise ValueError(f"the only parameter there is is :{SINCE}")
    if isinstance(node, exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).casefold()
        if name.startswith(_ACTING):
            raise ValueError(f"the function {name} acts on the server and is not allowed")
