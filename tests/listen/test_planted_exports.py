"""Exports written with a known truth, in five languages and the forms survey tools write: what is proposed against what is meant."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from exports import read

from vitalfew.company import load
from vitalfew.engine import DuckEngine
from vitalfew.listen.proposing import propose
from vitalfew.listen.proposing.profile import FIRST
from vitalfew.listen.stage import faults_of

N = 120
WORDS = ("the parcel came far too late this time", "all was well and quickly done here")


def csv(header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    return "\n".join(delimiter.join(map(str, each)) for each in (header, *rows)) + "\n"


def proposed(folder: Path, files: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The text of the proposal, which has stood the check, and its settings."""
    (folder / "exports").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "exports" / name).write_text(text, encoding="utf-8")
    text = propose(folder).text
    (folder / "company.toml").write_text(text, encoding="utf-8")
    load(folder, faults_of)
    return text, tomllib.loads(text)


def column_of(rule: Any) -> str:
    return str(rule if isinstance(rule, str) else rule.get("column", ""))


def day(n: int) -> str:
    return f"{n % 28 + 1:02d}/{n % 6 + 1:02d}/2026"


# --- five languages -----------------------------------------------------------------------------------------------------------

# For each language: the file, its delimiter, the headers with the column each is.
LANGUAGES: dict[str, tuple[str, str, dict[str, str], str, str, dict[str, str], str, dict[str, str]]] = {
    "English": (
        "orders.csv",
        ",",
        {
            "Order No": "order",
            "Order date": "at",
            "Customer No": "person",
            "Amount": "amount",
            "Estimated delivery date": "promised_at",
        }
        | {"Delivery date": "delivered_at", "E-mail": "email", "Product": "product"},
        "customers.csv",
        ",",
        {"Customer No": "person", "First name": "name", "Last name": "name", "E-mail": "email", "Phone": "phone", "City": "city"},
        "survey.csv",
        {"Response ID": "response", "Date": "at", "Customer No": "person", "Would you recommend us?": "nps", "Delivery": "rating"}
        | {"What should we do better?": "text"},
    ),
    "German": (
        "Bestellungen.csv",
        ";",
        {
            "Bestellnummer": "order",
            "Bestelldatum": "at",
            "Kundennummer": "person",
            "Betrag": "amount",
            "Liefertermin": "promised_at",
        }
        | {"Lieferdatum": "delivered_at", "E-Mail-Adresse": "email", "Produkt": "product"},
        "Kunden.csv",
        ";",
        {
            "Kundennummer": "person",
            "Vorname": "name",
            "Nachname": "name",
            "E-Mail": "email",
            "Telefonnummer": "phone",
            "Stadt": "city",
        },
        "Umfrage.csv",
        {"Antwort-ID": "response", "Datum": "at", "Kundennummer": "person", "Würden Sie uns weiterempfehlen?": "nps"}
        | {"Lieferung": "rating", "Was sollen wir besser machen?": "text"},
    ),
    "French": (
        "commandes.csv",
        ";",
        {"Numéro de commande": "order", "Date de commande": "at", "Numéro client": "person", "Montant": "amount"}
        | {"Livraison prévue": "promised_at", "Date de livraison": "delivered_at", "Courriel": "email", "Produit": "product"},
        "clients.csv",
        ";",
        {
            "Numéro client": "person",
            "Prénom": "name",
            "Nom": "name",
            "Adresse e-mail": "email",
            "Téléphone": "phone",
            "Ville": "city",
        },
        "enquête.csv",
        {"Numéro de réponse": "response", "Date de réponse": "at", "Numéro client": "person", "Nous recommanderiez-vous ?": "nps"}
        | {"Livraison": "rating", "Que devons-nous améliorer ?": "text"},
    ),
    "Spanish": (
        "pedidos.csv",
        ";",
        {"Número de pedido": "order", "Fecha de pedido": "at", "Código cliente": "person", "Importe": "amount"}
        | {
            "Entrega prevista": "promised_at",
            "Fecha de entrega": "delivered_at",
            "Correo electrónico": "email",
            "Producto": "product",
        },
        "clientes.csv",
        ";",
        {"Código cliente": "person", "Nombre": "name", "Apellidos": "name", "Correo electrónico": "email", "Teléfono": "phone"}
        | {"Ciudad": "city"},
        "encuesta.csv",
        {"Folio": "response", "Fecha": "at", "Código cliente": "person", "¿Nos recomendaría?": "nps", "Entrega": "rating"}
        | {"¿Qué deberíamos mejorar?": "text"},
    ),
    "Portuguese": (
        "encomendas.csv",
        ";",
        {"Número do pedido": "order", "Data do pedido": "at", "Código do cliente": "person", "Valor total": "amount"}
        | {"Previsão de entrega": "promised_at", "Data de entrega": "delivered_at", "Correio": "", "Produto": "product"},
        "contatos.csv",
        ";",
        {
            "Código do cliente": "person",
            "Nome": "name",
            "Sobrenome": "name",
            "E-mail": "email",
            "Celular": "phone",
            "Cidade": "city",
        },
        "pesquisa.csv",
        {
            "Id resposta": "response",
            "Data": "at",
            "Código do cliente": "person",
            "Você nos recomendaria?": "nps",
            "Entrega": "rating",
        }
        | {"O que devemos melhorar?": "text"},
    ),
}
CELLS: dict[str, Callable[[int], object]] = {
    "order": lambda n: f"B{n:05d}",
    "response": lambda n: f"R{n:05d}",
    "at": day,
    "person": lambda n: f"K{n % 90:04d}",
    "amount": lambda n: f"{20 + n % 70}.50",
    "promised_at": lambda n: day(n + 3),
    "delivered_at": lambda n: day(n + 2),
    "product": lambda n: ("Pump", "Valve", "Hose")[n % 3],
    "name": lambda n: ("Anna", "Bruno", "Chloe", "Diego")[n % 4],
    "email": lambda n: f"p{n % 90}@example.org",
    "phone": lambda n: f"+49 30 {5550000 + n}",
    "city": lambda n: ("Berlin", "Lyon", "Porto")[n % 3],
    "nps": lambda n: (n * 7) % 11,
    "rating": lambda n: n % 5 + 1,
    "text": lambda n: f"{WORDS[n % 2]} {n}",
    "": lambda n: "",
}


