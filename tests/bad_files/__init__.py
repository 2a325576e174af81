"""The corpus of bad files: built by code, each with the verdict it must have. `CORPUS` is all of them."""

from __future__ import annotations

from bad_files.answers import ANSWERS
from bad_files.cases import Case
from bad_files.json_lines import JSON_LINES
from bad_files.parquet_files import PARQUET
from bad_files.text_tables import (
    DATES,
    ENCODINGS,
    MORE_DATES,
    MORE_ENCODINGS,
    MORE_NUMBERS,
    MORE_SHAPES,
    MORE_WORDS,
    NUMBERS,
    PACKED,
    SHAPES,
    WORDS,
)
from bad_files.workbooks import WORKBOOKS

CORPUS: list[Case] = [
    *(*ENCODINGS, *MORE_ENCODINGS, *SHAPES, *MORE_SHAPES, *NUMBERS, *MORE_NUMBERS, *DATES, *MORE_DATES, *WORDS, *MORE_WORDS),
    *(*PACKED, *JSON_LINES, *PARQUET, *WORKBOOKS, *ANSWERS),
]
