"""Which encoding a text file is in: stated and checked, or detected from its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from vitalfew.listen.files import File, FileFault, chunks, named_otherwise

UNREADABLE = "\udcff"
"""Stands in decoded text for each byte that cannot be decoded; no sound text contains it."""
ERRORS = "vitalfew-unreadable"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SCRIPTS = ["cp932", "euc_jp", "gb18030", "big5", "euc_kr", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"]
_SAMPLE = 1 << 16
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_KANA = re.compile("[\u3041-\u30fe]")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE * (error.end - error.start), error.end


codecs.register_error(ERRORS, _mark)


@dataclass(frozen=True)
class Decoded:
    """How a file's text is read: `sample` is how it begins; `nul` and `unreadable` say whether any row may hold such characters.

    `open_end` says why the file may have been cut: its last line has no line end, or half of one; '' when it has.
    """

    encoding: str
    stated: bool
    sample: str
    nul: bool
    unreadable: bool
    empty: bool
    open_end: str = ""

    @property
    def said(self) -> str:
        """The encoding in words."""
        name = "utf-8 with BOM" if self.encoding == "utf-8-sig" else self.encoding
        return f"{name} ({'stated' if self.stated else 'detected'})"


@dataclass
class _Count:
    size: int = 0
    text: int = 0
    bad: int = 0
    lines: int = 0
    bad_lines: int = 0
    nul: bool = False
    sample: str = ""
    high: bytes = b""
    tail: str = ""
    pairs: bool = False


def decode(file: File, stated: str | None) -> Decoded:
    """Find out how to read a text file. Walks all of it, in constant memory. Raises FileFault when it cannot be read."""
    head = next(chunks(file), b"")
    named_otherwise(head, "text")
    if stated is not None:
        return _stated(file, stated, head)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return _checked(file, encoding, False)
    wide = _utf16_without_bom(head)
    if wide:
        return _checked(file, wide, False)
    count = _count(file, "utf-8")
    # Each character beyond ASCII takes more bytes than one: far more such than unreadable bytes means UTF-8 with a blemish.
    if count.bad == 0 or count.size - count.text >= 3 * count.bad:
        return _decoded("utf-8", False, count)
    guess = _guess(count.high)
    count = _count(file, guess)
    if count.bad and guess == "cp1252":
        guess, count = "latin-1", _count(file, "latin-1")
    return _decoded(guess, False, count)


def _stated(file: File, stated: str, head: bytes) -> Decoded:
    try:
        found = codecs.lookup(stated)
    except LookupError:
        raise FileFault(
            f"there is no encoding {stated!r}", "state one such as utf-8, utf-16, cp1252, latin-1 or shift_jis"
        ) from None
    if not getattr(found, "_is_text_encoding", True):
        raise FileFault(f"{stated!r} is no encoding of text", "state one such as utf-8, utf-16, cp1252, latin-1 or shift_jis")
    if found.name == "utf-8" and head.startswith(codecs.BOM_UTF8):
        return _checked(file, "utf-8-sig", True)
    # Windows writes more under this name than the standard holds.
    return _checked(file, "cp932" if found.name == "shift_jis" else found.name, True)


def _checked(file: File, encoding: str, stated: bool) -> Decoded:
    count = _count(file, encoding)
    if count.bad_lines > max(1, count.lines // 10) or (count.bad_lines and count.lines <= 2):
        how = "state the right encoding, or leave it out" if stated else "export it again as UTF-8"
        raise FileFault(f"it cannot be read as {encoding}: {count.bad_lines} of its {count.lines} lines hold other bytes", how)
    return _decoded(encoding, stated, count)


def _decoded(encoding: str, stated: bool, count: _Count) -> Decoded:
    blank = not count.sample.strip("\ufeff \t\r\n")
    return Decoded(encoding, stated, count.sample, count.nul, count.bad > 0, blank, _open_end(count))


def _open_end(count: _Count) -> str:
    if not count.tail.endswith(("\n", "\r")):
        return "no line end"
    return "half of a line end" if count.pairs and count.tail.endswith("\r") else ""


def _count(file: File, encoding: str) -> _Count:
    decoder = codecs.getincrementaldecoder(encoding)(errors=ERRORS)
    count = _Count()
    for chunk, final in _flagged(chunks(file)):
        text = decoder.decode(chunk, final)
        bad = text.count(UNREADABLE)
        if bad:
            count.bad += bad
            count.bad_lines += sum(UNREADABLE in line for line in text.splitlines())
            if len(count.high) < _SAMPLE:
                count.high += b"\n".join(_HIGH_LINE.findall(chunk))[:_SAMPLE]
        count.size += len(chunk)
        count.text += len(text)
        count.lines += max(text.count("\n"), text.count("\r"))
        count.nul = count.nul or "\0" in text
        count.tail = text[-1:] or count.tail
        count.pairs = count.pairs or "\r\n" in text
        if len(count.sample) < _SAMPLE:
            count.sample += text[: _SAMPLE - len(count.sample)]
    count.lines += 1
    return count


def _flagged(stream: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    for chunk in stream:
        yield chunk, False
    yield b"", True


def _utf16_without_bom(head: bytes) -> str:
    """UTF-16 by its zeros: Latin text has one in every second byte."""
    start = head[:4096]
    if len(start) < 8:
        return ""
    even, odd = start[0::2].count(0) / len(start[0::2]), start[1::2].count(0) / len(start[1::2])
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 else ""


def _guess(high: bytes) -> str:
    """The likeliest encoding of bytes that are not UTF-8: Shift-JIS by its kana, other scripts by charset-normalizer, else cp1252.

    Only where bytes beyond ASCII are many and common: among Latin letters they are rare, and there the statistics of
    charset-normalizer mislead more often than they help.
    """
    kana = len(_KANA.findall(high.decode("cp932", "ignore")))
    beyond = sum(byte >= 0x80 for byte in high)
    if kana >= 3 and kana * 8 >= beyond:
        return "cp932"
    letters = sum(byte >= 0x80 or chr(byte).isalpha() for byte in high)
    if beyond >= 20 and beyond * 2 > letters:
        best = from_bytes(high, cp_isolation=_SCRIPTS).best()
        if best is not None:
            return "cp932" if best.encoding == "shift_jis" else str(best.encoding)
    return "cp1252"