def exports(language: str) -> tuple[dict[str, str], list[tuple[str, dict[str, str]]]]:
    """The files of a language, and what each column of each is."""
    orders, delimiter, bought, people, other, who, survey, asked = LANGUAGES[language]
    made = {}
    for name, headers, mark, rows in ((orders, bought, delimiter, N), (people, who, other, 90), (survey, asked, delimiter, N)):
        made[name] = csv(list(headers), [[CELLS[role](n) for role in headers.values()] for n in range(rows)], mark)
    return made, [(orders, bought), (people, who), (survey, asked)]


def mapped(source: Mapping[str, Any], truth: Mapping[str, str]) -> list[tuple[str, bool]]:
    """For each column of a file: whether it was taken for what it is."""
    columns = {column_of(rule): name for name, rule in source["columns"].items()}
    questions = {each["column"]: each["kind"] for each in source.get("questions", {}).values() if "column" in each}
    joined = str(source["columns"].get("name", ""))
    found = []
    for header, role in truth.items():
        if role:
            right = columns.get(header) == role or questions.get(header) == role or (role == "name" and f'"{header}"' in joined)
            found.append((header, right))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commonest_columns_are_recognised_in_five_languages(language: str, tmp_path: Path, shared_engine: DuckEngine) -> None:
    files, truth = exports(language)
    _, settings = proposed(tmp_path, files)
    by_path = {Path(each["path"]).name: each for each in settings["source"]}
    assert [by_path[name]["table"] for name, _ in truth] == ["orders", "people", "responses"]
    wrong = [(name, header) for name, columns in truth for header, right in mapped(by_path[name], columns) if not right]
    assert wrong == []
    # Customer numbers of orders and answers are keys of the customers.
    people = by_path[truth[1][0]]["name"]
    assert all(by_path[name]["columns"]["person"]["of"] == people for name in (truth[0][0], truth[2][0]))
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert not found.refused


