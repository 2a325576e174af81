"""JSON over HTTP: one answer, or pages of them, each read whole and judged before its rows are taken.

An address is the user's own, but what it answers is foreign: answers are bounded in size, number and time, and neither a redirect
nor a link to a next page leads to another host, where the token would go along.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import pyarrow as pa
import urllib3
from urllib3.exceptions import HTTPError

from vitalfew.listen.origins import Delivery, OriginFault, Since, batch_of, hidden, secret
from vitalfew.listen.other_files import NAMES, as_text, nested, parsed, spread, unsound
from vitalfew.listen.readers import batch_rows, short
from vitalfew.settings import Pages, Source

BUSY = (429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_WAIT = 120.0
MOST_REDIRECTS = 5
PIECE = 1 << 16
MISSING = object()


def wait(seconds: float) -> None:
    """Let a busy server breathe."""
    time.sleep(seconds)


class HttpSource:
    """The address of a source and how its pages follow each other."""

    encoding = "json"

    def __init__(self, source: Source, environment: Mapping[str, str]) -> None:
        self._source = source
        self._paging = source.pages
        self._secrets: dict[str, str] = {}
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "vitalfew"}
        for name, value in source.headers.items():
            self._headers[name] = self._valued(value, "headers", environment)
        if source.token:
            self._headers["Authorization"] = f"Bearer {self._valued(source.token, 'token', environment)}"
        self._parameters = {name: self._valued(value, "parameters", environment) for name, value in source.parameters.items()}
        self.label = _shown(source.url)

    def _valued(self, value: str, key: str, environment: Mapping[str, str]) -> str:
        if not value.startswith("env:"):
            return value
        found = secret(value, key, environment)
        if not found.isprintable() or not found.isascii():
            raise OriginFault(key, f"the variable {value[4:]} holds characters that HTTP does not carry", "set it anew")
        self._secrets[value] = found
        return found

    def identity(self) -> str:
        """The address and its plain parameters."""
        plain = dict(self._source.parameters)
        return f"{self._source.url} {json.dumps(plain, sort_keys=True)}"

    def columns(self) -> tuple[str, ...] | None:
        """None: only the rows tell. The first page is asked for, to find out whether it answers. Raises OriginFault."""
        with _Asking(self) as asking:
            self._rows_of(asking.answer(self._first(None)), 1)
        return None

    @contextmanager
    def read(self, since: Since | None, folder: Path) -> Iterator[Delivery]:
        """Every page, first into a working file: the columns are known when the last has been read. Raises OriginFault."""
        spilt = folder / "pages.jsonl"
        names: dict[str, None] = {}
        with spilt.open("w", encoding="utf-8") as out:
            for record in self._records(since):
                if isinstance(record, dict):
                    names.update(dict.fromkeys(record))
                    if len(names) > NAMES:
                        raise OriginFault(
                            "rows", f"its rows have more than {NAMES} different names", "point rows at a plainer list"
                        )
                out.write(json.dumps(record))
                out.write("\n")
        yield Delivery(tuple(names), _batches(spilt, list(names)))

    # --- pages ---

    def _records(self, since: Since | None) -> Iterator[dict[str, str | None] | tuple[str, str]]:
        """Each row, or (why it is refused, what it holds)."""
        read = 0
        total: int | None = None
        for number, answer in enumerate(self._answers(since), 1):
            rows = self._rows_of(answer, number)
            total = self._total(answer) if self._paging and self._paging.total else None
            read += len(rows)
            plain = None
            for place, row in enumerate(rows):
                if not isinstance(row, dict):
                    yield 'it is no object; a row is {"name": value, ...}', short(json.dumps(row, ensure_ascii=False))
                    continue
                record: dict[str, Any] = row
                if nested(row):
                    plain = plain if plain is not None else self._dug(json.loads(answer.text), self._source.rows)
                    record = spread(row, plain[place])
                why = unsound(record)
                yield (why, "") if why else {name: as_text(value) for name, value in record.items()}
        if total is not None and read < total:
            what = f"the answer tells of {total} rows, but {read} came"
            raise OriginFault("pages", what, "check [source.pages]; nothing was kept")

    def _answers(self, since: Since | None) -> Iterator[_Answer]:
        """The pages in order. Ends at the first without rows, or without a next one."""
        paging = self._paging
        request: str | None = self._first(since)
        seen: set[str] = set()
        before = ""
        number = read = 0
        with _Asking(self) as asking:
            while request is not None:
                number += 1
                if paging and number > paging.limit:
                    raise OriginFault("pages", f"there are more than {paging.limit} pages", "raise limit in [source.pages]")
                if request in seen:
                    raise OriginFault("pages", f"page {number} is one that was read before", "check next in [source.pages]")
                seen.add(request)
                answer = asking.answer(request, number)
                rows = self._rows_of(answer, number)
                if rows and paging and answer.text == before and paging.by in ("page", "offset"):
                    what = f"page {number} is the same as the one before: the parameter does not turn the page"
                    raise OriginFault("pages", what, "check parameter in [source.pages]")
                before = answer.text
                read += len(rows)
                yield answer
                request = self._next(paging, answer, len(rows), number, read, since) if paging else None

    def _first(self, since: Since | None) -> str:
        return self._address(since, *self._page_parameter(0, 0))

    def _page_parameter(self, number: int, read: int) -> tuple[tuple[str, str], ...]:
        paging = self._paging
        if paging is None or paging.by not in ("page", "offset"):
            return ()
        value = paging.first + number if paging.by == "page" else read
        return ((paging.parameter or paging.by, str(value)),)

    def _address(self, since: Since | None, *more: tuple[str, str]) -> str:
        parts = urlsplit(self._source.url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True)) | self._parameters
        if self._paging and self._paging.size is not None:
            query[self._paging.size_parameter] = str(self._paging.size)
        if since is not None:
            query[self._source.since] = since.isoformat() if isinstance(since, date | datetime) else str(since)
        return urlunsplit(parts._replace(query=urlencode(query | dict(more)), fragment=""))

    def _next(self, paging: Pages, answer: _Answer, rows: int, number: int, read: int, since: Since | None) -> str | None:
        if paging.by in ("page", "offset"):
            enough = paging.total and read >= self._total(answer)
            return None if not rows or enough else self._address(since, *self._page_parameter(number, read))
        found = self._dug(answer.made, paging.next) if paging.next else answer.link
        if found in (MISSING, None, "", False):
            return None
        if not isinstance(found, str):
            raise OriginFault("pages", f"{paging.next} of page {number} is no text or number", "say where the next one stands")
        if paging.by == "cursor":
            return self._address(since, (paging.parameter or "cursor", found))
        address, host = _joined(answer.address, found)
        if host:
            what = f"the next page is said to lie at another host, {host}"
            raise OriginFault("pages", what, "nothing is sent there; give a url at the host that holds the rows")
        return address

    def _total(self, answer: _Answer) -> int:
        assert self._paging is not None  # noqa: S101 - for the type checker
        found = self._dug(answer.made, self._paging.total)
        if not isinstance(found, str) or not found.isdigit():
            raise OriginFault("pages", f"the answer has no whole number at {self._paging.total}", "correct total in [source.pages]")
        return int(found)

    def _rows_of(self, answer: _Answer, number: int) -> list[Any]:
        found = self._dug(answer.made, self._source.rows)
        where = f" at {self._source.rows}" if self._source.rows else ""
        if isinstance(found, list):
            return found
        made = answer.made
        held = f"it has {', '.join(list(made)[:12])}" if isinstance(made, dict) else "it is a " + type(made).__name__
        raise OriginFault("rows", f"the answer of page {number} has no list of rows{where}; {held}", 'say rows, e.g. rows = "data"')

    @staticmethod
    def _dug(made: Any, path: str) -> Any:
        """What stands at a dotted path of an answer; MISSING when nothing does."""
        for part in path.split(".") if path else ():
            made = made.get(part, MISSING) if isinstance(made, dict) else MISSING
        return made

    # --- what _Asking needs ---

    def fault(self, what: str, mend: str, key: str = "url") -> OriginFault:
        """A fault about the address, without secrets."""
        return OriginFault(key, hidden(what, self._secrets), mend)


@dataclass(frozen=True)
class _Answer:
    address: str
    text: str
    made: Any
    link: str | None


class _Asking:
    """Requests of one source: with time-outs, tries again, and limits."""

    def __init__(self, owner: HttpSource) -> None:
        self._owner, self._source = owner, owner._source
        timeout = urllib3.Timeout(connect=min(15.0, self._source.timeout), read=self._source.timeout)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False, num_pools=2)

    def __enter__(self) -> _Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.clear()

    def answer(self, address: str, page: int = 1) -> _Answer:
        """One page, parsed. Raises OriginFault when it cannot be had, is too large, or is no JSON."""
        reason = ""
        for attempt in range(self._source.retries + 1):
            try:
                found = self._once(address, page)
            except HTTPError as error:
                reason = _network(error)
                pause = _back_off(attempt)
            else:
                if isinstance(found, _Answer):
                    return found
                reason, asked = found
                pause = asked if asked is not None else _back_off(attempt)
                if pause > LONGEST_WAIT:
                    raise self._owner.fault(f"page {page}: {reason} and asks to wait {pause:.0f} seconds", "run it again later")
            if attempt < self._source.retries:
                wait(pause)
        tries = self._source.retries + 1
        raise self._owner.fault(f"page {page}: {reason} ({tries} tries)", "run it again later; nothing was kept")

    def _once(self, address: str, page: int) -> _Answer | tuple[str, float | None]:
        """The page, or (why it may be tried again, seconds to wait when the server says)."""
        here = address
        for _ in range(MOST_REDIRECTS + 1):
            response = self._pool.request(
                "GET",
                here,
                headers=self._owner._headers,
                redirect=False,
                preload_content=False,
            )
            try:
                if response.status in REDIRECTS:
                    here = self._redirected(here, response.headers.get("Location", ""), page)
                    continue
                if response.status in BUSY:
                    return f"the server answers {response.status} {response.reason or ''}".rstrip(), _retry_after(response)
                if response.status != 200:
                    raise self._refused(response.status, response.reason or "", page)
                text = self._body(response, page)
                return _Answer(here, text, self._made(text, page), _linked(response.headers.get("Link", "")))
            finally:
                response.close()
        raise self._owner.fault(f"page {page}: it redirects more than {MOST_REDIRECTS} times", "give the address it ends at")

    def _refused(self, status: int, reason: str, page: int) -> OriginFault:
        said = f"page {page}: the server answers {status} {reason}".rstrip()
        if status in (401, 403):
            return self._owner.fault(said, "check the token and what it may read", "token" if self._source.token else "url")
        return self._owner.fault(said, "check the address and its parameters")

    def _redirected(self, here: str, location: str, page: int) -> str:
        there, host = _joined(here, location)
        if host or not location:
            what = f"page {page}: it redirects to another host, {host or 'which it does not name'}"
            raise self._owner.fault(what, "nothing is sent there; give that address as url if you trust it")
        return there

    def _body(self, response: urllib3.BaseHTTPResponse, page: int) -> str:
        most = self._source.megabytes << 20
        until = time.monotonic() + 10 * self._source.timeout
        pieces: list[bytes] = []
        size = 0
        for piece in response.stream(PIECE, decode_content=True):
            size += len(piece)
            if size > most:
                what = f"page {page} is larger than {self._source.megabytes} MB"
                raise self._owner.fault(what, "ask for smaller pages, or raise megabytes", "megabytes")
            if time.monotonic() > until:
                what = f"page {page} takes longer than {10 * self._source.timeout:.0f} seconds"
                raise self._owner.fault(what, "ask for smaller pages, or raise timeout", "timeout")
            pieces.append(piece)
        try:
            return b"".join(pieces).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._owner.fault(f"page {page} is not UTF-8 from byte {error.start}", "JSON must be; tell its makers") from None

    def _made(self, text: str, page: int) -> Any:
        try:
            return parsed(text)
        except (ValueError, RecursionError) as error:
            begins = f"; it begins with {text[:40]!r}" if text.strip() else "; it is empty"
            what = f"page {page} is no JSON, or was cut short: {str(error)[:100]}{begins}"
            raise self._owner.fault(what, "check the address; nothing was kept") from None


def _batches(spilt: Path, names: list[str]) -> Iterator[pa.Table]:
    """The rows of the working file, columns in the order of `names`."""
    full = batch_rows(len(names))
    with spilt.open(encoding="utf-8") as lines:
        rows: list[Any] = []
        for line in lines:
            rows.append(json.loads(line))
            if len(rows) == full:
                yield _batch(rows, names)
                rows = []
        if rows:
            yield _batch(rows, names)


def _batch(rows: list[Any], names: list[str]) -> pa.Table:
    whole = [row if isinstance(row, dict) else {} for row in rows]
    columns = [pa.array([row.get(name) for row in whole], pa.string()) for name in names] or [pa.nulls(len(rows), pa.string())]
    refused = pa.array([row[0] if isinstance(row, list) else None for row in rows], pa.string())
    value = pa.array([row[1] if isinstance(row, list) else None for row in rows], pa.string())
    return batch_of(columns, refused, value)


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme.casefold(), (parts.hostname or "").casefold(), port


def _joined(here: str, found: str) -> tuple[str, str]:
    """An address relative to another, and its host when it is another one ('' when it is not)."""
    try:
        there = urljoin(here, found)
        return there, "" if _origin(there) == _origin(here) else urlsplit(there).hostname or found[:80]
    except ValueError:
        return found, found[:80]


def _shown(address: str) -> str:
    """An address without its parameters, which may hold a key."""
    return urlunsplit(urlsplit(address)._replace(query="", fragment=""))


def _linked(header: str) -> str | None:
    """The address of rel=next in a Link header."""
    return next((address for address, relation in _links(header) if relation == "next"), None)


def _links(header: str) -> Iterator[tuple[str, str]]:
    """(address, rel) of each link of a Link header (RFC 8288)."""
    for part in header.split("<")[1:]:
        address, _, parameters = part.partition(">")
        for each in parameters.replace(",", ";").split(";"):
            name, _, value = each.partition("=")
            if name.strip().casefold() == "rel":
                for relation in value.strip().strip('"').split():
                    yield address.strip(), relation.casefold()


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds the server asks to wait: a number, or the time until a date, by the server's own clock where it tells it."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    try:
        until = email.utils.parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    try:
        now = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
    except (TypeError, ValueError):
        now = datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _back_off(attempt: int) -> float:
    return float(min(30.0, 0.5 * 2**attempt))


def _network(error: HTTPError) -> str:
    """What went wrong on the way, in a few words."""
    kinds = (
        (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
        (urllib3.exceptions.NameResolutionError, "there is no such host"),
        (urllib3.exceptions.NewConnectionError, "cannot connect"),
        (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
        (urllib3.exceptions.SSLError, "the server's certificate is not valid, or it speaks no TLS"),
        (urllib3.exceptions.IncompleteRead, "the answer was cut short"),
        (urllib3.exceptions.ProtocolError, "the answer broke off"),
        (urllib3.exceptions.DecodeError, "the answer is no sound gzip"),
    )
    return next((said for kind, said in kinds if isinstance(error, kind)), type(error).__name__)
