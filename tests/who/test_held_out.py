"""Records of the demo company held out and looked up: what a full run makes of them, and how often a sure answer is right."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from tests.who import held_out
from tests.who.held_out import Said, World

from vitalfew.who import weights
from vitalfew.who.answers import Answer
from vitalfew.who.book import Book
from vitalfew.who.comparing import question
from vitalfew.who.deciding import decide, joined


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo company, and the same without some records of the helpdesk, a survey and the web shop."""
    return held_out.make(tmp_path_factory.mktemp("held-out"))


def _asker(world: World) -> Callable[[Said], Answer | None]:
    book, learnt = Book(world.index), weights.read(world.index.meta["weights"])

    def ask(said: Said) -> Answer | None:
        asked = question("NL", **said)
        return None if asked.empty else decide(book, learnt, asked)

    return ask


def test_a_new_record_joins_the_person_a_full_run_would_give_it(world: World) -> None:
    ask = _asker(world)
    answers = {record: ask(said) for record, said in world.held.items()}
    same = [record for record, answer in answers.items() if world.as_full_run(record, joined(answer) if answer else None)]
    assert len(answers) > 500
    assert len(same) / len(answers) >= 0.98


def _slip(text: str, chance: random.Random) -> str:
    if len(text) < 6:
        return text
    place, how = chance.randrange(1, len(text) - 1), chance.randrange(3)
    if how == 2:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + chance.choice("aeinrst") * how + text[place + 1 :]


def _parts(said: Said, chance: random.Random) -> list[Said]:
    """What a caller may say: fields alone and together, with slips."""
    local, mark, domain = said["email"].rpartition("@")
    wrong = f"{_slip(local, chance)}@{domain}" if mark else ""
    name, company, phone = said["name"], said["company"], said.get("phone", "")
    return [
        *({"email": said["email"]}, {"phone": phone}, {"name": name}, {"name": name, "company": company}, {"email": wrong}),
        *({"email": wrong, "name": name}, {"name": _slip(name, chance), "phone": phone}, {"name": _slip(name, chance)}),
        {"name": _slip(name, chance), "company": company},
        {"email": f"someone{chance.randrange(10_000)}@gmail.com", "name": name},
    ]


def test_of_answers_given_with_confidence_nineteen_in_twenty_are_right(world: World) -> None:
    ask, chance = _asker(world), random.Random(3)
    counted: Counter[str] = Counter()
    for record, said in world.held.items():
        if record not in world.truth:
            continue
        for part in _parts(said, chance):
            answer = ask(part)
            if answer is not None and answer.confidence >= 0.9 and answer.person:
                counted["right" if world.true.get(answer.person) == world.truth[record] else "wrong"] += 1
            elif answer is not None:
                counted[answer.outcome] += 1
    assert counted["right"] > 1500
    assert counted["right"] / (counted["right"] + counted["wrong"]) >= 0.95
