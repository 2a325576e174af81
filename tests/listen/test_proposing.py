"""What columns hold, which scale answers lie on, which codes mean none, whose keys are whose: told from values."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from vitalfew.company import load
from vitalfew.faults import Refused
from vitalfew.listen.proposing import propose
from vitalfew.listen.proposing.columns import counted
from vitalfew.listen.proposing.lines import plain, string, value
from vitalfew.listen.proposing.profile import FIRST, header_rows, preamble
from vitalfew.listen.proposing.questions import no_answer
from vitalfew.listen.proposing.roles import lexicon
from vitalfew.listen.stage import faults_of
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put an export into the workspace."""

    def put(name: str, text: str) -> None:
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return put


def rows(header: str, made: Sequence[Sequence[object]]) -> str:
    return "\n".join([header, *(",".join(map(str, each)) for each in made)]) + "\n"


def settings(folder: Path) -> dict[str, Any]:
    """The proposal as TOML, checked as `vitalfew check` does."""
    text = propose(folder).text
    (folder / "company.toml").write_text(text, encoding="utf-8")
    load(folder, faults_of)
    return tomllib.loads(text)


def source(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in settings(folder)["source"] if each["name"] == name)
    return found


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["", " ", None], "blank"),
        (["1", "22", "3.0"], "whole"),
        (["1.5", "2", "1,234.50"], "number"),
        (["1,5", "2", "1.234,50"], "number"),
        (["€1,200.50", "€7"], "money"),
        (["R$ 12,00", "R$ 1.000,00"], "money"),
        (["2026-06-30", "2026-06-30T10:00:00Z"], "time"),
        (["30.06.2026", "1.7.2026 10:05"], "time"),
        (["23/Jan/26 9:15 AM", "02/Feb/26 11:00 PM"], "time"),
        (["a@example.com", "b.c@example.org"], "email"),
        (["+44 751 396 1198", "0044 7510-754003", "(020) 7946 0000"], "phone"),
        (["https://www.example.com/x", "example.org"], "url"),
        (["yes", "No"], "yes_no"),
        (["Berlin", "Paris", "Berlin"], "word"),
        ([f"it took {number} days until the parcel came" for number in range(9)], "text"),
    ],
)
def test_the_kind_of_a_column_is_told_from_its_values(cells: list[str | None], kind: str) -> None:
    assert counted("x", cells).kind == kind


def test_one_stray_cell_does_not_change_the_kind_of_a_column() -> None:
    assert counted("x", ["4"] * 60 + ["n.a."]).kind == "whole"
    assert counted("x", ["4"] * 6 + ["n.a."]).kind == "word"


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2026-06-30", "2026/07/01"], "year first"),
        (["30/06/2026", "01/07/2026"], "day first"),
        (["06/30/2026", "07/01/2026"], "month first"),
        (["06/07/2026", "01/02/2026"], "undecided"),
        (["23/Jan/26 9:15 AM"], "format"),
        (["30/06/26", "01/07/26"], "format"),
        (["Fri Jun 12 2026", "Mon Jul 06 2026"], "format"),
        (["hello", "there"], ""),
    ],
)
def test_day_and_month_are_told_by_values_and_said_to_be_undecided_when_none_tells(cells: list[str], order: str) -> None:
    assert counted("x", cells).order == order


def test_forms_of_two_digit_years_that_all_values_fit_are_all_named() -> None:
    assert counted("x", ["30/06/26", "01/07/26"]).formats == ("%d/%m/%y",)
    assert counted("x", ["03/06/26", "01/07/26"]).formats == ("%d/%m/%y", "%m/%d/%y")


def test_undecided_dates_are_asked_about_with_the_other_form_ready_to_use(tmp_path: Path, write: Write) -> None:
    made = [(f"O{number}", f"0{number % 9 + 1}/0{number % 7 + 1}/2026 10:30", 10 + number) for number in range(60)]
    write("orders.csv", rows("order_id,ordered,amount", made))
    text = propose(tmp_path).text
    assert 'at = "ordered"' in text
    assert "# ASK: day or month first?" in text
    other = next(line for line in text.splitlines() if line.startswith("# at = "))
    assert tomllib.loads(other[2:]) == {"at": {"column": "ordered", "format": "%m/%d/%Y %H:%M"}}


