"""The resampled worlds behind the figures: the same number of a draw is the same world for every claim."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Tables
from vitalfew.numerics.draws import interval

Worlds = NDArray[np.float64]


class Draws:
    """Per-draw quantities by claim: `get` gives shape (count,), NaN in draws nobody wrote."""

    def __init__(self, tables: Tables, count: int) -> None:
        self.count = count
        self._arrays: dict[tuple[str, str], Worlds] = {}
        draws = tables["draws"]
        table = tables.arrow(draws.order_by([draws.claim, draws.quantity, draws.draw]))
        if not table.num_rows:
            return
        claims = pc.dictionary_encode(table.column("claim")).combine_chunks()
        quantities = pc.dictionary_encode(table.column("quantity")).combine_chunks()
        first, second = claims.indices.to_numpy(), quantities.indices.to_numpy()
        numbers = table.column("draw").to_numpy()
        values = table.column("value").to_numpy(zero_copy_only=False)
        edges = np.flatnonzero((np.diff(first) != 0) | (np.diff(second) != 0)) + 1
        for rows in np.split(np.arange(len(values)), edges):
            array = np.full(count, np.nan)
            kept = rows[(numbers[rows] >= 0) & (numbers[rows] < count)]
            array[numbers[kept]] = values[kept]
            key = (claims.dictionary[first[rows[0]]].as_py(), quantities.dictionary[second[rows[0]]].as_py())
            self._arrays[key] = array

    def get(self, claim: str, quantity: str) -> Worlds | None:
        """The draws of a quantity of a claim; None when there are none that are finite."""
        array = self._arrays.get((claim, quantity))
        return array if array is not None and np.isfinite(array).any() else None


def mean(worlds: Worlds | None) -> float | None:
    """Mean of the finite draws; None without any."""
    if worlds is None:
        return None
    finite = worlds[np.isfinite(worlds)]
    return float(finite.mean()) if finite.size else None


def ends(worlds: Worlds | None) -> tuple[float | None, float | None]:
    """The 95 % interval of draws; None, None without any."""
    if worlds is None or not np.isfinite(worlds).any():
        return None, None
    return interval(worlds)
