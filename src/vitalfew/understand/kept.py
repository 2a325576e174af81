"""Promises as drivers: for each response, whether what was promised to that customer was kept."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Tables
from vitalfew.understand.answers import Answers


def by_response(tables: Tables, answers: Answers) -> dict[str, NDArray[np.float64]]:
    """For each promise id an array (n,) along `answers`: 1 kept, 0 broken, NaN when no check belongs to the response.

    A response about an order takes that order's check. Any other takes the person's latest check up to the time of the answer; of
    several at that moment a broken one counts.
    """
    if not len(answers) or not tables.count("promise_checks"):
        return {}
    checks = tables["promise_checks"].filter(lambda t: t.kept.notnull())
    responses = tables["responses"].select("response", "person", "at", "order").distinct()
    orders = checks.filter(checks.table == "orders")
    orders = orders.select("promise", kept=orders.kept.cast("int64"), order=orders.source + ibis.literal("#") + orders.key)
    direct = responses.join(orders, "order").group_by("response", "promise").aggregate(kept=lambda t: t.kept.min())
    people = checks.filter(checks.person.notnull() & checks["at"].notnull())
    people = people.select("promise", "person", kept=people.kept.cast("int64"), checked=people["at"])
    asked = responses.filter(responses.order.isnull() & responses.person.notnull())
    before = asked.join(people, "person").filter(lambda t: t.checked <= t["at"]).select("response", "promise", "checked", "kept")
    latest = before.group_by("response", "promise").aggregate(checked=before.checked.max())
    indirect = before.join(latest, ["response", "promise", "checked"]).group_by("response", "promise")
    found = tables.arrow(ibis.union(direct, indirect.aggregate(kept=lambda t: t.kept.min())).order_by(["promise", "response"]))
    places = pc.index_in(found.column("response"), value_set=pa.array(answers.response, type=pa.string())).to_numpy(
        zero_copy_only=False
    )
    known = ~np.isnan(places.astype(float))
    rows = places[known].astype(np.int64)
    names = found.column("promise").to_numpy(zero_copy_only=False)[known]
    kept = found.column("kept").to_numpy(zero_copy_only=False)[known].astype(float)
    made: dict[str, NDArray[np.float64]] = {}
    for name in sorted(dict.fromkeys(names.tolist())):
        column = np.full(len(answers), np.nan)
        column[rows[names == name]] = kept[names == name]
        made[str(name)] = column
    return made
