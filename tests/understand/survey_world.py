"""Made surveys for the statistics' tests: answers as rows of `responses`, from a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
START = datetime(2026, 1, 5)


def rows(
    answers: Mapping[str, Floats],
    kinds: Mapping[str, str] | None = None,
    weight: Floats | None = None,
    person: Sequence[str | None] | None = None,
    order: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """One row per answer that is not NaN; response k is `survey#k`, a day after response k - 1, by person pk."""
    made = []
    for question, column in answers.items():
        for place, value in enumerate(column):
            if np.isnan(value):
                continue
            made.append(
                {
                    "source": "survey",
                    "key": f"{place:06d}",
                    "response": f"survey#{place:06d}",
                    "person": f"p{place:06d}" if person is None else person[place],
                    "at": START + timedelta(days=place % 170),
                    "question": question,
                    "kind": (kinds or {}).get(question, "rating"),
                    "value": float(value),
                    "weight": 1.0 if weight is None else float(weight[place]),
                    "order": None if order is None else order[place],
                }
            )
    return made


def segment(name: str, values: Sequence[str], table: str = "responses", source: str = "survey") -> list[dict[str, Any]]:
    """Rows of `segments` for records 0, 1, 2, ..."""
    return [
        {"table": table, "source": source, "key": f"{place:06d}", "segment": name, "value": value}
        for place, value in enumerate(values)
    ]
