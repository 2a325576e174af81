"""The chain on Spark, held to DuckDB: every table of the demo company whole, and each expression whose meaning could differ."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import demo_company
from typer.testing import CliRunner

from vitalfew import demo, pipeline
from vitalfew.cli import app
from vitalfew.company import load
from vitalfew.engine import DuckEngine, Engine, exact_sum, native, opened
from vitalfew.engine import spark_session as starting
from vitalfew.engine.spark import SparkEngine
from vitalfew.engine.spark_sql import java_pattern
from vitalfew.faults import Refused, RunFailed
from vitalfew.runs import Workspace

# Py4J leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*<socket.socket:pytest.PytestUnraisableExceptionWarning", "ignore:unclosed <socket:ResourceWarning"
)

RELATIVE = 1e-9
"""What floats may differ by: sums of floats are added in another order. Keys, counts, texts, days and yes/no are compared exactly."""
DEFAULTS = """\
# Small data: starting is what costs, not reducing.
spark.master local[2]
spark.driver.memory 1500m
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
spark.sql.shuffle.partitions 2
spark.default.parallelism 2
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    """One session for this module: a run finds it and uses it, as it would the session of spark-submit."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(DEFAULTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        made = SparkEngine(folder)
        yield made
        made.close()
        gc.collect()


def test_every_table_of_the_demo_company_is_the_same_on_spark(spark: SparkEngine, demo_workspace: Path, tmp_path: Path) -> None:
    demo.write(tmp_path, seed=demo_company.SEED)
    on_duckdb, on_spark = Workspace(demo_workspace).need_current(), pipeline.run(load(tmp_path), tmp_path, engine="spark")
    assert [on_duckdb.engine, on_spark.engine] == ["duckdb", "spark"]
    assert all(on_duckdb.stages[name].key != on_spark.stages[name].key for name in on_spark.stages)
    expected, found = on_duckdb.paths(), on_spark.paths()
    assert found.keys() == expected.keys()
    assert len(found) > 30
    wrong = [
        difference
        for name in sorted(found)
        for difference in _differences(name, pq.read_table(expected[name]), pq.read_table(found[name]))
    ]
    assert not wrong, "\n".join(wrong)


def _differences(name: str, expected: pa.Table, found: pa.Table) -> list[str]:
    """What differs between a table of two runs, a line for each column."""
    shapes = [([(each.name, each.type) for each in table.schema], table.num_rows) for table in (expected, found)]
    if shapes[0] != shapes[1]:
        return [f"{name}: columns and rows are {shapes[0]}, on Spark {shapes[1]}"]
    said = []
    for column in expected.column_names:
        pairs = list(zip(expected.column(column).to_pylist(), found.column(column).to_pylist(), strict=True))
        unlike = [pair for pair in pairs if not _same(*pair)]
        if unlike:
            said.append(f"{name}.{column}: {len(unlike)} of {len(pairs)} differ, first {unlike[0][0]!r}, on Spark {unlike[0][1]!r}")
    return said


def _same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=RELATIVE, abs_tol=0.0) or (math.isnan(left) and math.isnan(right))
    return left == right


def test_the_comparison_of_tables_sees_what_differs() -> None:
    table = pa.table({"a": [1.0, 2.0], "b": ["x", None]})
    assert _differences("t", table, pa.table({"a": [1.0 + 1e-12, 2.0], "b": ["x", None]})) == []
    assert _differences("t", table, pa.table({"a": [1.0 + 1e-6, 2.0], "b": ["x", "y"]})) == [
        "t.a: 1 of 2 differ, first 1.0, on Spark 1.000001",
        "t.b: 1 of 2 differ, first None, on Spark 'y'",
    ]
    assert _differences("t", table, table.slice(1))


ODD = pa.table(
    {
        "row": pa.array(range(10), pa.int64()),
        "Text": ["a", " b\t", "\x0bc\x0c", "x, , y", "straße", "İ", "a\n", "12", None, 'it\'s \\ "quoted" \U0001f600'],
        "said": ["7", "0012", "1.5", "-3", " 4 ", "1e3", "", "9" * 18, None, "abc"],
        "number": [1.005, -1.005, 0.1 + 0.2, 2.675, 1e15 + 0.3, 0.0, -0.5, 1e-7, None, 123456.7890125],
        "whole": pa.array([1, 2, 3, 4, 5, 6, 7, 8, None, -9], pa.int64()),
        "at": [datetime(2026, 3, 29, 1, 59, 59, 999999), *(datetime(2026, 1, day, 23 - day) for day in range(1, 9)), None],
        "until": [datetime(2026, 3, 30), *(datetime(2026, 1, day + 1, 1) for day in range(1, 9)), datetime(2027, 1, 1)],
    }
)


def _both(spark: SparkEngine, duck: DuckEngine, make: object) -> tuple[pa.Table, pa.Table]:
    made: list[pa.Table] = []
    for engine in (duck, spark):
        made.append(engine.collect(make(engine, engine.table(ODD))))  # type: ignore[operator]
    return made[0], made[1]


EXPRESSIONS = (
    *(
        '"number" * 1.5 > 0.1 + 0.2',
        '"number" >= -1',
        'coalesce("number", 1.5)',
        '-"number"',
        '0.1 + 0.2 = "number"',
        "1.5",
        "0.1 + 0.2",
    ),
    *(
        '"Text"',
        "'it''s'",
        "NULL",
        "1",
        "1.5",
        "true",
        '"number" * 2 - 1',
        '"whole" + 1',
        '"number" / 0',
        '"whole" // 2',
        '"whole" % 4',
    ),
    *(
        '"at" <= "until"',
        '"at" IS NULL OR "whole" > 3',
        "\"Text\" = 'a'",
        "\"Text\" < 'b'",
        '"whole" IN (1, 3)',
        "\"said\" IN ('7')",
    ),
    *('"whole" BETWEEN 2 AND 4', 'NOT "whole" = 2', 'coalesce("Text", "said", \'-\')', "nullif(\"Text\", 'a')"),
    *("CASE WHEN \"whole\" > 2 THEN 'many' WHEN \"whole\" IS NULL THEN NULL ELSE 'few' END", '"Text" || \'/\' || "said"'),
    *('TRY_CAST("said" AS DOUBLE)', 'TRY_CAST("said" AS BIGINT)', 'CAST("number" AS VARCHAR)', 'CAST("whole" AS VARCHAR)'),
    *('upper("Text")', 'lower("Text")', 'length("Text")', 'trim("Text")', "regexp_matches(\"Text\", '\\s$')", 'round("number", 2)'),
    *("regexp_replace(\"Text\", '[aeiou]', '', 'g')", 'date_diff(\'day\', "at", "until")', '"until" - "at" > INTERVAL 1 DAY'),
    *("strftime(\"at\", '%d/%m/%Y')", "try_strptime(\"said\", '%Y')", 'year("at")', "split_part(\"Text\", ',', 1)"),
    *('greatest("whole", 3)', 'hash("Text")', 'md5("Text")', '"at" + INTERVAL 1 HOUR', 'CAST("at" AS DATE)', '"said" > 5 IS NULL'),
)


@pytest.mark.parametrize("place", range(0, len(EXPRESSIONS), 12))
def test_expressions_of_settings_mean_on_spark_what_they_mean_on_duckdb(spark: SparkEngine, engine: DuckEngine, place: int) -> None:
    tried = EXPRESSIONS[place : place + 12]
    named = {
        f"made {number}": f"TRY({sql})" if number % 2 else sql for number, sql in enumerate(tried) if sql != '"said" > 5 IS NULL'
    }

    def make(on: Engine, table: ir.Table) -> ir.Table:
        return on.project(table, {"row": '"row"', **named}).order_by("row")

    expected, found = _both(spark, engine, make)
    # DuckDB's unsigned hashes are decimals on Spark, which has no unsigned numbers: the values are what counts.
    wrong = [
        f"{tried[int(name[5:])]}: {values} on Spark {other}"
        for name, values, other in zip(
            expected.column_names[1:],
            (c.to_pylist() for c in expected.columns[1:]),
            (c.to_pylist() for c in found.columns[1:]),
            strict=True,
        )
        if not all(_same(left, right) for left, right in zip(values, other, strict=True))
    ]
    assert not wrong, "\n".join(wrong)


def test_ibis_expressions_mean_on_spark_what_they_mean_on_duckdb(spark: SparkEngine, engine: DuckEngine) -> None:
    def make(_: Engine, table: ir.Table) -> ir.Table:
        window = ibis.window(group_by=(table.whole % 2), order_by=[table.said, table.row])
        return table.mutate(
            stripped=table.Text.strip(),
            replaced=table.Text.re_replace(r"\s+", " ").re_replace("(, )+", ", ").re_replace("^, |, $|a$", ""),
            digits=table.said.re_search("^[0-9]{1,18}$"),
            cents=table.number.cast("decimal(18, 2)").cast("float64"),
            rounded=table.number.round(2),
            days=table.until.delta(table["at"], unit="day"),
            moments=table.until.delta(table["at"], unit="us"),
            nth=ibis.row_number().over(window),
            following=table.said.lead().over(window),
            quarter=table["at"].truncate("Q").cast("timestamp(6)"),
            marked=(table.Text.fill_null("\x1e") + "\x1f\x0b" + table.said.fill_null("\x1e")).hexdigest("md5"),
            part=table.Text.substr(0, 3),
        ).order_by("row")

    expected, found = _both(spark, engine, make)
    assert _differences("made", expected, found) == []


def test_sums_and_middles_are_the_same_on_spark(spark: SparkEngine, engine: DuckEngine) -> None:
    def make(_: Engine, table: ir.Table) -> ir.Table:
        grouped = table.group_by(half=table.whole % 2).aggregate(
            total=exact_sum(table.number),
            middle=table.number.median(),
            path=table.Text.group_concat(sep=" > ", order_by=[table.row]),
            kinds=table.Text.nunique(),
            some=table.count(where=table.number > 1e20),
            least=table.Text.min(),
        )
        return grouped.order_by("half")

    expected, found = _both(spark, engine, make)
    assert _differences("made", expected, found) == []


def test_a_table_written_by_spark_is_the_file_duckdb_writes(spark: SparkEngine, engine: DuckEngine, tmp_path: Path) -> None:
    paths = [tmp_path / f"{each.name}.parquet" for each in (engine, spark)]
    rows = [each.write(each.table(ODD), path, ("said", "row")) for each, path in zip((engine, spark), paths, strict=True)]
    assert rows == [10, 10]
    assert _differences("odd", *(pq.read_table(path) for path in paths)) == []


def test_rows_without_an_order_stay_where_tasks_wrote_them_and_are_read_back(spark: SparkEngine, tmp_path: Path) -> None:
    folder = tmp_path / "odd [1] {x,y} 'q' %20"
    folder.mkdir()
    path = folder / "parts.parquet"
    assert spark.write(spark.table(ODD), path, ()) == 10
    assert path.is_dir()
    back = spark.collect(spark.read(path).order_by("row"))
    assert _differences("odd", ODD.cast(back.schema), back) == []
    batches = list(spark.batches(spark.table(ODD)))
    assert sum(batch.num_rows for batch in batches) == 10


def test_what_spark_cannot_compute_is_a_run_that_failed_in_a_sentence(spark: SparkEngine) -> None:
    table = spark.table(ODD)
    with pytest.raises(RunFailed, match=r"^Spark stopped the run: .*Could not convert string 'abc' to DOUBLE") as failed:
        spark.collect(spark.project(table.filter(table.row == 9), {"n": 'CAST("said" AS DOUBLE)'}))
    assert len(str(failed.value).splitlines()) == 1


def test_what_means_the_same_is_translated_and_nothing_else() -> None:
    schema = ODD.schema
    same = {"kept": 'TRY(CAST(("at" <= "until") AS BOOLEAN))', "weight": 'coalesce("number", 1.0)', "source": "'it''s'"}
    assert native.translated(same, schema) == {
        "kept": "(CAST((`at` <= `until`) AS BOOLEAN))",
        "weight": "COALESCE(`number`, CAST('1.0' AS DOUBLE))",
        "source": "'it\\'s'",
    }
    for sql in (
        *('"whole" + 1', '"number" / 2', 'upper("Text")', "\"at\" < '2026-01-01'", 'CAST("said" AS DOUBLE)', '"missing" = 1'),
        *(
            "'a\\b'",
            "'\v'",
            '"Text".a',
            'CASE "whole" WHEN 1 THEN 2 END',
            '"whole" IN (SELECT 1)',
            "0.1 + 0.2",
            "1e400",
            '"whole" > 0.5',
        ),
    ):
        assert native.translated({"made": sql}, schema) is None, sql


def test_patterns_are_written_as_java_reads_them() -> None:
    assert java_pattern(r"^a\s+[\s$]\$$") == r"^a[\t\n\f\r ]+[\t\n\f\r $]\$\z"


# PySpark leaves the pipe to a Java that did not start to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*<_io.FileIO:pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_a_spark_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    (tmp_path / "spark-defaults.conf").write_text("spark.driver.memory 1\n")
    with pytest.raises(RunFailed, match=r"^Spark did not start: .*(heap|memory|JVM|Machine)"):
        SparkEngine(tmp_path)
    gc.collect()
    assert not list(tmp_path.glob("vitalfew-spark-*"))


def test_an_engine_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no engine 'flink'; there are duckdb, spark"):
        opened("flink", tmp_path)


def _run_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    with pytest.raises(Refused) as refused:
        pipeline.run(load(folder), folder, engine="spark")
    assert not list((folder / ".vitalfew").glob("w*ing-*"))
    return "\n".join(str(fault) for fault in refused.value.faults)


SURVEY = """
[company]
name = "Acme"
currency = "EUR"
time_zone = "UTC"
as_of = 2026-06-30

