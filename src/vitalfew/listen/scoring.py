"""What a fitted model compares, and which records it compares: chosen from the data, with nothing to set.

The page docs/algorithms/identity.md says how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Context
from vitalfew.engine.linkage import Comparison, Level, Linkage, Scored

LEAST_RECORDS = 200
"""With fewer records there is nothing to fit a model to: keys alone decide."""
_LEAST_KNOWN = 0.1
_LEAST_TRAINING = 100
_PAIRS_A_RECORD, _LEAST_PAIRS, _MOST_PAIRS = 60, 1_000_000, 6_000_000

COLUMNS = (
    "given",
    "family",
    "full",
    "ordered",
    "born",
    "email",
    "mailbox",
    "local",
    "phone",
    "national_id",
    "street",
    "city",
    "postcode",
)
EXTRA = ("role", "account")
"""Columns of the table of records, besides `row` and `label`: texts in normal form, null when unknown."""


def _same(column: str, term: bool = True) -> Level:
    return Level(f"{column}_l = {column}_r", f"same {column}", column if term else None)


def _like(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _slip(column: str, most: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


_DOMAIN = "split_part(email_l, '@', 2) = split_part(email_r, '@', 2)"
_NUMBERED = f"regexp_replace(email_l, '[0-9]', '', 'g') = regexp_replace(email_r, '[0-9]', '', 'g') AND {_DOMAIN}"
_MAIL_SLIPS = tuple(Level(f"{_slip('mailbox', most)} AND {_DOMAIN}", label) for most, label in ((1, "one slip"), (2, "two slips")))
_ELSE = Level("ELSE", "other")
COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "name",
        "full",
        (
            _same("ordered"),
            Level(f"{_like('given', 0.9)} AND {_like('family', 0.9)}", "both names alike"),
            Level("family_l = family_r AND left(given_l, 1) = left(given_r, 1)", "same family name and initial", "family"),
            _same("family"),
            _same("given"),
            Level(f"{_like('given', 0.88)} OR {_like('family', 0.88)}", "one name alike"),
            _ELSE,
        ),
    ),
    Comparison(
        "born",
        "born",
        (
            _same("born", term=False),
            Level(_slip("born", 1), "one slip"),
            Level("left(born_l, 4) = left(born_r, 4)", "same year"),
            Level("right(born_l, 4) = right(born_r, 4)", "same day"),
            Level(_slip("born", 2), "two slips"),
            _ELSE,
        ),
    ),
    # People of one name have addresses that look alike: of those only slips count, at one domain and not in a number.
    Comparison(
        "email",
        "email",
        (
            _same("email"),
            _same("local"),
            Level(_NUMBERED, "another number"),
            *_MAIL_SLIPS,
            Level(_like("local", 0.88), "alike"),
            _ELSE,
        ),
    ),
    Comparison("phone", "phone", (_same("phone"), Level(_slip("phone", 1), "one slip"), _ELSE)),
    Comparison(
        "postcode",
        "postcode",
        (
            _same("postcode"),
            Level(_slip("postcode", 1), "one slip"),
            Level("left(postcode_l, 2) = left(postcode_r, 2)", "same area"),
            _ELSE,
        ),
    ),
    Comparison("street", "street", (_same("street"), Level(_like("street", 0.9), "alike"), _ELSE)),
    Comparison("city", "city", (_same("city"), Level(_like("city", 0.9), "alike"), _ELSE)),
    Comparison("national id", "national_id", (_same("national_id", term=False), Level(_slip("national_id", 1), "one slip"), _ELSE)),
    Comparison("role", "role", (_same("role"), _ELSE)),
    Comparison("account", "account", (_same("account"), _ELSE)),
)

_PARTS: dict[str, str] = {
    **{name: "{}" + name for name in ("given", "family", "ordered", "born", "email", "mailbox", "phone", "national_id", "street")},
    **{name: "{}" + name for name in ("city", "postcode", "role", "account")},
    "year": "left({}born, 4)",
    "day": "right({}born, 4)",
    "area": "left({}postcode, 3)",
    "phone tail": "right({}phone, 6)",
    "given start": "left({}given, 3)",
    "family start": "left({}family, 3)",
    "given initial": "left({}given, 1)",
    "family initial": "left({}family, 1)",
}
_SINGLE = (
    "email",
    "mailbox",
    "phone",
    "phone tail",
    "national_id",
    "ordered",
    "born",
    "street",
    "postcode",
    "family",
    "given",
    "city",
)
_CANDIDATES: tuple[tuple[str, ...], ...] = (
    *((each,) for each in (*_SINGLE, "account")),
    *((name, other) for name in ("given", "family") for other in ("born", "year", "day", "postcode", "city", "account")),
    *((name, other) for name in ("given start", "family start") for other in ("postcode", "city", "mailbox", "account")),
    *(("given", "family"), ("given start", "family start"), ("given initial", "family initial", "year")),
    *(("born", other) for other in ("city", "area", "role", "given initial", "family initial")),
    *(("postcode", other) for other in ("year", "day", "role")),
    *(("city", "day"), ("city", "area", "year")),
)
_TRAINING = ("ordered", "born", "email", "postcode", "national_id", "street", "phone")
"""Rules to fit m within, one a comparison: the fields a rule is not about are fitted."""


@dataclass(frozen=True)
class Fitted:
    """Scored pairs, and the fields that were compared."""

    scored: Scored
    fields: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]
    renamed: float
    """The share of matches whose names are not alike, as fitted: high in files full of slips."""


def fit(records: pa.Table, context: Context) -> Fitted | None:
    """Scores of the pairs of `records` worth a look; None when too little is known to fit a model.

    `records` has `row`, `label`, COLUMNS and EXTRA, sorted by `row`. Needed are `LEAST_RECORDS` records, names, two comparisons
    beside them in a tenth of the records, and two fields in which a hundred pairs agree.
    """
    size = records.num_rows
    if size < LEAST_RECORDS:
        return None
    known = {name: 1 - records.column(name).null_count / size for name in (*COLUMNS, *EXTRA)}
    compared = [each for each in COMPARISONS if known[each.column] >= _LEAST_KNOWN]
    if len(compared) < 3 or known["full"] < _LEAST_KNOWN:
        return None
    context.folder.mkdir(parents=True, exist_ok=True)
    linkage = Linkage(records, context.folder)
    try:
        counts = {rule: linkage.pairs([_PARTS[each] for each in rule]) for rule in _CANDIDATES}
        training = [(each,) for each in _TRAINING if counts[(each,)] >= _LEAST_TRAINING][:4]
        budget = min(max(_PAIRS_A_RECORD * size, _LEAST_PAIRS), _MOST_PAIRS)
        rules = chosen(counts, budget)
        first = max(len(chosen(counts, budget // 8)), 1)
        if len(training) < 2 or not rules:
            return None
        scored = linkage.score(compared, _expressions(training), _expressions(rules), first, context.seed)
    finally:
        linkage.close()
    return Fitted(scored, tuple(each.name for each in compared), rules, sum(scored.matched["name"][3:]))


def chosen(counts: Mapping[tuple[str, ...], int], budget: int) -> tuple[tuple[str, ...], ...]:
    """The blocking rules, most selective first, while the pairs they let through stay within `budget`.

    A rule that only narrows one already taken adds no pair and is left out. Ties go by name.

    >>> chosen({("email",): 10, ("family", "born"): 40, ("family",): 900, ("email", "born"): 12}, 100)
    (('email',), ('family', 'born'))
    """
    found: list[tuple[str, ...]] = []
    spent = 0
    for count, rule in sorted((count, rule) for rule, count in counts.items() if count):
        if spent + count > budget:
            break
        if not any(set(each) <= set(rule) for each in found):
            found.append(rule)
            spent += count
    return tuple(found)


def _expressions(rules: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[_PARTS[each] for each in rule] for rule in rules]


def told(records: pa.Table, left: NDArray[np.int64], right: NDArray[np.int64], fields: Sequence[str]) -> list[str]:
    """For each pair the fields both sides know: 'same: born, city; other: name'."""
    column_of = {each.name: each.column if each.name != "name" else "ordered" for each in COMPARISONS}
    same: list[list[str]] = [[] for _ in left]
    other: list[list[str]] = [[] for _ in left]
    for field in fields:
        texts = records.column(column_of[field])
        for place, equal in enumerate(pc.equal(texts.take(pa.array(left)), texts.take(pa.array(right))).to_pylist()):
            if equal is not None:
                (same if equal else other)[place].append(field)
    return [
        "; ".join(f"{how}: {', '.join(names)}" for how, names in (("same", one), ("other", two)) if names)
        for one, two in zip(same, other, strict=True)
    ]
