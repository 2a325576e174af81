"""Vocabulary, evidence, draws, engine: what every room stands on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.engine import DuckEngine, Tables, exact_sum
from vitalfew.evidence import claim_id, parse_selection, record_id, selection
from vitalfew.numerics.draws import hashes, interval, weights
from vitalfew.printing import inert
from vitalfew.settings import slug
from vitalfew.vocabulary import TABLES, arrow_table, readable


def test_the_names_of_the_design_are_kept() -> None:
    stable = {
        "sources": "source table path rows_read rows_loaded rows_quarantined sha256",
        "quarantine": "source line column value reason",
        "identities": "source key person account score rule",
        "links": "left right score rule decision by",
        "people": "person account name email phone records first_seen last_seen",
        "timeline": "at person account stage touchpoint channel group employee kind text value source key",
        "metrics": "question statistic segment period n value low high note",
        "drivers": "outcome driver segment n r2 share low high correlation performance effect effect_low effect_high level penalty reward",
        "themes": "theme parent name sentiment n_comments n_people share cumulative vital_few impact low high",
        "mentions": "source key theme sentiment quote",
        "expectations": "expectation statement share_people share_revenue themes",
        "promises": "promise n kept low high standard perceived gap value_at_stake low_value high_value",
        "customers": "id kind revenue cost_to_serve profit expected_value risk fit influence rising",
        "journey": "stage step next cases people share median_days drop_off score",
        "issues": "issue name group driver theme n_people n_comments revenue hours value low high rank top",
        "causes": "issue branch depth text evidence controllable status",
        "initiatives": "initiative name group cost value low high chosen start end reason stability regret",
        "portfolio": "status value bound gap baseline_rule baseline_value budget used",
        "levels": "driver level why value",
        "frontier": "budget value bound",
        "evidence": "claim support role weight n",
    }
    for table, columns in stable.items():
        assert set(columns.split()) <= set(TABLES[table].names), table


def test_a_table_is_cast_ordered_and_complete() -> None:
    made = arrow_table("frontier", [{"budget": 2, "value": 1.5}, {"budget": 1, "value": None}])
    assert made.column("budget").to_pylist() == [1.0, 2.0]
    assert made.column("chosen").to_pylist() == [None, None]
    with pytest.raises(ValueError, match="no column surprise"):
        arrow_table("frontier", [{"surprise": 1}])
    assert "responses" in readable()
    assert "themes" not in readable()


def test_ids_are_readable_and_parse_back() -> None:
    assert claim_id("issue", "Field Service", "Späte Lieferung") == "issue:field-service/spate-lieferung"
    assert record_id("orders", "shop", "1") == "orders:shop#1"
    assert parse_selection(selection("mentions", theme="theme:a", source="s")) == ("mentions", {"source": "s", "theme": "theme:a"})
    assert parse_selection("orders:shop#1") is None
    with pytest.raises(ValueError, match="no column"):
        selection("mentions", nothing="x")
    assert slug("日本") != slug("中国")


def test_draws_are_exponential_and_a_function_of_person_draw_and_seed() -> None:
    hashed = hashes(f"person:{number}" for number in range(20_000))
    drawn = weights(hashed, 20, seed=3)
    assert drawn.mean() == pytest.approx(1, abs=0.01)
    assert drawn.var() == pytest.approx(1, abs=0.03)
    assert drawn.min() > 0
    assert np.isfinite(drawn).all()
    assert abs(np.corrcoef(drawn.T) - np.eye(20)).max() < 0.04
    assert np.array_equal(weights(hashed[7:9], 5, 3, first=4), drawn[7:9, 4:9])
    assert not np.array_equal(weights(hashed[:5], 5, 4), drawn[:5, :5])
    assert interval(np.array([np.nan])) != interval(np.array([1.0]))


def test_sums_do_not_depend_on_the_order_of_addition(engine: DuckEngine) -> None:
    numbers = np.random.default_rng(1).normal(size=200_000) * 1e6
    totals = set()
    for order in (numbers, numbers[::-1].copy(), np.sort(numbers)):
        table = engine.table(pa.table({"x": order}))
        totals.add(engine.collect(table.aggregate(total=exact_sum(table.x))).column("total")[0].as_py())
    assert len(totals) == 1
    assert totals.pop() == pytest.approx(numbers.sum(), rel=1e-9)


def test_the_same_rows_give_the_same_bytes(engine: DuckEngine, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    keys = rng.permutation(50_000)
    found = set()
    for number, order in enumerate((keys, keys[::-1].copy())):
        table = engine.table(pa.table({"key": order, "text": [f"t{key % 91}" for key in order]}))
        path = tmp_path / f"{number}.parquet"
        assert engine.write(table, path, ["key"]) == 50_000
        found.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(found) == 1


def test_a_table_nobody_wrote_is_empty_with_its_columns(engine: DuckEngine) -> None:
    tables = Tables(engine, {})
    assert tables.count("orders") == 0
    assert tuple(tables["orders"].columns) == TABLES["orders"].names
    assert list(engine.batches(tables["orders"])) == [] or sum(batch.num_rows for batch in engine.batches(tables["orders"])) == 0


def test_batches_leave_the_engine_free_for_other_questions(engine: DuckEngine) -> None:
    table = engine.table(pa.table({"x": list(range(25))}))
    seen = 0
    for batch in engine.batches(table, rows=10):
        seen += batch.num_rows
        assert engine.collect(table.aggregate(n=table.count())).column("n")[0].as_py() == 25
    assert seen == 25


def test_cells_that_a_spreadsheet_would_run_are_made_inert() -> None:
    for dangerous in ("=1+1", "+1", "-1+cmd", "@sum", "\tx", "  =x", "\uff1dx", "\rx"):
        assert inert(dangerous) == "'" + dangerous
    for harmless in ("a=1", "", None, -5, 2.5, "3-4"):
        assert inert(harmless) == harmless