# --- one answer a row ---------------------------------------------------------------------------------------------------------


def long_survey(header: Sequence[str], wording: bool = False, text_apart: bool = True) -> str:
    chance = random.Random(5)
    rows: list[list[object]] = []
    for n in range(N):
        mood = chance.random()
        answers: dict[str, object] = {
            "Q1": min(10, round(10 * mood)),
            "Q2": 99 if n % 13 == 0 else min(5, 1 + round(4 * mood)),
            "Q3": ("phone", "mail", "shop")[n % 3],
            "Q4": f"{WORDS[n % 2]} {n}",
            "Q5": ("yes", "no")[n % 2],
        }
        asked = {
            "Q1": "Would you recommend us?",
            "Q2": "Delivery on time",
            "Q3": "How did you order?",
            "Q4": "Why?",
            "Q5": "Again?",
        }
        for name, answer in answers.items():
            words = [asked[name]] if wording else []
            cells = ["", answer] if text_apart and name == "Q4" else [answer, ""] if text_apart else [answer]
            rows.append([f"R{n}", f"2026-0{n % 6 + 1}-{n % 28 + 1:02d}", f"p{n % 60}@example.org", name, *words, *cells])
    return csv(header, rows)


@pytest.mark.parametrize(
    ("header", "wording", "text_apart"),
    [
        (["response_id", "date", "email", "question", "value", "text"], False, True),
        (["Response ID", "Submitted", "E-mail", "Question ID", "Question text", "Answer"], True, False),
        (["Antwort-ID", "Datum", "E-Mail", "Frage", "Antwort", "Kommentar"], False, True),
        (["respondent", "date", "mail", "item", "score", "comment"], False, True),
        (["Folio", "Fecha", "Correo", "Pregunta", "Respuesta"], False, False),
    ],
)
def test_a_survey_with_one_answer_a_row_is_recognised_with_its_questions(
    header: list[str], wording: bool, text_apart: bool, tmp_path: Path, shared_engine: DuckEngine
) -> None:
    text, settings = proposed(tmp_path, {"answers.csv": long_survey(header, wording, text_apart)})
    source = settings["source"][0]
    assert source["table"] == "responses"
    assert "questions" not in source
    assert (source["columns"]["response"], source["columns"]["question"]) == (header[0], header[3])
    asked = {each["name"]: each for each in settings["question"]}
    assert {name: each["kind"] for name, each in asked.items()} == {
        "Q1": "nps",
        "Q2": "rating",
        "Q3": "choice",
        "Q4": "text",
        "Q5": "yes_no",
    }
    assert asked["Q1"]["outcome"]
    assert (asked["Q2"]["scale"], asked["Q2"]["blank"]) == ([1, 5], [99])
    if wording:
        assert asked["Q2"]["label"] == "Delivery on time"
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert not found.refused
    assert found.sources[0]["rows_loaded"] == 5 * N
    assert {row["question"] for row in found.records} == set(asked)
    assert sum(row["question"] == "Q4" for row in found.records) == N
    assert "[[question]]" in text