def survey(n: int, blank: int | None, seed: int = 3, low: int = 1, high: int = 5) -> list[list[int]]:
    """Answers to four ratings and a recommendation that hang together; where `blank` is given it stands for no answer."""
    chance = random.Random(seed)
    made = []
    for _ in range(n):
        mood = chance.gauss(0.6, 0.25)
        ratings = [min(high, max(low, round(low + (high - low) * (mood + chance.gauss(0, 0.15))))) for _ in range(4)]
        if blank is not None:
            ratings = [blank if chance.random() < 0.12 else rating for rating in ratings]
        made.append([*ratings, min(10, max(0, round(10 * (mood + chance.gauss(0, 0.1)))))])
    return made


def questions_of(folder: Path, write: Write, answers: Sequence[Sequence[object]]) -> Mapping[str, Any]:
    header = "id,Delivery,Price,Advice,Returns,Would you recommend us?"
    write("survey.csv", rows(header, [(f"R{number}", *each) for number, each in enumerate(answers)]))
    found: Mapping[str, Any] = source(folder, "survey")["questions"]
    return found


@pytest.mark.parametrize("code", [0, 6, 9, 99, -1])
def test_a_code_beyond_the_scale_that_means_no_answer_is_found(tmp_path: Path, write: Write, code: int) -> None:
    """0 and 6 stand next to a scale of 1 to 5: that their givers answer the rest like everybody gives them away."""
    found = questions_of(tmp_path, write, survey(900, code))
    for name in ("delivery", "price", "advice", "returns"):
        assert (found[name]["kind"], found[name]["scale"], found[name]["blank"]) == ("rating", [1, 5], [code]), name
    assert found["would_you_recommend_us"]["kind"] == "nps"
    assert found["would_you_recommend_us"]["outcome"]
    assert "blank" not in found["would_you_recommend_us"]


def test_eleven_beyond_zero_to_ten_means_no_answer(tmp_path: Path, write: Write) -> None:
    answers = [[*each[:4], 11 if number % 9 == 0 else each[4]] for number, each in enumerate(survey(600, None))]
    found = questions_of(tmp_path, write, answers)["would_you_recommend_us"]
    assert (found["kind"], found["blank"]) == ("nps", [11])


@pytest.mark.parametrize(("low", "high"), [(1, 5), (1, 7), (1, 6), (0, 10)])
def test_the_end_of_a_scale_is_not_taken_for_a_code(tmp_path: Path, write: Write, low: int, high: int) -> None:
    """On a scale of 1 to 6 those who give 6 answer the rest better still than those who give 5."""
    found = questions_of(tmp_path, write, survey(1500, None, low=low, high=high))["delivery"]
    assert "blank" not in found
    assert found.get("scale", [0, 10]) == [low, high]


def test_answers_in_words_become_numbers_and_not_applicable_is_no_answer(tmp_path: Path, write: Write) -> None:
    words = ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied", "N/A"]
    made = [(number, words[number % 6], number % 11) for number in range(120)]
    write("survey.csv", rows("response_id,How was it?,Would you recommend us?", made))
    found = source(tmp_path, "survey")["questions"]["how_was_it"]
    assert (found["kind"], found["scale"], found["blank"]) == ("rating", [1, 5], ["N/A"])
    assert found["labels"]["very satisfied"] == 5


def test_two_answers_to_overall_satisfaction_are_yes_or_no_and_the_outcome(tmp_path: Path, write: Write) -> None:
    made = [(number, number % 5 + 1, (number + 2) % 5 + 1, "Satisfied" if number % 3 else "Not satisfied") for number in range(90)]
    write("survey.csv", rows("id,Food,Seats,Satisfaction", made))
    found = source(tmp_path, "survey")["questions"]["satisfaction"]
    assert (found["kind"], found["yes"], found["outcome"]) == ("yes_no", ["Satisfied"], True)


