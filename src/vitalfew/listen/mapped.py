"""What reading and mapping hand to identity and timeline: one source's records in the words of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir

from vitalfew.settings import Source

SEGMENT_PREFIX = "seg:"
"""Columns of `Mapped.records` that hold the cuts of `[source.segments]` begin with this."""


@dataclass(frozen=True)
class Mapped:
    """One source, mapped.

    `index` is its place in company.toml, from 0. `records` has, in this order:

    - every column of the vocabulary table `source.table`, typed, and `source` and `key` where the table has none: `source` is the
      source's name and `key` the record's own id (unique in the source, except for `responses`: there `key` is the response's id
      and a row is one answer, so a key repeats); `person`, `account`, `employee` and `order` hold the keys as they stand in the
      file, unresolved;
    - `_name` ... `_domain`: the identity columns as text, null when unmapped;
    - `_person_of`, `_account_of`, `_order_of`: the source whose keys `person`, `account` and `order` are, '' when not said;
    - `_line` (whole) and `_path` (text): where the record begins;
    - `seg:NAME` for each cut of the source, text.
    """

    source: Source
    index: int
    records: ir.Table
