"""Sentences of a run, in the reader's language.

A run writes its reasons and notes in English (shell/sentences.py lists them). Here such a sentence is found again by its template,
its figures are read out of it, and both are said in the reader's language. Names, quotes and whatever fits no template stay as
they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vitalfew.web.shell import sentences, wording

_NUMBER = r"[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_BLANK = "[ \u00a0]"
_SHARE = rf"{_NUMBER}{_BLANK}%"
_MONEY = rf"[-\u2212]?(?:[A-Z]{{3}}|R\$|[€£$¥₹]){_BLANK}?\d[\d,]*(?:\.\d+)?"
_POINTS = rf"{_NUMBER} outcome points"


def _with_interval(figure: str) -> str:
    return rf"{figure}(?: \({figure} to {figure}\))?"


KINDS = {
    "name": "(?:(?!; | → ).)+?",
    "told": ".+?",
    "list": ".+?",
    "quote": ".+?",
    "column": r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""",
    "record": "[a-z][a-z ]*?",
    "count": r"\d[\d,]*",
    "number": _with_interval(_NUMBER),
    "share": _with_interval(_SHARE),
    "money": _with_interval(_MONEY),
    "amount": f"(?:{_with_interval(_MONEY)}|{_POINTS})",
    "day": r"(?:\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d{2}-\d{2})",
    "month": r"(?:[A-Z][a-z]+ \d{4}|\d{4}-\d{2})",
}
"""What stands at a placeholder, by its first word, as a run writes it."""

_PLACE = re.compile(r"%\((\w+)\)s")
_WORTH = re.compile(rf"(?P<name>.+?) \(worth (?P<amount>{KINDS['amount']})\)(?:, | and |$)")
_SYMBOLS = {sign: code for code, sign in wording.SYMBOLS.items()}
_BETWEEN = ("; ", ". ", ": ", ", ", " → ")
"""What parts a sentence from the next, or its parts: tried in this order."""
# French puts a blank that does not break before these.
_JOINED = {"fr": {"; ": "\u00a0; ", ": ": "\u00a0: "}}
_KEPT = 20_000


@dataclass(frozen=True)
class _Template:
    """A sentence of a run: how it is found, its longest words, and how it is looked up in the catalogue."""

    text: str
    pattern: re.Pattern[str]
    literal: str
    weight: int

    @classmethod
    def of(cls, text: str) -> _Template:
        """The template of one line of shell/sentences.py."""
        pieces = _PLACE.split(text)
        made = []
        for position, piece in enumerate(pieces):
            made.append(f"(?P<{piece}>{KINDS[piece.partition('_')[0]]})" if position % 2 else re.escape(piece.replace("%%", "%")))
        words = [piece.replace("%%", "%") for piece in pieces[0::2] if piece]
        # A sentence may begin large on a page and small in a table.
        first = pieces[0][:1]
        pattern = "".join(made)
        if first.isalpha():
            pattern = f"[{first.lower()}{first.upper()}]" + pattern[1:]
        longest = max((piece[1:] if piece is pieces[0] else piece for piece in words), key=len, default="")
        return cls(text, re.compile(pattern, re.DOTALL), longest, sum(map(len, words)))


@lru_cache(maxsize=1)
def _templates() -> tuple[_Template, ...]:
    """Every template, those with the most words of their own first: they leave the least to a placeholder."""
    return tuple(sorted(map(_Template.of, dict.fromkeys(sentences.EVERY)), key=lambda each: (-each.weight, each.text)))


def told(text: str | None) -> str:
    """A sentence of a run in the reader's language; in English as it is."""
    if not text:
        return ""
    language = get_language() or "en"
    return str(text) if language.startswith("en") else _told(str(text), language)


@lru_cache(maxsize=_KEPT)
def _told(text: str, _language: str) -> str:
    return _said(text) or text


def unknown(text: str) -> list[str]:
    """The parts of a sentence that fit no template: names and quotes that stand alone, or English nobody translated yet."""
    if _whole(text):
        return []
    line = text.removesuffix(".")
    for between in _BETWEEN:
        parts = line.split(between)
        if len(parts) > 1 and any(_said(each) is not None for each in parts):
            return [each for part in parts for each in ([part] if re.fullmatch(r"[\w-]+", part) else unknown(part))]
    return [text]