def test_keys_are_found_in_the_source_whose_keys_they_are(tmp_path: Path, write: Write) -> None:
    """Two sources of people: each key column says whose it is, by the values and not by its name."""
    write("crm_contacts.csv", rows("contact_id,name,email", [(f"C{n}", f"Name {n}", f"a{n}@example.com") for n in range(80)]))
    write("shop_users.csv", rows("user_id,name,email", [(f"U{n}", f"Name {n}", f"b{n}@example.com") for n in range(80)]))
    made = [(f"O{n}", f"2026-01-{n % 28 + 1:02d}", f"U{n % 70}", 12.5) for n in range(200)]
    write("orders.csv", rows("order_id,order_date,bought_by,amount", made))
    reviews = [(f"R{n}", f"O{n}", n % 5 + 1, "it came late and the box was broken") for n in range(100)]
    write("reviews.csv", rows("review_id,order_id,score,comment", reviews))
    found = {each["name"]: each for each in settings(tmp_path)["source"]}
    assert found["orders"]["columns"]["person"] == {"column": "bought_by", "of": "shop_users"}
    assert found["reviews"]["columns"]["order"] == {"column": "order_id", "of": "orders"}


def test_keys_that_two_sources_hold_are_asked_about(tmp_path: Path, write: Write) -> None:
    for name in ("clients", "members"):
        write(f"{name}.csv", rows("id,name,email", [(n, f"Name {n}", f"{name}{n}@example.com") for n in range(1, 60)]))
    made = [(f"T{n}", f"2026-01-{n % 28 + 1:02d}", n % 50 + 1, "the machine does not start any more") for n in range(90)]
    write("tickets.csv", rows("ticket_id,created_at,person,message", made))
    proposed = propose(tmp_path)
    assert any("Both hold them" in ask for _, ask in proposed.asks)
    assert tomllib.loads(proposed.text)["source"][-1]["columns"]["person"]["of"] in ("clients", "members")


def test_two_columns_are_the_key_where_none_is(tmp_path: Path, write: Write) -> None:
    made = [(f"O{n // 3}", n % 3 + 1, f"P{n % 20}", 5 + n % 7, 1.5) for n in range(240)]
    write("order_items.csv", rows("order_id,item_no,product_id,price,freight", made))
    found = source(tmp_path, "order_items")
    assert found["table"] == "order_lines"
    assert found["columns"]["line"] == {"sql": '"order_id" || \'/\' || "item_no"'}


def test_files_of_one_form_are_one_source_and_the_largest_sheet_is_read(tmp_path: Path, write: Write) -> None:
    for year in (2024, 2025):
        write(f"orders_{year}.csv", rows("order_id,order_date,amount", [(f"{year}-{n}", f"{year}-01-05", n) for n in range(40)]))
    book = xlsxwriter.Workbook(str(tmp_path / "exports" / "survey.xlsx"))
    book.add_worksheet("Read me").write_row(0, 0, ["About", "this"])
    sheet = book.add_worksheet("Answers")
    for number, row in enumerate([["id", "Recommend us", "Comment"], *([n, n % 11, "it was late once more"] for n in range(40))]):
        sheet.write_row(number, 0, row)
    book.close()
    found = {each["name"]: each for each in settings(tmp_path)["source"]}
    assert found["orders"]["path"] == "exports/orders_*.csv"
    assert found["survey"]["sheet"] == "Answers"


def test_money_with_a_sign_is_read_as_a_number_and_says_the_currency(tmp_path: Path, write: Write) -> None:
    write("orders.csv", rows("order_id;order_date;amount", []) + "".join(f"O{n};2026-01-05;£{n}.50\n" for n in range(40)))
    made = settings(tmp_path)
    assert made["company"]["currency"] == "GBP"
    assert made["source"][0]["columns"]["amount"] == {"sql": "regexp_replace(\"amount\", '[^0-9.,-]', '', 'g')"}


