"""Made-up contact records whose person is known: slips, missing values, shared mailboxes, switchboards and junk phones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Texts = NDArray[np.object_]
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeio"]  # fmt: skip


@dataclass(frozen=True)
class Contacts:
    """Records in three sources: `table` has source, key and the identity columns; `person` says whose each row is."""

    table: pa.Table
    person: NDArray[np.int64]


def made(records: int, seed: int = 1) -> Contacts:
    """About two records a person, in a CRM (.5), billing (.3) and tickets (.2); one account to 20 people.

    Of the records 10 % show a mailbox of the company's (info@, sales@) in place of the person's own, 15 % the company's
    switchboard, 6 % a junk phone, 12 % no e-mail and 15 % no phone; 12 % of the names are written family first, shortened to an
    initial, or with a letter missing. One e-mail in twelve differs from the person's other one.
    """
    draw = np.random.default_rng(seed)
    people = max(records // 2, 1)
    firms = max(people // 20, 1)
    given, family = _names(draw, 700, 2), _names(draw, 6000, 3)
    who = np.sort(draw.integers(people, size=records))
    first = given[_skewed(draw, len(given), people)]
    last = family[_skewed(draw, len(family), people)]
    firm = draw.integers(firms, size=people)
    number = np.arange(people).astype(str).astype(object)
    tag = np.where(draw.random(people) < 0.5, number, "")
    # Two people of one name in one firm would share an address: the second has a number, as mail systems give.
    same = np.char.add(np.char.add(first.astype(str), last.astype(str)), firm.astype(str))
    _, at = np.unique(same, return_index=True)
    tag[np.setdiff1d(np.arange(people), at)] = number[np.setdiff1d(np.arange(people), at)]
    domain = np.char.add(np.char.add("firm", np.arange(firms).astype(str)), ".fr").astype(object)
    email = first + "." + last + tag + "@" + domain[firm]
    phone = np.array(
        [f"06{value:08d}" for value in draw.permutation(100_000_000 if people > 50_000 else people * 50)[:people]], dtype=object
    )
    board = np.array([f"01{value:08d}" for value in draw.integers(40_000_000, 49_999_999, size=firms)], dtype=object)
    chance = draw.random((6, records))
    mail = np.where(chance[0] < 0.08, first[who] + "." + last[who] + number[who] + "@free.fr", email[who])
    mail = np.where(chance[1] < 0.10, np.where(chance[2] < 0.5, "info@", "sales@") + domain[firm[who]], mail)
    mail = np.where(chance[1] > 0.88, None, mail)
    tel = np.where(chance[3] < 0.15, board[firm[who]], phone[who])
    tel = np.where(chance[3] > 0.85, None, np.where(chance[3] > 0.79, "0612345678", tel))
    source = np.where(chance[4] < 0.5, "crm", np.where(chance[4] < 0.8, "billing", "tickets")).astype(object)
    table = pa.table(
        {
            "source": pa.array(source, pa.string()),
            "key": pa.array([f"k{row}" for row in range(records)], pa.string()),
            "name": pa.array(_written(first[who], last[who], chance[5]), pa.string()),
            "email": pa.array(mail, pa.string()),
            "phone": pa.array(tel, pa.string()),
            "account": pa.array(np.where(chance[2] < 0.6, "Firm " + firm[who].astype(str).astype(object), None), pa.string()),
        }
    )
    return Contacts(table, who)


def _written(first: Texts, last: Texts, chance: NDArray[np.float64]) -> list[str]:
    found = []
    for given, family, drawn in zip(first, last, chance, strict=True):
        if drawn < 0.05:
            found.append(f"{family.upper()}, {given}")
        elif drawn < 0.08:
            found.append(f"{given[0].upper()}. {family.title()}")
        elif drawn < 0.12:
            found.append(f"{given.title()} {family[:2].title()}{family[3:]}")
        else:
            found.append(f"{given.title()} {family.title()}")
    return found


def _names(draw: np.random.Generator, count: int, syllables: int) -> Texts:
    parts = np.array(_SYLLABLES, dtype=object)
    drawn = parts[draw.integers(len(parts), size=(count * 2, syllables))].sum(axis=1)
    return np.unique((drawn + "n").astype(str)).astype(object)[:count]


def _skewed(draw: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """Places drawn with weights 1 / (place + 20): some names are common."""
    weights = 1.0 / (np.arange(count) + 20.0)
    found: NDArray[np.int64] = draw.choice(count, size=size, p=weights / weights.sum())
    return found
