"""Answers as a matrix."""

from __future__ import annotations

import numpy as np
import pytest
import survey_world

from made_tables import tables_of
from vitalfew.engine import Context
from vitalfew.understand import answers

NAN = float("nan")


def test_each_response_is_one_row_with_nan_where_it_did_not_answer(context: Context) -> None:
    given = {"a": np.array([1.0, NAN, 3.0, NAN]), "b": np.array([5.0, 4.0, NAN, NAN])}
    made = survey_world.rows(given, person=["x", None, "x", "y"], order=["shop#1", "shop#2", "shop#3", "shop#4"])
    tables = tables_of(context, responses=[*made, {**made[0], "question": "words", "value": None, "text": "fine"}])
    read = answers.read(tables, ["b", "a"])
    assert read.response.tolist() == ["survey#000000", "survey#000001", "survey#000002"]
    assert read.person.tolist() == ["x", "survey#000001", "x"]
    assert read.order.tolist() == ["shop#1", "shop#2", "shop#3"]
    assert read.account.tolist() == [None, None, None]
    np.testing.assert_array_equal(read.column("a"), [1.0, NAN, 3.0])
    np.testing.assert_array_equal(read.column("b"), [5.0, 4.0, NAN])
    assert read.take(read.column("b") == 4).response.tolist() == ["survey#000001"]
    with pytest.raises(KeyError, match="was not read"):
        read.column("c")


def test_codes_and_labels_have_no_number(context: Context) -> None:
    row = {"source": "s", "key": "1", "response": "s#1", "question": "codes", "kind": "codes", "choice": "price"}
    tables = tables_of(context, responses=[row, {**row, "choice": "speed"}])
    assert len(answers.read(tables, ["codes"])) == 0


def test_nothing_is_read_from_nothing(context: Context) -> None:
    tables = tables_of(context)
    assert answers.read(tables, ["a"]).values.shape == (0, 1)
    assert answers.read(tables, []).values.shape == (0, 0)
