"""Regular expressions that people write in rules of `[[mend]]`: whether the engine can use them, before any source is opened."""

from __future__ import annotations

from functools import lru_cache

import duckdb


@lru_cache(maxsize=1024)
def fault(pattern: str, to: str = "") -> str:
    """What the engine has against `pattern` (RE2) with `to` in its place; '' when it can use both.

    >>> fault("EUR (.+)", r"\\1"), fault("(")
    ('', 'Invalid Input Error: missing ): ^(?:()$')
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            connection.execute("SELECT regexp_replace('x', ?, ?)", [f"^(?:{pattern})$", to])
        except duckdb.Error as error:
            return str(error).splitlines()[0][:120]
    return ""
