"""The index made of a run: its contacts, people and accounts as rows, and the keys they are found by as sorted hashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Engine, Tables
from vitalfew.listen import names, normalise
from vitalfew.who import weights
from vitalfew.who.facts import facts
from vitalfew.who.layout import ACCOUNT, CONTACT, FACTS, NO_ACCOUNT, PERSON, SEPARATOR, write

Progress = Callable[[str], None]
Integers = NDArray[np.int64]

_LOCAL, _DOMAIN = "split_part(mailbox, '@', 1)", "split_part(mailbox, '@', 2)"
_FAMILY, _GIVEN = "split_part(words, ' ', -1)", "split_part(words, ' ', 1)"
_ORDERED = "array_to_string(list_sort(string_split(words, ' ')), ' ')"
_SEVERAL = "contains(words, ' ')"


def _halves(text: str, least: int, beside: str) -> tuple[str, str]:
    long = f"length({text}) >= {least}"
    start = f"{beside} || ' ' || length({text}) || ' '"
    return (
        f"CASE WHEN {long} THEN {start} || left({text}, length({text}) // 2) END",
        f"CASE WHEN {long} THEN {start} || right({text}, length({text}) - length({text}) // 2) END",
    )


def _with(name: str, other: str) -> str:
    return f"CASE WHEN {_SEVERAL} THEN {name} || ' ' || {other} END"


_MAIL_HALVES, _NAME_HALVES = _halves(_LOCAL, 6, _DOMAIN), _halves("_ordered", 8, "''")
KEYS: dict[str, str] = {
    "e": "mailbox",
    "p": "phone",
    "n": "national_id",
    "h": "handle",
    "w": f"CASE WHEN {_SEVERAL} THEN _ordered END",
    "m1": _MAIL_HALVES[0],
    "m2": _MAIL_HALVES[1],
    "l": f"CASE WHEN length({_LOCAL}) > 4 THEN {_LOCAL} END",
    "fb": _with(_FAMILY, "born"),
    "fc": _with(_FAMILY, "postcode"),
    "fa": _with(_FAMILY, "account_number"),
    "gb": _with(_GIVEN, "born"),
    "gc": _with(_GIVEN, "postcode"),
    "ga": _with(_GIVEN, "account_number"),
    "bc": "born || ' ' || postcode",
    "w1": f"CASE WHEN {_SEVERAL} THEN {_NAME_HALVES[0]} END",
    "w2": f"CASE WHEN {_SEVERAL} THEN {_NAME_HALVES[1]} END",
}
"""The keys people are filed under, as SQL over the columns of contacts: the counterpart of `comparing.keys`."""
_SHARED = {"e": ("mailbox", "email"), "p": ("phone", "phone"), "h": ("handle", "handle"), "n": ("national_id", "national_id")}
_OTHERS = {"e": "email", "p": "phone", "n": "national_id", "h": "handle", "w": "name"}
_LEARNT_FROM = 10_000
_COMPARED = {"email": "mailbox", "name": "words", **{name: name for name in ("phone", "national_id", "handle", "born", "postcode")}}
_COMPARED |= {"street": "street", "city": "city", "account": "account"}


@dataclass(frozen=True)
class About:
    """What the index must know of the company besides tables: see the settings of the same names. `outcome` is the name of the
    question that asks for it; `region` is where phone numbers without a country code are from."""

    region: str | None
    zone: str
    currency: str
    language: str
    outcome: str | None


def build(engine: Engine, paths: Mapping[str, Path], about: About, target: Path, progress: Progress = lambda _: None) -> None:
    """Write the index of the tables at `paths` (contacts, people, accounts, identities, and those of the history) to `target`."""
    tables = Tables(engine, paths)
    progress("people and accounts")
    made = _Building(engine, tables, about)
    progress("what happened with each")
    people, accounts = made.people_rows(), made.account_rows()
    progress("keys")
    hashes, places, others = made.keys()
    record_hashes, record_places = made.records()
    progress("weights")
    learnt = made.weights(others)
    progress("writing")
    sections: dict[str, tuple[str, memoryview | bytes]] = {
        "keys_hash": ("Q", hashes.data),
        "keys_at": ("I", places.data),
        "records_hash": ("Q", record_hashes.data),
        "records_at": ("I", record_places.data),
        **_section("contacts", made.contact_rows()),
        **_section("people", people),
        **_section("accounts", accounts),
    }
    meta = {
        "people": made.people.num_rows,
        "region": about.region,
        "zone": about.zone,
        "currency": about.currency,
        "language": about.language,
        "weights": learnt.told(),
    }
    write(target, sections, meta)


class _Building:
    """The state of one build: contacts sorted by the number of their person, people and accounts by their ids."""

    def __init__(self, engine: Engine, tables: Tables, about: About) -> None:
        self.engine, self.tables, self.about = engine, tables, about
        self.people = tables.arrow("people").sort_by("person")
        self.accounts = tables.arrow("accounts").sort_by("account")
        contacts = tables.arrow("contacts").sort_by("contact").drop_columns("contact")
        alone = self._alone(contacts)
        if alone.num_rows:
            contacts = pa.concat_tables([contacts, alone.select(contacts.column_names).cast(contacts.schema)])
        person = _numbers(contacts.column("person"), self.people.column("person"))
        # Contacts without a person come last; sorting is stable.
        order = np.argsort(np.where(person < 0, self.people.num_rows, person), kind="stable")
        self.contacts = contacts.take(pa.array(order)).combine_chunks()
        self.person = person[order]
        self.account = _numbers(self.contacts.column("account"), self.accounts.column("account"))
        self.person_account = _numbers(self.people.column("account"), self.accounts.column("account"))
        known = self.person[self.person >= 0]
        self.count = np.bincount(known, minlength=self.people.num_rows).astype(np.int64)
        self.first = np.cumsum(self.count) - self.count

    def _alone(self, contacts: pa.Table) -> pa.Table:
        """People without a contact (a name and nothing else, met several times): each as a contact made of its own row."""
        missing = pc.invert(pc.is_in(self.people.column("person"), value_set=contacts.column("person").combine_chunks()))
        rows = self.people.filter(missing)
        empty = pa.nulls(rows.num_rows, pa.string())
        mails = rows.column("email").to_pylist()
        columns: dict[str, pa.Array | pa.ChunkedArray] = dict.fromkeys(contacts.column_names, empty)
        columns |= {name: rows.column(name) for name in ("person", "account", "name", "email", "phone", "records")}
        columns["words"] = pa.array([" ".join(names.words(name)) or None for name in rows.column("name").to_pylist()], pa.string())
        columns["mailbox"] = pa.array([normalise.email_key(mail) if mail else None for mail in mails], pa.string())
        return pa.table(columns)

    # Rows

    def contact_rows(self) -> pa.Array:
        """Rows of contacts."""
        columns = {name: self.contacts.column(name) for name in CONTACT if name not in ("person", "account")}
        return _rows(CONTACT, {**columns, "person": _known(self.person), "account": _known(self.account)})

    def people_rows(self) -> pa.Array:
        """Rows of people."""
        told = {name: self.people.column(name) for name in PERSON[: PERSON.index("first")] if name not in ("account", "left_out")}
        told["left_out"] = pc.cast(self.people.column("left_out"), pa.string())
        numbers = {"account": _known(self.person_account), "first": pa.array(self.first), "contacts": pa.array(self.count)}
        return _rows(PERSON, {**told, **numbers, **self._facts("person", self.people.column("person"))})

    def account_rows(self) -> pa.Array:
        """Rows of accounts."""
        told = {name: self.accounts.column(name) for name in ("account", "name", "domain", "city", "country")}
        known = self.person_account[self.person_account >= 0]
        members = np.bincount(known, minlength=self.accounts.num_rows)
        region = [normalise.region(country) for country in self.accounts.column("country").to_pylist()]
        made = {"people": pa.array(members), "region": pa.array(region, pa.string())}
        return _rows(ACCOUNT, {**told, **made, **self._facts("account", self.accounts.column("account"))})

    def _facts(self, column: str, wanted: pa.ChunkedArray) -> dict[str, pa.Array]:
        found = facts(self.tables, column, self.about.outcome)
        places = pc.index_in(wanted, value_set=found.column("who").combine_chunks())
        return {name: found.column(name).take(places) for name in FACTS}

    # Keys

    def keys(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], dict[str, float]]:
        """Hashes in order, the places filed under them, and for each of the strong kinds the mean number of further people.

        A place below the number of people is a person's row; from there on it is an account's, for contacts that tell only that.
        """
        size = self.people.num_rows
        place = np.where(self.person >= 0, self.person, size + self.account)
        table = self.contacts.append_column("_place", pa.array(place)).append_column("account_number", _known(self.account))
        base = self.engine.project(
            self.engine.table(table.select([*CONTACT, "_place", "account_number"])),
            {**{name: f'"{name}"' for name in [*CONTACT, "_place", "account_number"]}, "_ordered": _ORDERED},
        )
        found: list[tuple[NDArray[np.uint64], Integers]] = []
        others: dict[str, float] = {}
        for kind, sql in KEYS.items():
            hashes, places = _distinct(*self._hashed(base, kind, sql))
            if kind in _OTHERS and hashes.size:
                people = places < size
                values = len(np.unique(hashes[people]))
                # The values taken for granted weigh like so many values seen.
                prior = weights.RARE[_OTHERS[kind]]
                others[_OTHERS[kind]] = (int(people.sum()) - values + prior * 1000) / (values + 1000)
            found.append((hashes, places))
        for kind, (column, name) in _SHARED.items():
            sql = f"CASE WHEN list_contains(string_split(shared, ' '), '{name}') THEN {column} END"
            found.append(_distinct(*self._hashed(base, f"!{kind}", sql, f"coalesce(CAST(account_number AS BIGINT), {NO_ACCOUNT})")))
        found += self._account_keys()
        hashes = np.concatenate([each for each, _ in found]) if found else np.empty(0, np.uint64)
        places = np.concatenate([each for _, each in found]) if found else np.empty(0, np.int64)
        order = np.lexsort((places, hashes))
        return np.ascontiguousarray(hashes[order]), np.ascontiguousarray(places[order].astype(np.uint32)), others

    def _hashed(self, base: ir.Table, kind: str, sql: str, at: str = "_place") -> tuple[NDArray[np.uint64], Integers]:
        """The hashes of a kind of key, and the places to file under them."""
        made = self.engine.project(base, {"said": f"nullif({sql}, '')", "place": f"CAST({at} AS BIGINT)"})
        hashed = {"hash": f"md5_number_lower('{kind}{SEPARATOR}' || said)", "place": "place"}
        made = self.engine.project(made.filter(made["said"].notnull()), hashed)
        table = self.engine.collect(made)
        return table.column("hash").to_numpy().astype(np.uint64), table.column("place").to_numpy().astype(np.int64)

    def _account_keys(self) -> list[tuple[NDArray[np.uint64], Integers]]:
        """Accounts by their id, their name and their domain."""
        plain = [normalise.company_name(name) for name in self.accounts.column("name").to_pylist()]
        table = pa.table(
            {
                "account": self.accounts.column("account"),
                "plain": pa.array(plain, pa.string()),
                "domain": self.accounts.column("domain"),
                "_place": pa.array(np.arange(self.accounts.num_rows)),
            }
        )
        base = self.engine.table(table)
        return [self._hashed(base, kind, name) for kind, name in (("A", "account"), ("a", "plain"), ("d", "domain"))]

    def records(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """People by `source#key` of each of their records, and by their own id."""
        people = self.engine.table(
            pa.table({"person": self.people.column("person"), "_place": pa.array(np.arange(self.people.num_rows))})
        )
        identities = self.tables["identities"]
        joined = identities.join(people, identities["person"] == people["person"]).select("source", "key", "_place")
        found = [self._hashed(joined, "r", "source || '#' || key"), self._hashed(people, "P", "person")]
        hashes, places = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.lexsort((places, hashes))
        return np.ascontiguousarray(hashes[order]), np.ascontiguousarray(places[order].astype(np.uint32))

    # Weights

    def weights(self, others: Mapping[str, float]) -> weights.Weights:
        """Match weights from contacts beside each other: of one person, as the run joined them, and of two people.

        Every so-many-th pair is taken, so that the same tables give the same weights.
        """
        same = np.flatnonzero((self.person[1:] == self.person[:-1]) & (self.person[:-1] >= 0))
        known = np.flatnonzero(self.person >= 0)
        step = max(1, known.size // 2 - 1)
        left = known[:: max(1, known.size // _LEARNT_FROM)]
        right = known[(np.searchsorted(known, left) + step) % max(known.size, 1)] if known.size else left
        unlike = self.person[left] != self.person[right]
        picked = same[:: max(1, same.size // _LEARNT_FROM)]
        return weights.learn(self._pairs(picked, picked + 1), self._pairs(left[unlike], right[unlike]), others)

    def _pairs(self, left: Integers, right: Integers) -> list[tuple[dict[str, str | None], dict[str, str | None]]]:
        sides = []
        for rows in (left, right):
            taken = self.contacts.take(pa.array(rows))
            columns = {name: taken.column(column).to_pylist() for name, column in _COMPARED.items()}
            sides.append([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])
        return list(zip(*sides, strict=True))


def _numbers(values: pa.ChunkedArray, among: pa.ChunkedArray) -> Integers:
    """The place of each value in `among`; -1 where it does not stand there."""
    found = pc.index_in(values, value_set=among.combine_chunks())
    return np.asarray(
        pc.fill_null(found, -1).to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found.fill_null(-1).to_numpy()
    ).astype(np.int64)


def _known(numbers: Integers) -> pa.Array:
    return pa.array(numbers, mask=numbers < 0)


def _distinct(hashes: NDArray[np.uint64], places: Integers) -> tuple[NDArray[np.uint64], Integers]:
    """Each place once under each hash, in order."""
    order = np.lexsort((places, hashes))
    hashes, places = hashes[order], places[order]
    first = np.r_[True, (hashes[1:] != hashes[:-1]) | (places[1:] != places[:-1])] if hashes.size else np.empty(0, dtype=bool)
    return hashes[first], places[first]


def _rows(names_: Sequence[str], columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> pa.Array:
    """Columns as one text a row, separated; what separates is taken out of the texts."""
    texts = []
    for name in names_:
        column = columns[name]
        text = pc.fill_null(column.cast(pa.string()), "")
        texts.append(pc.replace_substring(text, SEPARATOR, " "))
    joined = pc.binary_join_element_wise(*texts, SEPARATOR)
    whole = joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
    return whole.cast(pa.large_string())


def _section(name: str, rows: pa.Array) -> dict[str, tuple[str, memoryview | bytes]]:
    """The offsets and the bytes of rows, as Arrow keeps them."""
    whole = pa.concat_arrays([rows]) if rows.offset else rows
    _, offsets, data = whole.buffers()
    taken = np.frombuffer(offsets, dtype=np.int64, count=len(whole) + 1) if len(whole) else np.zeros(1, np.int64)
    text = memoryview(data)[: int(taken[-1])] if data is not None and len(whole) else b""
    return {f"{name}_offset": ("q", np.ascontiguousarray(taken).data), f"{name}_text": ("B", text)}