def _said(text: str, part: bool = False) -> str | None:
    """The sentence, or a `part` of one, in the reader's language; None when nothing in it is known.

    A single word is known when it stands alone: as a part of a sentence it may be a name, or a word of a customer.
    """
    line, stop = (text[:-1], ".") if text.endswith(".") and not text.endswith("..") else (text, "")
    found = None if part and re.fullmatch(r"[\w-]+", line) else _whole(text)
    if found is not None:
        return _large(line, _filled(*found)) + stop
    for between in _BETWEEN:
        parts = line.split(between)
        if len(parts) > 1:
            said = [_said(each, part=True) for each in parts]
            if any(each is not None for each in said):
                joined = _JOINED.get((get_language() or "")[:2], {}).get(between, between)
                return joined.join(each if each is not None else own for each, own in zip(said, parts, strict=True)) + stop
    return None


def _whole(text: str) -> tuple[_Template, dict[str, str]] | None:
    """The template of the whole sentence, and what stands at its placeholders."""
    line = text[:-1] if text.endswith(".") and not text.endswith("..") else text
    for template in _templates():
        if template.literal in line:
            found = template.pattern.fullmatch(line)
            if found is not None:
                return template, found.groupdict()
    return None


def _large(source: str, made: str) -> str:
    return made[:1].upper() + made[1:] if source[:1].isupper() else made


def _filled(template: _Template, found: dict[str, str]) -> str:
    return _(template.text) % {name: _WRITTEN[name.partition("_")[0]](value) for name, value in found.items()}


def _listed(text: str) -> str:
    """Names with what each is worth, as a phrase."""
    rest = re.search(r" and (\d+) more$", text)
    found = [(each["name"], each["amount"]) for each in _WORTH.finditer(text[: rest.start()] if rest else text)]
    if not found:
        return text
    written = [_("%(name)s (worth %(amount)s)") % {"name": name, "amount": _amount(value)} for name, value in found]
    if rest:
        return _("%(list)s and %(count)s more") % {"list": ", ".join(written), "count": rest[1]}
    if len(written) == 1:
        return written[0]
    return _("%(list)s and %(last)s") % {"list": ", ".join(written[:-1]), "last": written[-1]}


def _parse(text: str) -> tuple[float, int]:
    """A number as a run writes it, and how many digits it has after the point."""
    plain = text.replace(",", "").replace(wording.MINUS, "-")
    digits = len(plain.partition(".")[2]) if "e" not in plain else 0
    return float(plain), digits


def _within(text: str, form: Callable[[str], str]) -> str:
    """A figure, with its interval when it has one."""
    found = re.fullmatch(r"(?P<value>.+?) \((?P<low>.+?) to (?P<high>.+)\)", text)
    if found is None:
        return form(text)
    ends = _("%(low)s to %(high)s") % {"low": form(found["low"]), "high": form(found["high"])}
    return f"{form(found['value'])} ({ends})"


def _one_number(text: str) -> str:
    value, digits = _parse(text)
    return ("+" if text.startswith("+") else "") + wording.number(value, digits)


def _one_share(text: str) -> str:
    number = _one_number(text[:-2])
    return number + ("" if wording.share(0.5).endswith("50%") else wording.NO_BREAK) + "%"


def _one_money(text: str) -> str:
    found = re.fullmatch(rf"(?P<minus>[-\u2212]?)(?P<sign>\D+?){_BLANK}?(?P<size>\d.*)", text)
    if found is None:
        return text
    value = _parse(found["size"])[0] * (-1 if found["minus"] else 1)
    return wording.money(value, _SYMBOLS.get(found["sign"], found["sign"]))


def _amount(text: str) -> str:
    if text.endswith(" outcome points"):
        return _("%(amount)s outcome points") % {"amount": _one_number(text.removesuffix(" outcome points"))}
    return _within(text, _one_money)


def _date(text: str, forms: tuple[str, str], write: Callable[[date], str]) -> str:
    for form in forms:
        try:
            return write(datetime.strptime(text, form).date())
        except ValueError:
            continue
    return text


def _of_own(text: str) -> str:
    return _said(text) or text


_WRITTEN: dict[str, Callable[[str], str]] = {
    "name": str,
    "quote": str,
    "column": str,
    "told": _of_own,
    "record": _of_own,
    "list": _listed,
    "count": _one_number,
    "number": lambda text: _within(text, _one_number),
    "share": lambda text: _within(text, _one_share),
    "money": lambda text: _within(text, _one_money),
    "amount": _amount,
    "day": lambda text: _date(text, ("%d %B %Y", "%Y-%m-%d"), wording.day),
    "month": lambda text: _date(text, ("%B %Y", "%Y-%m"), wording.month),
}
