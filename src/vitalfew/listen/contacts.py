"""The ways in which each person's records name them: what the lookup at the moment of touch compares a caller with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.listen import normalise
from vitalfew.listen.clusters import SHARED, Clusters, Nodes
from vitalfew.listen.profiles import Profiles, factor
from vitalfew.vocabulary import arrow_table

_NAMED = {"e-mail": "email", "phone": "phone", "handle": "handle", "national id": "national_id"}


def table(
    profiles: Profiles,
    nodes: Nodes,
    clusters: Clusters,
    person: Sequence[str | None],
    account: Sequence[str | None],
    email: Sequence[str | None],
    phone: Sequence[str | None],
) -> pa.Table:
    """The table contacts: one row for each distinct content of a source's records that is somebody's or some account's.

    `person`, `account`, `email` and `phone` are those of each profile, as `identities` shows them; every sequence has the length of
    `profiles`. Profiles that are a person a record (a name and nothing else, met several times) are left out: their people stand in
    the table people.
    """
    size = profiles.table.num_rows
    given: dict[str, pa.Array | pa.ChunkedArray] = {
        "person": pa.array(person, pa.string()),
        "account": pa.array(account, pa.string()),
        "source": profiles.table.column("source"),
        "key": profiles.table.column("key"),
        "records": profiles.table.column("n"),
        "name": _each(profiles, "name", normalise.text_or_none),
        "words": _taken([" ".join(words) or None for words in nodes.words], nodes.names),
        "email": pa.array(email, pa.string()),
        "mailbox": _value(nodes, "e-mail"),
        "phone": pa.array(phone, pa.string()),
        "handle": _value(nodes, "handle"),
        "national_id": _value(nodes, "national id"),
        "born": _each(profiles, "born", normalise.birthday),
        "street": _each(profiles, "street", normalise.line),
        "postcode": _each(profiles, "postcode", normalise.postcode),
        "city": _each(profiles, "city", normalise.line),
        "shared": pa.array(_shared(nodes, clusters.guarded, size), pa.string()),
    }
    found = pa.table(given)
    found = found.filter(pc.or_(pc.is_valid(found.column("person")), pc.is_valid(found.column("account"))))
    # The profiles stand in order of source, key and content, and sorting is stable: the number is the same however rows came.
    found = found.append_column("_place", pa.array(np.arange(found.num_rows)))
    found = found.sort_by([("person", "ascending"), ("_place", "ascending")]).drop_columns("_place")
    return arrow_table("contacts", found.append_column("contact", pa.array(np.arange(found.num_rows, dtype=np.int64))))


def _each(profiles: Profiles, column: str, form: Callable[[str], str | None]) -> pa.Array:
    codes, texts = factor(profiles.table.column(column))
    return _taken([form(text) for text in texts], codes)


def _value(nodes: Nodes, kind: str) -> pa.Array:
    return _taken(list(nodes.texts[kind]), nodes.values[kind])


def _taken(texts: Sequence[str | None], codes: NDArray[np.int64]) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0))


def _shared(nodes: Nodes, guarded: Mapping[str, NDArray[np.bool_]], size: int) -> list[str | None]:
    """For each node the columns whose value is a shared mailbox, a switchboard or the like, separated by a space."""
    found: list[list[str]] = [[] for _ in range(size)]
    for kind in SHARED:
        flags = np.append(guarded[kind], False)[nodes.values[kind]]
        for row in np.flatnonzero(flags & (nodes.values[kind] >= 0)).tolist():
            found[row].append(_NAMED[kind])
    return [" ".join(each) or None for each in found]
