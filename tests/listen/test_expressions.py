"""Expressions from company.toml: harmless scalar ones pass, everything else is refused in a sentence."""

from __future__ import annotations

import pytest

from vitalfew.engine.expressions import check, columns_of, nearest

COLUMNS = ["delivered_at", "promised_at", "Amount", "status", "Order ID", "at"]

PASS = [
    ("delivered_at <= promised_at", '"delivered_at" <= "promised_at"'),
    ("TRY_CAST(amount AS DOUBLE) * 1.2", 'TRY_CAST("Amount" AS DOUBLE) * 1.2'),
    ("status in ('a', 'b') and not at is null", "\"status\" IN ('a', 'b') AND NOT \"at\" IS NULL"),
    ("case status when 'Won' then 'won' else 'open' end", "CASE \"status\" WHEN 'Won' THEN 'won' ELSE 'open' END"),
    ("\"Order ID\" || '/' || status", '"Order ID" || \'/\' || "status"'),
    ("date_diff('day', promised_at, delivered_at) <= 3", 'DATE_DIFF(\'DAY\', "promised_at", "delivered_at") <= 3'),
    ("at >= timestamp '2026-01-01 00:00:00'", "\"at\" >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)"),
    ("at - interval 3 day", "\"at\" - INTERVAL '3' DAY"),
    ("hour(at) between 8 and 17", 'HOUR("at") BETWEEN 8 AND 17'),
    ("coalesce(nullif(trim(status), ''), 'none') -- a comment", "COALESCE(NULLIF(TRIM(\"status\"), ''), 'none')"),
    ("lpad(status, 8, '0')", "LPAD(\"status\", 8, '0')"),
    ("regexp_matches(status, '^a')", "REGEXP_MATCHES(\"status\", '^a')"),
]

REFUSE = [
    *("select 1", "(select 1)", "status in (select 1)", "exists (select 1)", "status from x", "1; drop table x", "1; 2"),
    *("read_csv('/etc/passwd')", "read_text('x')", "read_parquet('x')", "glob('*')", "query('select 1')", "query_table('x')"),
    *("count(*)", "sum(Amount)", "max(at)", "row_number() over ()", "lag(at) over (order by at)", "list(at)"),
    *("now()", "current_date", "current_timestamp", "random()", "uuid()", "nextval('s')", "today()"),
    *("getenv('HOME')", "current_setting('x')", "pragma version", "attach 'x'", "copy x to 'y'", "set x = 1", "install httpfs"),
    *("*", "?", "$1", ":name", "t.at", "a.b.c", "status as s", "unnest([1])", "range(10)", "list_transform([1], x -> x)"),
    *("at at time zone 'utc'", "at::timestamptz", "status::json", "status collate nocase", "repeat(status, 1000000000)"),
    *("lpad(status, 1000000000, 'a')", "lpad(status, length(status), 'a')", "", "   ", "(((", "delivered_at <=", "'open"),
    *("sleep(1)", "write_blob('x', 'y')", "system('ls')", "nope = 1", '"" = 1', "x" * 20_000),
]


@pytest.mark.parametrize(("sql", "made"), PASS)
def test_scalar_expressions_pass_and_are_written_one_way(sql: str, made: str) -> None:
    assert check(sql, COLUMNS) == made
    assert check(made, COLUMNS) == made


@pytest.mark.parametrize("sql", REFUSE)
def test_everything_else_is_refused_in_a_sentence(sql: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(sql, COLUMNS)
    assert str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert "sqlglot" not in str(refused.value)


def test_a_misspelt_column_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no column 'deliverd_at'; the nearest is 'delivered_at'"):
        check("deliverd_at is null", COLUMNS)


def test_names_that_differ_by_case_alone_must_be_quoted_exactly() -> None:
    assert check('"Id" = id', ["Id", "id"]) == '"Id" = "id"'
    with pytest.raises(ValueError, match="could be any of Id, id"):
        check("ID = 1", ["Id", "id"])


def test_the_columns_of_an_expression_are_named_once() -> None:
    assert columns_of("a + b > a") == ("a", "b")
    assert nearest("Delivred", ["delivered", "x"]) == "delivered"
    assert nearest("zzz", ["delivered"]) == ""


def test_deep_nesting_is_refused_rather_than_a_crash() -> None:
    with pytest.raises(ValueError):
        check("(" * 4000 + "1" + ")" * 4000, [])
