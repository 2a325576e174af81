"""What identifies people in words is replaced before anything else sees the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa

from vitalfew.engine import Engine
from vitalfew.listen.typed import literal, quote
from vitalfew.vocabulary import Table

Masker = Callable[[str], str]


class Save(Protocol):
    """Writes a table under the name of a step and reads it back."""

    def __call__(self, table: ir.Table, step: str) -> ir.Table: ...


_NAMING = (
    *("source", "key", "person", "account", "parent", "owner", "case", "order", "employee", "from", "to", "response", "question"),
    *("email", "phone", "domain"),
)
"""Columns that name a record or are an address of their own: they join records, and only those who may read people see them."""

SUSPECT = r"@|[0-9][0-9 ()./+\-\x{a0}]{5,}[0-9]|[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}"
"""Only texts in which this is found can hold anything to mask (RE2 syntax)."""

_EMAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
_PHONE = re.compile(r"(?<![\w/.,-])(?:\+|\()?[0-9][0-9 ()./\u00a0-]{4,}[0-9](?![\w]|[.,/-][0-9])")
_DATE = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9])|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})(?![0-9])")


def mask(text: str) -> str:
    """The text with e-mail addresses, account numbers (IBAN), card numbers (13 to 19 digits, Luhn) and phone numbers replaced.

    >>> mask("Call +44 20 7946 0958 or write to ann@example.org")
    'Call [phone] or write to [email]'
    >>> mask("Order 48213 of 2026-06-30 cost 1.250,00")
    'Order 48213 of 2026-06-30 cost 1.250,00'
    """
    text = _EMAIL.sub("[email]", text)
    text = _IBAN.sub(_account, text)
    text = _CARD.sub(lambda found: "[card]" if luhn(found.group()) else found.group(), text)
    return _PHONE.sub(lambda found: "[phone]" if _is_phone(found.group()) else found.group(), text)


def luhn(number: str) -> bool:
    """Whether the digits pass Luhn's check (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in reversed(number) if char.isdigit()]
    return sum(digits[0::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10


def _account(found: re.Match[str]) -> str:
    """Mask the longest beginning that is an IBAN: words may follow it after a blank."""
    whole = found.group()
    for end in range(len(whole), 14, -1):
        if (end == len(whole) or whole[end] in " -") and iban(whole[:end]):
            return "[account]" + whole[end:]
    return whole


def iban(number: str) -> bool:
    """Whether this is an account number by its check digits (ISO 13616: modulo 97 is 1)."""
    plain = re.sub("[ -]", "", number).upper()
    if not 15 <= len(plain) <= 34 or not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]+", plain):
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _is_phone(found: str) -> bool:
    """Phone numbers are told from dates, amounts and order numbers by their length and grouping."""
    digits = re.sub("[^0-9]", "", found)
    if _DATE.match(found):
        return False
    if found.startswith("+") or digits.startswith("00"):
        return 8 <= len(digits) <= 15
    if "(" in found:
        return 8 <= len(digits) <= 13
    groups = re.split(r"[^0-9]+", found)
    if len(groups) == 1:
        return 10 <= len(digits) <= 11 or (digits.startswith("0") and 9 <= len(digits) <= 12)
    if "." in found and (re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+", found) or len(groups) == 2):
        return False
    if len(digits) == 7:
        return found[3:4] == "-" and len(groups) == 2
    if digits.startswith("0") and len(groups) <= 3 and 9 <= len(digits) <= 12:
        return True
    return 9 <= len(digits) <= 13 and all(2 <= len(group) <= 6 for group in groups[1:])


def mask_label(text: str) -> str:
    """A label (a product, a status, a choice) masked like a text, but for what is a number and nothing else: that is a code.

    A number of 15 or 16 digits that passes as a payment card (ISO/IEC 7812-1: it begins with 3 to 6) is masked all the same.

    >>> mask_label("4006381333931"), mask_label("4111111111111111"), mask_label("ask ann@example.org")
    ('4006381333931', '[card]', 'ask [email]')
    """
    if re.fullmatch("[0-9]+", text):
        return "[card]" if len(text) in (15, 16) and text[0] in "3456" and luhn(text) else text
    return mask(text)


def label_columns(table: Table) -> tuple[str, ...]:
    """The text columns of a vocabulary table that people may type into; not those that name records or say who somebody is."""
    known = _NAMING if table.name == "accounts" else (*_NAMING, "name")
    return tuple(column.name for column in table.columns if column.kind == "text" and column.name not in known)


def mask_columns(engine: Engine, table: ir.Table, maskers: Mapping[str, Masker], save: Save) -> ir.Table:
    """The table with columns masked. One pass finds those in which anything is suspect; the others never leave the engine.

    `save` writes a table under a name and reads it back.
    """
    if not maskers:
        return table
    hits = {column: f"regexp_matches({quote(column)}, {literal(SUSPECT)})" for column in maskers}
    flags = engine.project(table, hits)
    found = engine.collect(flags.aggregate(**{name: flags[name].cast("int64").sum() for name in maskers})).to_pylist()[0]
    suspect = [name for name in maskers if found[name]]
    if not suspect:
        return table
    table = save(table, "unmasked")
    for number, name in enumerate(suspect):
        table = _mask_column(engine, table, name, maskers[name], partial(save, step=f"masked-{number}"))
    return table


def _mask_column(engine: Engine, table: ir.Table, column: str, masker: Masker, save: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """Each distinct suspect text is looked at once."""
    suspects = engine.project(table, {"text": quote(column), "hit": f"regexp_matches({quote(column)}, {literal(SUSPECT)})"})
    distinct = engine.collect(suspects.filter(suspects.hit).select("text").distinct().order_by("text")).column("text").to_pylist()
    changed = [(text, masked) for text in distinct if (masked := masker(text)) != text]
    if not changed:
        return table
    pairs = engine.table(pa.table({"_from": [pair[0] for pair in changed], "_to": [pair[1] for pair in changed]}))
    joined = table.left_join(pairs, table[column] == pairs["_from"])
    masked = joined.select(
        [table[name] for name in table.columns if name != column] + [joined["_to"].coalesce(table[column]).name(column)]
    )
    return save(masked.select(*table.columns))
