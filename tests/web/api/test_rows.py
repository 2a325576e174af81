"""Rows of tables through the API: rights on each table, conditions, order, pages, formats, ETags."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from tests.web.api.conftest import Program, Programs, faults
from tests.web.conftest import Cast

from vitalfew.vocabulary import TABLES
from vitalfew.web.api.tables import RULES
from vitalfew.web.people.rights import CAPABILITIES

# Who may read the tables, written out by hand: each table stands in one line.
READERS = {
    "owner administrator analyst integrator": "sources remarks left_out deliveries",
    "owner administrator lead": "interactions orders deals responses employees timeline",
    "owner administrator": (
        "sponsors quarantine mended accounts people contacts consents identities links review person_changes person_ledger order_lines "
        "contracts relations segments mentions promise_checks customers"
    ),
    "owner administrator analyst executive lead integrator": (
        "competitors metrics drivers levels themes draws point_value journey paths frontier resources risks benefits effects evidence "
        "not_computed barriers"
    ),
    "owner administrator analyst executive lead employee integrator": (
        "expectations promises initiatives portfolio roadmap raci issues causes one_pages actions vision"
    ),
}
WHO = {table: roles.split() for roles, tables in READERS.items() for table in tables.split()}


def test_every_table_of_the_vocabulary_says_who_may_read_it() -> None:
    assert set(RULES) == set(TABLES)
    assert set(WHO) == set(TABLES)
    for table, rule in RULES.items():
        names = set(TABLES[table].names)
        assert {rule.capability, *rule.guarded.values()} <= set(CAPABILITIES)
        assert {*rule.hidden, *rule.guarded, *([rule.group] if rule.group else [])} <= names
        # A table with a group column can be read by group, unless leads see it whole or not at all.
        assert rule.group or "group" not in names or CAPABILITIES[rule.capability].get("lead") in ("company", None)


def test_tables_are_listed_and_read_by_the_roles_that_may(program: Programs) -> None:
    for role in ("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator"):
        asking = program(role)
        listed = {each["name"] for each in asking.ask("/tables").json()["data"]}
        assert listed == {table for table, roles in WHO.items() if role in roles}
        for table, roles in WHO.items():
            assert asking.ask(f"/tables/{table}/rows?limit=1").status_code == (200 if role in roles else 403), (role, table)
            assert asking.ask(f"/tables/{table}").status_code == (200 if role in roles else 403), (role, table)


def test_columns_come_with_their_kind_unit_and_meaning(program: Programs) -> None:
    told = {each["name"]: each for each in program("analyst").ask("/tables/drivers").json()["columns"]}
    assert told["share"] == {
        "name": "share",
        "kind": "number",
        "unit": "0 to 1",
        "meaning": "exact LMG share of the explained variance",
    }


def test_a_lead_reads_rows_of_the_own_group_only(program: Programs) -> None:
    for table in ("interactions", "timeline", "issues", "actions", "one_pages"):
        groups = {each["group"] for each in program("lead").ask(f"/tables/{table}/rows?limit=500").json()["data"]}
        assert groups == {"Logistics"}, table
        assert program("lead").ask(f"/tables/{table}/rows?group=Product").json()["data"] == []
        assert program("owner").ask(f"/tables/{table}/rows?group__ne=Logistics&limit=1").json()["data"]
    causes = program("lead").ask("/causes?limit=500").json()["data"]
    assert causes
    assert all(each["issue"].startswith("issue:logistics/") for each in causes)


@pytest.mark.parametrize("table", ["responses", "interactions", "timeline", "deals"])
def test_nobody_can_count_answers_by_employee(program: Programs, table: str) -> None:
    owner = program("owner")
    assert all("employee" not in each for each in owner.ask(f"/tables/{table}/rows?limit=50").json()["data"])
    for asked in ("employee=E001", "employee__known=true", "order=employee", "fields=employee"):
        answer = owner.ask(f"/tables/{table}/rows?{asked}")
        assert answer.status_code == 422, asked
        assert "there is no 'employee" in " ".join(faults(answer).values())


def test_the_cost_of_an_employee_is_for_those_who_manage_people(program: Programs) -> None:
    assert "hour_cost" in program("owner").ask("/tables/employees/rows?limit=1").json()["data"][0]
    lead = program("lead").ask("/tables/employees/rows?limit=500").json()["data"]
    assert lead
    assert all("hour_cost" not in each and each["group"] == "Logistics" for each in lead)
    assert program("lead").ask("/tables/employees/rows?hour_cost__gt=10").status_code == 422


def everything(asking: Program, path: str) -> list[dict[str, Any]]:
    """Every row, page by page."""
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = asking.ask(following.removeprefix("http://testserver"))
        assert answer.status_code == 200, answer.content
        told = answer.json()
        found += told["data"]
        following = told["next"]
    return found


@pytest.mark.parametrize(
    ("order", "sorting"),
    [
        ("", 'source ASC, path ASC, line ASC, "column" ASC, reason ASC, value ASC'),
        ("-line,column", 'line DESC NULLS LAST, "column" ASC NULLS LAST, file_row_number'),
        ("column", '"column" ASC NULLS LAST, file_row_number'),
        ("-reason,-line", "reason DESC NULLS LAST, line DESC NULLS LAST, file_row_number"),
    ],
)
def test_pages_neither_repeat_nor_skip_a_row_in_any_order(cast: Cast, program: Programs, order: str, sorting: str) -> None:
    path = f"{cast.company.folder}/.vitalfew/current/quarantine.parquet"
    columns = ", ".join(f'"{each}"' for each in TABLES["quarantine"].names)
    sql = f"SELECT {columns} FROM read_parquet('{path}', file_row_number = true) ORDER BY {sorting}"
    expected = [dict(zip(TABLES["quarantine"].names, row, strict=True)) for row in duckdb.sql(sql).fetchall()]
    assert len(expected) > 20
    assert everything(program("owner"), f"/tables/quarantine/rows?limit=7&order={order}") == expected


def test_missing_values_come_last_and_pages_go_through_them(program: Programs) -> None:
    people = everything(program("owner"), "/tables/people/rows?limit=400&order=-email&fields=person,email")
    assert (
        len({each["person"] for each in people})
        == len(people)
        == program("owner").ask("/tables/people/rows?limit=1&total=true").json()["total"]
    )
    missing = [each["email"] is None for each in people]
    assert any(missing)
    assert missing == sorted(missing)
    known = [each["email"] for each in people if each["email"] is not None]
    assert known == sorted(known, reverse=True)


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ("channel=chat", lambda row: row["channel"] == "chat"),
        ("channel__ne=chat", lambda row: row["channel"] != "chat"),
        ("minutes__ge=30.5", lambda row: row["minutes"] >= 30.5),
        ("minutes__lt=5&group=Billing", lambda row: row["minutes"] < 5 and row["group"] == "Billing"),
        ("channel__in=chat,phone", lambda row: row["channel"] in ("chat", "phone")),
        ("text__contains=DELIVER", lambda row: "deliver" in row["text"].lower()),
        ("minutes__known=false", lambda row: row["minutes"] is None),
        ("at__ge=2026-03-01T00:00:00Z&at__lt=2026-03-02T00:00:00Z", lambda row: row["at"].startswith("2026-03-01")),
        ("at__ge=2026-03-01T01:00:00%2B01:00&at__lt=2026-03-02", lambda row: row["at"].startswith("2026-03-01")),
    ],
)
def test_conditions(program: Programs, asked: str, holds: Any) -> None:
    told = program("owner").ask(f"/tables/interactions/rows?limit=500&{asked}").json()["data"]
    assert told
    assert all(holds(row) for row in told)


def test_a_column_called_like_an_option_is_asked_by_its_operator(program: Programs) -> None:
    answer = program("owner").ask("/tables/resources/rows?limit__gt=0&limit=3")
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 3
    assert program("owner").ask("/tables/responses/rows?order__eq=x").json()["data"] == []


def test_every_fault_is_told_at_once_with_a_hint(program: Programs) -> None:
    told = faults(
        program("owner").ask(
            "/tables/orders/rows?limit=501&amount__ge=much&amuont=3&status__like=x&order=foo&fields=person,bar&cursor=zzz&at=yesterday"
        )
    )
    # The options themselves are judged first; then everything about the table.
    assert told == {"query.limit": "Input should be less than or equal to 500"}
    told = faults(
        program("owner").ask(
            "/tables/orders/rows?amount__ge=much&amuont=3&status__like=x&order=foo&fields=person,bar&cursor=zzz&at=yesterday&cost=nan"
        )
    )
    assert set(told) == {
        "query.amount__ge",
        "query.amuont",
        "query.status__like",
        "query.order",
        "query.fields",
        "query.cursor",
        "query.at",
        "query.cost",
    }
    hints = program("owner").ask("/tables/orders/rows?amuont=3").json()["errors"]
    assert hints == [{"at": "query.amuont", "detail": "there is no 'amuont' here", "hint": "did you mean amount, account?"}]
    told = faults(program("owner").ask("/runs?limmit=3"))
    assert told == {"query.limmit": "there is no 'limmit' here"}


@pytest.mark.parametrize(
    "hostile",
    ["' OR 1=1 --", '"; DROP TABLE x', "{people}", "%00", "\u202eabc", "=1+1", "a" * 500, "1e400", "−1", "１"],
)
def test_hostile_values_find_nothing_and_break_nothing(program: Programs, hostile: str) -> None:
    owner = program("owner")
    for column in ("name", "records", "first_seen"):
        answer = owner.client.get(f"{owner.root}/tables/people/rows", {column: hostile}, headers=owner.headers)
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or answer.json()["data"] == []


def test_a_cursor_belongs_to_its_question_and_cannot_be_made_up(program: Programs) -> None:
    owner = program("owner")
    following = owner.ask("/tables/orders/rows?limit=5&order=-amount").json()["next"]
    cursor = following.split("cursor=")[1]
    assert "query.cursor" in faults(owner.ask(f"/tables/orders/rows?limit=5&order=amount&cursor={cursor}"))
    assert "query.cursor" in faults(owner.ask(f"/tables/people/rows?limit=5&cursor={cursor}"))
    assert "query.cursor" in faults(owner.ask(f"/tables/orders/rows?order=-amount&cursor={cursor[:-2]}"))
    # More rows a page is the same question.
    assert owner.ask(f"/tables/orders/rows?limit=50&order=-amount&cursor={cursor}").status_code == 200


def test_one_row_a_line_with_the_next_page_in_a_header(program: Programs) -> None:
    owner = program("owner")
    answer = owner.ask("/tables/themes/rows?limit=3&format=ndjson&fields=theme,share&total=true")
    assert answer["Content-Type"] == "application/x-ndjson"
    lines = answer.content.decode().splitlines()
    assert [set(json.loads(line)) for line in lines] == [{"theme", "share"}] * 3
    assert int(answer["Vitalfew-Total"]) > 3
    following = answer["Link"].removeprefix("<").partition(">")[0].removeprefix("http://testserver")
    assert owner.ask(following).content.decode().splitlines()[0] not in lines


def test_what_has_not_changed_is_not_sent_again(program: Programs) -> None:
    owner = program("owner")
    for path in (
        "/tables/themes/rows?limit=3",
        "/issues",
        "/issues/issue:logistics/late-delivery",
        "/tables",
        "/why/theme:late-delivery",
        "/search?q=late",
        "",
        "/runs",
        "/members",
        "/api/v1/openapi.json",
    ):
        answer = owner.ask(path)
        tag = answer["ETag"]
        again = owner.ask(path, If_None_Match=f'"other", {tag}')
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag), path
        # Compression on the way marks the tag as weak.
        assert owner.ask(path, If_None_Match=f"W/{tag}").status_code == 304
        assert owner.ask(path, If_None_Match='"other"').status_code == 200
    tags = {program(role).ask("/issues")["ETag"] for role in ("owner", "lead")}
    assert len(tags) == 2, "what others may read has another tag"


def test_a_run_is_read_by_its_id(program: Programs) -> None:
    owner = program("owner")
    run = owner.ask("/runs/current").json()
    assert run["current"]
    assert owner.ask(f"/runs/{run['id']}").json() == run
    assert owner.ask(f"/themes?run={run['id']}&limit=1").json() == owner.ask("/themes?limit=1").json() | {
        "next": owner.ask(f"/themes?run={run['id']}&limit=1").json()["next"]
    }
    for absent in ("0" * 20, "../../etc", "..", "current/../x"):
        assert owner.ask(f"/themes?run={absent}").status_code == 404


def test_the_walk_goes_down_to_records_for_those_who_may_read_them(program: Programs) -> None:
    owner, analyst = program("owner"), program("analyst")
    seen: set[str] = set()
    waiting = ["/why/issue:logistics/late-delivery"]
    samples = 0
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        told = owner.ask(path).json()
        for support in told["supports"]:
            samples += len(support["sample"])
            if support["rows"]:
                rows = owner.ask(support["rows"].removeprefix("http://testserver") + "&limit=500")
                assert rows.status_code == 200, rows.content
                assert rows.json()["data"][: len(support["sample"])] == support["sample"]
            if support["kind"] == "claim":
                step = support["walk"].removeprefix("http://testserver").removeprefix(owner.root)
                assert owner.ask(step).status_code == 200, step
                waiting.append(step)
        if len(seen) > 40:
            break
    assert samples > 10
    for support in analyst.ask("/why/theme:late-delivery").json()["supports"]:
        assert support["sample"] == []
        assert support["rows"] is None
    assert owner.ask("/why/theme:nothing").status_code == 404


def test_search_finds_by_id_first_what_is_it(program: Programs) -> None:
    owner = program("owner")
    found = owner.ask("/search?q=theme:late-delivery").json()["data"]
    assert (found[0]["table"], found[0]["id"]) == ("themes", "theme:late-delivery")
    person = owner.ask("/tables/people/rows?limit=1").json()["data"][0]["person"]
    assert "people" in {each["table"] for each in owner.ask(f"/search?q={person}").json()["data"]}
    assert program("analyst").ask(f"/search?q={person}").json()["data"] == []
    assert {each["id"] for each in program("lead").ask("/search?q=issue:").json()["data"] if each["table"] == "issues"} == {
        each["issue"] for each in program("lead").ask("/issues").json()["data"]
    }
    assert owner.ask("/search?q=x").status_code == 422


def test_addresses_that_do_not_exist_and_methods_that_are_not_possible(program: Programs) -> None:
    owner = program("owner")
    for path in ("/api/v1/", "/api/v1/nothing", "/nothing", "/tables/nothing/rows", "/issues/"):
        answer = owner.ask(path)
        assert answer.status_code == 404, path
        assert answer["Content-Type"] == "application/problem+json"
    answer = owner.send("DELETE", "/issues")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer["Content-Type"] == "application/problem+json"