def test_questions_of_a_long_survey_may_stand_in_its_source(tmp_path: Path, shared_engine: DuckEngine) -> None:
    """As the page on which a source is made keeps them."""
    header = ["response_id", "date", "email", "question", "value", "text"]
    _, settings = proposed(tmp_path, {"answers.csv": long_survey(header)})
    text = (tmp_path / "company.toml").read_text(encoding="utf-8")
    own = text.partition("\n# The questions of")[0]
    lines = ['Q1 = { kind = "nps", outcome = true }', 'Q2 = { kind = "rating", scale = [1, 5], blank = [99] }']
    (tmp_path / "company.toml").write_text(own + "\n[source.questions]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    load(tmp_path, faults_of)
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert {row["question"] for row in found.records} == {"Q1", "Q2"}
    assert found.sources[0]["rows_loaded"] == 2 * N
    assert len(settings["question"]) == 5


def test_a_log_of_steps_is_no_long_survey(tmp_path: Path) -> None:
    rows = [
        [f"T{n // 4}", ("open", "reply", "wait", "close")[n % 4], f"2026-03-{n % 28 + 1:02d} 10:{n % 60:02d}", f"E{n % 7}"]
        for n in range(200)
    ]
    _, settings = proposed(tmp_path, {"ticket log.csv": csv(["case id", "activity", "timestamp", "agent"], rows)})
    assert settings["source"][0]["table"] == "interactions"


# --- several columns, several answers in a cell -------------------------------------------------------------------------------


def wide(extra: Mapping[str, Callable[[int], object]]) -> str:
    header = ["Response ID", "Date", "Would you recommend us?", "Delivery", *extra]
    rows = [
        [f"R{n}", f"2026-0{n % 6 + 1}-{n % 28 + 1:02d}", (n * 7) % 11, n % 5 + 1, *(cell(n) for cell in extra.values())]
        for n in range(N)
    ]
    return csv(header, rows)


def picks(found: Any, question: str) -> dict[str, int]:
    made: dict[str, int] = {}
    for row in found.records:
        if row["question"] == question:
            made[row["choice"]] = made.get(row["choice"], 0) + 1
    return made


def test_options_marked_by_one_in_columns_of_their_own_are_one_question(tmp_path: Path, shared_engine: DuckEngine) -> None:
    extra = {f"Q9_{place}": (lambda n, place=place: int(n % place == 0)) for place in (1, 2, 3)}
    _, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    question = settings["source"][0]["questions"]["q9"]
    assert question["kind"] == "top_picks"
    assert not [each for each in settings["source"][0]["questions"].values() if each.get("column", "").startswith("Q9")]
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert picks(found, "q9") == {"1": N, "2": N // 2, "3": N // 3}


@pytest.mark.parametrize(
    ("names", "chosen", "other"),
    [
        (["Q9[SQ001]", "Q9[SQ002]", "Q9[SQ003]"], "Y", ""),
        (["Uses.1", "Uses.2", "Uses.3"], "Yes", "No"),
        (["Canal (1)", "Canal (2)", "Canal (3)"], "1", ""),
    ],
)
def test_marks_of_other_survey_tools_are_read_too(
    names: list[str], chosen: str, other: str, tmp_path: Path, shared_engine: DuckEngine
) -> None:
    extra = {name: (lambda n, place=place: chosen if n % place == 0 else other) for place, name in enumerate(names, 2)}
    _, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    name, question = next((name, each) for name, each in settings["source"][0]["questions"].items() if "sql" in each)
    assert question["kind"] == "top_picks"
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert sorted(picks(found, name).values(), reverse=True) == [N // 2, N // 3, N // 4]


def test_columns_that_hold_their_option_are_one_question_of_codes(tmp_path: Path, shared_engine: DuckEngine) -> None:
    extra = {
        f"Which do you use_{place}": (lambda n, place=place, word=word: word if n % place == 0 else "")
        for place, word in ((2, "App"), (3, "Shop"))
    }
    _, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    question = settings["source"][0]["questions"]["which_do_you_use"]
    assert (question["kind"], question["columns"]) == ("codes", list(extra))
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert picks(found, "which_do_you_use") == {"App": N // 2, "Shop": N // 3}


def test_first_second_and_third_codes_of_a_comment_are_one_question_of_codes(tmp_path: Path, shared_engine: DuckEngine) -> None:
    extra: dict[str, Callable[[int], object]] = {
        "code_1": lambda n: 10 + n % 9,
        "code_2": lambda n: 10 + (n + 3) % 9 if n % 2 else "",
        "code_3": lambda n: 10 + (n + 5) % 9 if n % 5 == 1 else "",
    }
    text, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    question = settings["source"][0]["questions"]["code"]
    assert (question["kind"], question["columns"]) == ("codes", ["code_1", "code_2", "code_3"])
    assert "# ASK: which answers do the codes stand for?" in text
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert sum(picks(found, "code").values()) == N + sum(n % 2 for n in range(N)) + sum(n % 5 == 1 for n in range(N))


def test_ratings_in_numbered_columns_stay_questions_of_their_own(tmp_path: Path) -> None:
    chance = random.Random(4)
    extra = {f"Q2_{place}": (lambda n: chance.randint(1, 5)) for place in (1, 2, 3)}
    _, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    questions = settings["source"][0]["questions"]
    assert [questions[f"q2_{place}"]["kind"] for place in (1, 2, 3)] == ["rating"] * 3


def test_several_answers_in_a_cell_are_picks(tmp_path: Path, shared_engine: DuckEngine) -> None:
    extra: dict[str, Callable[[int], object]] = {"What matters?": lambda n: ("price;speed", "speed", "advice;price;speed")[n % 3]}
    _, settings = proposed(tmp_path, {"survey.csv": wide(extra)})
    assert settings["source"][0]["questions"]["what_matters"]["kind"] == "top_picks"
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert picks(found, "what_matters") == {"price": 2 * N // 3, "speed": N, "advice": N // 3}


# --- values that are rare -----------------------------------------------------------------------------------------------------


def test_a_nought_that_stands_only_where_nobody_looked_is_asked_about_and_not_refused(
    tmp_path: Path, shared_engine: DuckEngine
) -> None:
    """Beyond the rows that are sampled three passengers gave 0 for check-in, which means no answer in the other ratings."""
    chance = random.Random(11)
    rows = []
    size = FIRST + 3_000
    rare = {FIRST + 101, FIRST + 777, FIRST + 1_999}
    for n in range(size):
        mood = chance.gauss(0.6, 0.25)
        ratings = [min(5, max(1, round(1 + 4 * (mood + chance.gauss(0, 0.15))))) for _ in range(4)]
        ratings[:3] = [0 if chance.random() < 0.06 else each for each in ratings[:3]]
        if n in rare:
            ratings[3] = 0
        rows.append([n, min(10, max(0, round(10 * mood))), *ratings])
    text, settings = proposed(tmp_path, {"survey.csv": csv(["id", "Recommend us?", "Seat", "Food", "Wifi", "Check-in"], rows)})
    question = settings["source"][0]["questions"]["check_in"]
    assert (question["scale"], question["blank"]) == ([1, 5], [0])
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("check_in = "))
    assert (
        lines[at + 1]
        == "# ASK: does 0 (3 rows) mean no answer here too? As an answer it would be off the scale and in the quarantine"
    )
    other = tomllib.loads(lines[at + 2][2:])["check_in"]
    assert other["blank"] == []
    assert not read(shared_engine, tmp_path, load(tmp_path).company).refused


def test_a_number_beside_the_scale_that_will_be_refused_is_asked_about_at_its_line(tmp_path: Path) -> None:
    chance = random.Random(2)
    rows = [[n, (n * 7) % 11, chance.randint(1, 5), 0 if n in (40, 80) else chance.randint(1, 5)] for n in range(400)]
    text, settings = proposed(tmp_path, {"survey.csv": csv(["id", "Recommend us?", "Seat", "Check-in"], rows)})
    assert "blank" not in settings["source"][0]["questions"]["check_in"]
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("check_in = "))
    assert "2 off the scale will be in the quarantine" in lines[at]
    assert lines[at + 1] == "# ASK: does 0 (2 rows) mean no answer? It is off the scale"
    assert tomllib.loads(lines[at + 2][2:])["check_in"]["blank"] == [0]


def test_a_stray_nought_is_asked_about_beside_a_code_that_is_known(tmp_path: Path) -> None:
    """That 6 means no answer in both ratings does not decide what 0 means in one of them."""
    chance = random.Random(5)
    rows = []
    for n in range(400):
        mood = chance.random()
        ratings = [6 if chance.random() < 0.1 else min(5, max(1, round(1 + 4 * (mood + chance.gauss(0, 0.15))))) for _ in range(2)]
        rows.append([n, round(10 * mood), ratings[0], 0 if n == 50 else ratings[1]])
    text, settings = proposed(tmp_path, {"survey.csv": csv(["id", "Recommend us?", "Seat", "Food"], rows)})
    assert [settings["source"][0]["questions"][name]["blank"] for name in ("seat", "food")] == [[6], [6]]
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("food = "))
    assert lines[at + 1] == "# ASK: does 0 (1 row) mean no answer? It is off the scale"
    assert tomllib.loads(lines[at + 2][2:])["food"]["blank"] == [0, 6]
