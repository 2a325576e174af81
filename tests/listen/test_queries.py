"""Which SQL a source may send to a database."""

from __future__ import annotations

import pytest

from vitalfew.listen.queries import checked

DIALECTS = ("postgres", "sqlite", "mysql", "tsql", "oracle", "")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "select a, b from t where c = ':since' order by a",
        "(select 1 as a) union all (select 2 as a)",
        "with x as (select a from t) select x.a, count(*) as n from x join y on x.a = y.a group by x.a",
        "-- what sells\nselect a /* all */ from t ;",
    ],
)
def test_a_select_passes_as_it_is_written(sql: str, dialect: str) -> None:
    made = checked(sql, dialect)
    assert not made.incremental
    assert made.everything() == sql.rstrip(" ;")


@pytest.mark.parametrize("dialect", ["postgres", "sqlite", "mysql", ""])
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "begins with nothing"),
        ("select 1; drop table t", "only one statement"),
        ("select 1; select 2", "only one statement"),
        ("delete from t", "begins with DELETE"),
        ("/* select */ delete from t", "only a SELECT"),
        ("insert into t values (1)", "begins with INSERT"),
        ("with x as (delete from t returning a) select a from x", "it holds DELETE"),
        ("with x as (insert into t values (1) returning a) select a from x", "it holds INSERT"),
        ("select * into copy from t", "SELECT INTO"),
        ("select * from t for update", "lock rows"),
        ("pragma table_info(t)", "begins with PRAGMA"),
        ("explain select 1", "begins with EXPLAIN"),
        ("copy t to '/tmp/x'", "begins with COPY"),
        ("attach 'x.db' as x", "begins with ATTACH"),
        ("select pg_read_file('/etc/passwd')", "pg_read_file"),
        ("select pg_terminate_backend(1)", "pg_terminate_backend"),
        ("select lo_export(1, '/tmp/x')", "lo_export"),
        ("select load_extension('x')", "load_extension"),
        ("select load_file('/etc/passwd')", "load_file"),
        ("select 1 /*! ; drop table t */", "MySQL executes"),
        ("select a from", "does not parse"),
        ("select ?", "the only parameter"),
        ("select a from t where a >= :until", "the only parameter"),
        ("select a from t where a > :since", "updated_at >= :since"),
        ("select :since", "updated_at >= :since"),
        ("select a from t where a >= :since or b = 1", "joined by AND"),
        ("select a from t where not (a >= :since)", "joined by AND"),
        ("select a from t where lower(a) >= :since", "may stand only"),
        ("select a from t where a + 1 >= :since", "may stand only"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(sql: str, why: str, dialect: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        checked(sql, dialect)
    assert why in str(raised.value)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_since_is_a_parameter_for_what_is_new_and_true_for_everything(dialect: str) -> None:
    made = checked("select a, ':since' from t where t.u >= CAST(:since AS date) and (v>=:since and b = 1)", dialect)
    assert made.everything() == "select a, ':since' from t where t.u >= CAST(t.u AS date) and (v>=v and b = 1)"
    assert made.new("$1") == "select a, ':since' from t where t.u >= CAST($1 AS date) and (v>=$1 and b = 1)"


def test_a_cast_of_postgresql_is_no_parameter() -> None:
    made = checked('select x::text from t where t."u p" >= :since::timestamptz', "postgres")
    assert made.everything() == 'select x::text from t where t."u p" >= t."u p"::timestamptz'