[[source]]
name = "survey"
table = "responses"
path = "exports/survey.csv"
[source.columns]
response = "id"
[source.questions]
recommend = { column = "Q1", kind = "nps", outcome = true }
"""


def test_without_pyspark_the_fault_says_how_to_install_it(write_company, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    folder = write_company(SURVEY)
    monkeypatch.setattr(starting, "find_spec", lambda _: None)
    said = _run_refused(monkeypatch, folder)
    assert "PySpark is not installed" in said
    assert "pip install 'vitalfew[spark]'" in said
    ended = CliRunner().invoke(app, ["run", str(folder), "--engine", "spark"], standalone_mode=False)
    assert isinstance(ended.exception, Refused)  # `main` prints its faults and leaves with 2


@pytest.mark.parametrize(
    ("said", "what"), [(None, "there is none at JAVA_HOME"), ("11.0.2", "17 or newer; .*java is 11"), ("17.0.15", "")]
)
def test_java_that_is_missing_or_too_old_is_told(
    said: str | None, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if said:
        (tmp_path / "bin").mkdir()
        java = tmp_path / "bin" / "java"
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{said}\" 2025-04-15' >&2\n")
        java.chmod(0o755)
    if not what:
        starting.need_java()
        return
    with pytest.raises(Refused, match=what) as refused:
        starting.need_java()
    assert "apt-get install openjdk-17-jre-headless" in str(refused.value.faults[0])


def test_settings_of_a_cluster_go_before_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert starting.defaults_given() == {}
    (tmp_path / "spark-defaults.conf").write_text("# ours\nspark.master   spark://head:7077\nspark.executor.memory=8g\n")
    given = starting.defaults_given()
    assert given == {"spark.master": "spark://head:7077", "spark.executor.memory": "8g"}
    own = starting.own(tmp_path, given)
    assert not own.keys() & given.keys()
    assert "spark.driver.host" not in own
    assert starting.own(tmp_path, {})["spark.driver.bindAddress"] == "127.0.0.1"


def test_nothing_loads_pyspark_unless_it_is_asked_for() -> None:
    code = (
        "import sys, vitalfew.cli, vitalfew.pipeline, vitalfew.engine; sys.exit(any(n.startswith('pyspark') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