def test_lines_before_the_header_are_found() -> None:
    assert preamble("Report of June\nmade by hand\nid;score\n1;9\n2;8\n3;7\n") == 2
    assert preamble("id;score\n1;9\n2;8\n3;7\n") == 0
    assert preamble('id,text\n1,"a\nb\nc\nd\ne"\n2,"f\ng\nh"\n') == 0


def test_one_header_row_is_not_taken_for_more() -> None:
    assert header_rows([["id", "Q1"], ["1", "5"], ["2", "4"]])[0] == 1
    assert header_rows([["id", "note"], ["1", '{"ImportId":"x"}'], ["2", "4"]])[0] == 1


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_left_out(tmp_path: Path, write: Write) -> None:
    write("survey.csv", rows("id,Recommend us,Comment", [(n, n % 11, "it was late once more") for n in range(40)]))
    write("empty.csv", "")
    write("header.csv", "id,name\n")
    write("notes.json", "{}")
    write("colours.csv", "colour,shade\nred,dark\nblue,light\n")
    (tmp_path / "exports" / "broken.xlsx").write_bytes(b"PK no workbook")
    proposed = propose(tmp_path)
    reasons = {each.file: each.reason for each in proposed.left_out}
    assert set(reasons) == {f"exports/{name}" for name in ("empty.csv", "header.csv", "notes.json", "colours.csv", "broken.xlsx")}
    assert all(f"# Left out: {name}: {reason}" in proposed.text for name, reason in reasons.items())
    assert "it has a header but no record" in reasons["exports/header.csv"]


def test_nothing_that_can_be_read_is_refused_with_the_reason_for_each(tmp_path: Path, write: Write) -> None:
    with pytest.raises(Refused, match="there are no exports in it"):
        propose(tmp_path)
    write("empty.csv", "")
    with pytest.raises(Refused, match=r"exports/empty\.csv:1: left out: the file is empty"):
        propose(tmp_path)
    with pytest.raises(Refused, match="there is no such folder"):
        propose(tmp_path / "nowhere")


def test_a_large_file_is_sampled_and_it_says_so(tmp_path: Path) -> None:
    """The first rows and every fiftieth after them."""
    count = FIRST + 5000
    (tmp_path / "exports").mkdir()
    table = pa.table(
        {
            "order_id": [f"O{n}" for n in range(count)],
            "order_date": ["2026-01-05"] * count,
            "amount": [float(n) for n in range(count)],
        }
    )
    pq.write_table(table, tmp_path / "exports" / "orders.parquet")
    (found,) = propose(tmp_path).found
    assert found.seen == f"{FIRST + 100:,} of {count:,} rows, spread"


def test_hostile_names_and_values_stay_text(tmp_path: Path, write: Write) -> None:
    """A header with a quote, a line break and an end of comment cannot leave its string or its comment."""
    header = 'id,"Q ""1""\n# ASK: [x]",Recommend us,"it\'s; drop"'
    write("survey.csv", rows(header, [(n, n % 5 + 1, n % 11, "=1+1") for n in range(40)]))
    made = source(tmp_path, "survey")
    assert any(each["column"] == 'Q "1"\n# ASK: [x]' for each in made["questions"].values())


def test_the_lexicon_names_only_columns_a_source_can_fill() -> None:
    known = {*IDENTITY_COLUMNS, "id", "response", "order", "person", "account", "employee", "deal", "contract", "line", "consent"}
    for table in lexicon():
        for role in table.roles:
            assert role.name in {*TABLES[table.table].names, *known}, (table.table, role.name)


def test_values_are_written_as_toml() -> None:
    made = {"a": 'x"\n\x7f', "b": [1, 2.5, -1], "c": {"d e": True}}
    text = "\n".join(f"{key} = {value(each)}" for key, each in made.items())
    assert tomllib.loads(text) == made
    assert string("é") == '"é"'
    assert plain("a\r\nb\x00c") == "a b c"


def test_the_worked_example_of_the_page() -> None:
    """docs/algorithms/proposing.md."""
    assert no_answer(given=0.50, end=0.90, before=0.70, everybody=0.50) == "blank"
    assert no_answer(given=1.00, end=0.90, before=0.70, everybody=0.50) == "end"
    assert no_answer(given=0.85, end=0.90, before=0.70, everybody=0.50) == "end"
    assert no_answer(given=0.50, end=0.51, before=0.50, everybody=0.50) == "unsure"


