"""Scored pairs of records: the Fellegi-Sunter model as Splink fits it, on DuckDB.

Rooms say what is compared and which records may be pairs; only this module talks to Splink. It keeps a database of its own, in
memory, so that nothing of it can meet the tables of a run.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PRIOR = 1e-4
"""Where the share of matches among all pairs starts; `score` estimates it."""
_SAMPLED = 1e6
"""Random pairs that u is taken from."""
_LEAST_SHARE = 0.02
"""A corrected u keeps at least this share of the sampled one: a level that only matches reach has no zero."""


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: an SQL condition over `column_l` and `column_r`; `term` names the column whose values' frequency
    weighs an agreement (rare names say more). The condition `ELSE` takes what is left."""

    condition: str
    label: str
    term: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared: levels from the strongest agreement down; where `column` is null on a side nothing is said."""

    name: str
    column: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Scored:
    """Pairs by their rows in the table of records (left < right), sorted, with the log2 odds that they are one; `prior` is the
    estimated share of matches among all pairs of records."""

    left: Integers
    right: Integers
    odds: Floats
    prior: float
    matched: dict[str, list[float]]
    """For each comparison the fitted m of its levels, in their order; 0 where no pair reached one."""


class Linkage:
    """A model of one table of records: column `row` (0 to n - 1), `label` (what is already known to be one) and texts."""

    def __init__(self, records: pa.Table, folder: Path, memory_limit: str = "2GB", threads: int = 2) -> None:
        self._threads, self._size = threads, records.num_rows
        self._connection = duckdb.connect(
            ":memory:", config={"memory_limit": memory_limit, "temp_directory": str(folder / "linkage")}
        )
        self._connection.register("given_records", records)
        self._run("SET threads = 1")
        self._run("CREATE TABLE record AS SELECT * FROM given_records ORDER BY row")

    def close(self) -> None:
        """Give back what the database holds."""
        self._connection.close()

    def pairs(self, expressions: Sequence[str]) -> int:
        """How many pairs of records agree on all of these SQL expressions over the columns; `{}` stands for the side."""
        plain = [each.format("") for each in expressions]
        known = " AND ".join(f"({each}) IS NOT NULL" for each in plain)
        grouped = f"SELECT count(*) AS c FROM record WHERE {known} GROUP BY {', '.join(plain)}"
        return int(self._run(f"SELECT coalesce(sum(c * (c - 1) / 2), 0)::BIGINT FROM ({grouped})")[0][0])

    def score(
        self,
        comparisons: Sequence[Comparison],
        training: Sequence[Sequence[str]],
        blocking: Sequence[Sequence[str]],
        first: int,
        seed: int,
    ) -> Scored:
        """Fit the model and score every pair that agrees on one of `blocking` and is not of one label.

        The `first` rules of `blocking` are enough to see how many pairs match. u comes from random pairs, m from expectation
        maximisation within each rule of `training`, both without labels. Random pairs hold matches too, which matters in small
        tables: with the share of matches found, their part is taken out of u and m is fitted again. Term frequencies count labels,
        not records, so that a customer met often does not make a name common.
        Sums run on one thread: the same records give the same bytes.
        """
        from splink import DuckDBAPI, SettingsCreator  # noqa: PLC0415  # half a second, only where a model is fitted

        logging.getLogger("splink").setLevel(logging.ERROR)
        api = DuckDBAPI(connection=self._connection)
        records = api.register("record")
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[_comparison(each) for each in comparisons],
            blocking_rules_to_generate_predictions=[_rule(each, " AND l.label <> r.label") for each in blocking[:first]],
            unique_id_column_name="row",
            retain_matching_columns=False,
            probability_two_random_records_match=_PRIOR,
            linker_uid="first",
        )
        linker = self._linker(api, records, settings, comparisons, "first")
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=seed, min_count_per_level=None, num_chunks=1)
        self._maximise(linker, training)
        found = self._predict(linker, self._within_labels())
        model = linker.misc.save_model_to_json()
        _correct(model, found.prior)
        model["blocking_rules_to_generate_predictions"] = [_rule(each, " AND l.label <> r.label") for each in blocking]
        linker = self._linker(api, records, model | {"linker_uid": "second"}, comparisons, "second")
        self._maximise(linker, training)
        return self._predict(linker, self._within_labels())

    def _linker(self, api: Any, records: Any, settings: Any, comparisons: Sequence[Comparison], name: str) -> Any:
        from splink import Linker  # noqa: PLC0415

        linker = Linker(records, settings, log_level=logging.ERROR, validate_settings=False)
        for column in sorted({level.term for each in comparisons for level in each.levels if level.term}):
            self._run(
                f"CREATE TABLE {name}_{column} AS SELECT {column}, count(DISTINCT label) / "
                f"(SELECT count(DISTINCT label) FROM record WHERE {column} IS NOT NULL) AS tf_{column} "
                f"FROM record WHERE {column} IS NOT NULL GROUP BY {column}"
            )
            linker.table_management.register_term_frequency_lookup(api.register(f"{name}_{column}"), column)
        return linker

    def _maximise(self, linker: Any, training: Sequence[Sequence[str]]) -> None:
        for rule in training:
            linker.training.estimate_parameters_using_expectation_maximisation(
                _rule(rule, "")["blocking_rule"], estimate_without_term_frequencies=True, max_pairs=1e6
            )

    def _within_labels(self) -> int:
        return int(
            self._run("SELECT coalesce(sum(c * (c - 1) / 2), 0)::BIGINT FROM (SELECT count(*) AS c FROM record GROUP BY label)")[0][
                0
            ]
        )

    def _predict(self, linker: Any, joined: int) -> Scored:
        self._run(f"SET threads = {self._threads}")
        predicted = linker.inference.predict()
        name = predicted.physical_name
        table = self._connection.sql(
            f"SELECT least(row_l, row_r) AS l, greatest(row_l, row_r) AS r, match_weight AS w FROM {name} ORDER BY l, r"
        ).to_arrow_table()
        self._run(f"DROP TABLE {name}")
        self._run("SET threads = 1")
        linker.table_management.invalidate_cache()
        model = linker.misc.save_model_to_json()
        prior = float(model["probability_two_random_records_match"])
        matched = {
            each["output_column_name"]: [
                float(level.get("m_probability") or 0.0) for level in each["comparison_levels"] if not level.get("is_null_level")
            ]
            for each in model["comparisons"]
        }
        evidence = table.column("w").to_numpy().astype(np.float64) - np.log2(prior / (1 - prior))
        share, odds = matched_share(evidence, self._size * (self._size - 1) / 2, joined)
        return Scored(
            table.column("l").to_numpy().astype(np.int64), table.column("r").to_numpy().astype(np.int64), odds, share, matched
        )

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        # fetchall ends the statement: an unfinished one blocks its connection.
        found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found


def matched_share(evidence: Floats, pairs: float, joined: float = 0.0) -> tuple[float, Floats]:
    """The share of matches among all `pairs`, and the log2 odds of each scored pair under it.

    Expectation maximisation with m and u held: share = (joined + sum of posteriors) / pairs, until it stands. `evidence` is
    log2(m / u) summed over the comparisons; pairs that were not scored count as no match.

    >>> share, odds = matched_share(np.array([30.0, 30.0, -30.0]), 1000.0)
    >>> round(share, 4)
    0.002
    """
    share = _PRIOR
    for _ in range(500):
        odds = evidence + np.log2(share / (1 - share))
        following = min(max((joined + float((1 / (1 + np.exp2(-odds))).sum())) / max(pairs, 1.0), 1e-12), 0.5)
        if abs(following - share) <= 1e-9 * share:
            break
        share = following
    return share, evidence + np.log2(share / (1 - share))


def _correct(model: dict[str, Any], share: float) -> None:
    """Take the matches out of the sampled u, in place: u' = (u - share m) / (1 - share)."""
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            m, u = level.get("m_probability"), level.get("u_probability")
            if m is None or u is None or level.get("is_null_level"):
                continue
            level["u_probability"] = float(max((u - share * m) / (1 - share), u * _LEAST_SHARE))
    model["probability_two_random_records_match"] = share


def _comparison(comparison: Comparison) -> dict[str, Any]:
    column = comparison.column
    null = {"sql_condition": f"{column}_l IS NULL OR {column}_r IS NULL", "label_for_charts": "unknown", "is_null_level": True}
    levels = [
        {"sql_condition": level.condition, "label_for_charts": level.label}
        | ({"tf_adjustment_column": level.term} if level.term else {})
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.name, "comparison_levels": [null, *levels]}


def _rule(expressions: Sequence[str], also: str) -> dict[str, str]:
    """A blocking rule: `{}` in an expression stands for the side."""
    sides = [f"{each.format('l.')} = {each.format('r.')}" for each in expressions]
    return {"blocking_rule": " AND ".join(sides) + also, "sql_dialect": "duckdb"}
