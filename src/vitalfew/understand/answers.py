"""Answers as a matrix: one row per response, one column per question.

`responses` is long (a row is one answer to one question). Drivers, levels, themes and promises want it wide, so it is pivoted once,
in the engine, and handed over as NumPy columns in one fixed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
from numpy.typing import NDArray

from vitalfew.engine import Tables


@dataclass(frozen=True)
class Answers:
    """Numeric answers, n responses by q questions, ordered by response.

    `response` is `source#key`; `person` the resolved person, or the response itself when it is anonymous, so that it is always the
    unit of resampling; `account` and `order` (`source#key`) are None when unknown; `at` is UTC, NaT when unknown; `weight` is the
    survey weight; `values` has shape (n, q), NaN where a question was not answered.
    """

    response: NDArray[np.object_]
    person: NDArray[np.object_]
    account: NDArray[np.object_]
    at: NDArray[np.datetime64]
    order: NDArray[np.object_]
    weight: NDArray[np.float64]
    questions: tuple[str, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.response)

    def column(self, question: str) -> NDArray[np.float64]:
        """The answers to one question, shape (n,). Raises KeyError when it was not read."""
        if question not in self.questions:
            raise KeyError(f"question {question!r} was not read; read were {', '.join(self.questions)}")
        return self.values[:, self.questions.index(question)]

    def take(self, rows: NDArray[Any]) -> Answers:
        """The responses chosen by a mask or by positions."""
        return Answers(
            self.response[rows],
            self.person[rows],
            self.account[rows],
            self.at[rows],
            self.order[rows],
            self.weight[rows],
            self.questions,
            self.values[rows],
        )


def read(tables: Tables, questions: Sequence[str]) -> Answers:
    """The numeric answers to `questions`, one row per response that answered at least one of them.

    Labels, codes and words have no number and are passed over. A question answered twice in one response keeps its highest answer.
    """
    asked = tuple(dict.fromkeys(questions))
    responses = tables["responses"]
    numeric = responses.filter(
        responses.question.isin(list(asked)) if asked else ibis.literal(False),
        responses.value.notnull(),
        ~responses.value.isnan(),
        responses.response.notnull(),
    )
    wide = numeric.group_by("response").aggregate(
        person=numeric.person.max(),
        account=numeric.account.max(),
        at=numeric["at"].max(),
        order=numeric["order"].max(),
        weight=numeric.weight.max(),
        **{f"q{position}": numeric.value.max(where=numeric.question == name) for position, name in enumerate(asked)},
    )
    columns = tables.numpy(wide.order_by("response"))
    response = columns["response"].astype(object)
    person = columns["person"].astype(object)
    unknown = np.array([each is None for each in person], dtype=bool)
    weight = columns["weight"].astype(float)
    values = np.empty((len(response), len(asked)), dtype=float)
    for position in range(len(asked)):
        values[:, position] = columns[f"q{position}"]
    return Answers(
        response=response,
        person=np.where(unknown, response, person).astype(object),
        account=columns["account"].astype(object),
        at=columns["at"].astype("datetime64[us]"),
        order=columns["order"].astype(object),
        weight=np.where(np.isnan(weight), 1.0, weight),
        questions=asked,
        values=values,
    )