def test_nought_and_one_are_no_scale(tmp_path: Path, write: Write) -> None:
    made = [(number, number % 2, number % 11, "it was late once more") for number in range(60)]
    write("survey.csv", rows("id,Solved,Recommend us,Comment", made))
    assert source(tmp_path, "survey")["questions"]["solved"]["kind"] == "yes_no"


@pytest.mark.parametrize(
    ("name", "header", "record"),
    [
        ("products.csv", "product_id,product_name,photos,weight_g", lambda n: (f"P{n}", f"Desk {n}", n % 5 + 1, 100 + n)),
        ("sellers.csv", "seller_id,seller_city,seller_state", lambda n: (f"S{n}", "Lyon", "RA")),
        ("payments.csv", "order_id,instalment,kind,value", lambda n: (f"O{n // 2}", n % 2 + 1, "card", 12.5)),
        ("sessions.csv", "pages,region,browser,returning", lambda n: (n % 9, n % 7 + 1, n % 5 + 1, n % 2)),
    ],
)
def test_a_thing_the_vocabulary_has_no_table_for_is_left_out(
    tmp_path: Path, write: Write, name: str, header: str, record: Callable[[int], tuple[object, ...]]
) -> None:
    write("survey.csv", rows("id,Recommend us,Comment", [(n, n % 11, "it was late once more") for n in range(40)]))
    write(name, rows(header, [record(n) for n in range(80)]))
    proposed = propose(tmp_path)
    assert [each.file for each in proposed.left_out] == [f"exports/{name}"]
    assert "no table of the vocabulary fits" in proposed.left_out[0].reason


def test_a_file_called_after_another_table_is_not_taken_for_people(tmp_path: Path, write: Write) -> None:
    """Employees have names, births and telephones too."""
    made = [(n, f"Name {n}", f"19{n + 50}-01-05", "+44 751 396 1198", "Berlin", "Sales") for n in range(40)]
    write("employees.csv", rows("employee_id,name,birth_date,phone,city,department", made))
    assert source(tmp_path, "employees")["table"] == "employees"


def test_a_list_of_consents_is_recognised_by_what_it_says(tmp_path: Path, write: Write) -> None:
    said = ("opt-in", "opt-out", "unsubscribed")
    made = [(f"jo{n}@example.com", ("analysis", "contact")[n % 2], said[n % 3], f"2026-05-{n % 28 + 1:02d}") for n in range(60)]
    write("preferences.csv", rows("E-mail,Purpose,Status,Changed at", made))
    found = source(tmp_path, "preferences")
    assert found["table"] == "consents"
    assert found["columns"] == {"email": "E-mail", "purpose": "Purpose", "state": "Status", "at": "Changed at"}


def test_a_list_of_one_purpose_asks_which_it_is(tmp_path: Path, write: Write) -> None:
    made = [(f"jo{n}@example.com", "widerrufen" if n % 4 else "nein", f"{n % 28 + 1:02d}.05.2026") for n in range(60)]
    write("abmeldungen.csv", rows("E-Mail,Einwilligung,Datum", made))
    found = source(tmp_path, "abmeldungen")
    assert found["table"] == "consents"
    assert found["columns"]["purpose"] == {"value": "contact"}
    text = (tmp_path / "company.toml").read_text(encoding="utf-8")
    assert "# ASK: what did they agree to?" in text
    assert '# purpose = { value = "analysis" }' in text


def test_words_that_are_no_states_of_a_consent_make_no_list_of_consents(tmp_path: Path, write: Write) -> None:
    made = [(n, f"jo{n}@example.com", ("open", "closed")[n % 2], f"2026-05-{n % 28 + 1:02d}") for n in range(60)]
    write("consents.csv", rows("ticket id,email,status,created at", made))
    assert source(tmp_path, "consents")["table"] == "interactions"
