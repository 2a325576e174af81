"""Reading the body of a request: JSON that any database can store."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class Strict(Parser):
    """JSON without NaN, NUL characters and halves of characters: what PostgreSQL, SQLite and other readers would refuse later."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values. Raises ValueError for what is no JSON, or cannot be stored."""
        data = json.loads(request.body, parse_constant=_refused)
        try:
            text = json.dumps(data, ensure_ascii=False)
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half of a character (a lone surrogate)") from None
        if "\\u0000" in text:
            raise ValueError("it holds a NUL character")
        return data


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
