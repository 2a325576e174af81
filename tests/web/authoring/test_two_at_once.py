"""Two people at once: nothing is lost, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.postgresql import server
from tests.web.authoring.conftest import Write, filled, write_small
from tests.web.conftest import Cast

from vitalfew.web.authoring.merging import joined, three_way
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.queries import pending
from vitalfew.web.shell.companies import settings_of

EDIT = "/c/small/write/promise/entry/on-time/edit/"


def test_changes_of_different_fields_stand_together(small: Cast, write: Write) -> None:
    first, second = small.client("owner"), small.client("administrator")
    opened = second.get(EDIT)
    write(first, "promise", "on-time", text="By the day we named")
    answer = second.post(EDIT, filled(opened, standard="0.9"))
    assert answer.status_code == 409
    assert answer.context["conflicts"] == 0
    assert settings_of(small.company).promise[0].standard is None, "nothing is saved before the second has seen it"
    second.post(
        "/c/small/write/promise/entry/on-time/merge/0/",
        {"begun": answer.context["begun"], "theirs": answer.context["theirs_number"]},
    )
    promise = settings_of(small.company).promise[0]
    assert (promise.text, promise.standard) == ("By the day we named", 0.9)


def test_changes_of_the_same_field_are_chosen_and_what_was_typed_is_kept(small: Cast, write: Write) -> None:
    first, second = small.client("owner"), small.client("administrator")
    opened = second.get(EDIT)
    write(first, "promise", "on-time", text="Theirs")
    answer = second.post(EDIT, filled(opened, text="Mine", standard="0.9"))
    assert (answer.status_code, answer.context["conflicts"]) == (409, 1)
    assert b"Mine" in answer.content
    assert b"Theirs" in answer.content
    kept = {"begun": answer.context["begun"], "theirs": answer.context["theirs_number"]}
    merge = "/c/small/write/promise/entry/on-time/merge/0/"
    assert second.post(merge, kept).status_code == 409, "a side must be chosen"
    write(first, "promise", "on-time", source="the shop")
    again = second.post(merge, {**kept, "choice:text": "mine"})
    assert again.status_code == 409, "it changed once more"
    second.post(merge, {"begun": again.context["begun"], "theirs": again.context["theirs_number"], "choice:text": "mine"})
    promise = settings_of(small.company).promise[0]
    assert (promise.text, promise.standard, promise.source) == ("Mine", 0.9, "the shop")


@pytest.mark.parametrize(
    ("theirs", "mine", "together"),
    [
        (["a", "b", "c"], ["a", "b", "d"], ["a", "b", "c", "d"]),
        (["a", "b", "c", "d"], ["a", "b", "d", "e"], ["a", "b", "c", "d", "e"]),
        (["a"], ["a", "b", "d"], None),
        (["a", "b", "c"], ["b"], None),
        (["a", "x"], ["a", "b", "d"], None),
        (["c", "a", "b"], ["a", "b", "d"], None),
    ],
)
def test_paths_added_by_both_stand_together_and_any_other_change_by_both_is_chosen(
    theirs: list[str], mine: list[str], together: list[str] | None
) -> None:
    parts = three_way({"path": ["a", "b"]}, {"path": theirs}, {"path": mine})
    if together is None:
        assert [part.state for part in parts] == ["conflict"]
        assert joined(parts, {"path": "mine"}) == {"path": mine}
    else:
        assert [part.state for part in parts] == ["both"]
        assert joined(parts, {}) == {"path": together}


def test_a_change_of_what_another_took_away_is_chosen_as_a_whole(small: Cast, write: Write) -> None:
    first, second = small.client("owner"), small.client("administrator")
    opened = second.get(EDIT)
    first.post("/c/small/write/promise/entry/on-time/delete/", {"began": "0"})
    answer = second.post(EDIT, filled(opened, text="Mine"))
    assert answer.context["whole"]
    kept = {"begun": answer.context["begun"], "theirs": answer.context["theirs_number"], "choice:": "mine"}
    second.post("/c/small/write/promise/entry/on-time/merge/0/", kept)
    assert settings_of(small.company).promise[0].text == "Mine"


def test_two_proposals_of_one_entry_are_both_kept_and_joined_at_the_decision(small: Cast, write: Write) -> None:
    write("analyst", "promise", "on-time", text="From the analyst")
    write("lead", "promise", "on-time", standard="0.8")
    owner = small.client("owner")
    first, second = pending(small.company)
    owner.post("/c/small/write/pending/", {"version": first.pk, "approve": "1"})
    answer = owner.post("/c/small/write/pending/", {"version": second.pk, "approve": "1"}, follow=True)
    assert answer.status_code == 409
    owner.post(
        "/c/small/write/promise/entry/on-time/merge/0/",
        {"begun": answer.context["begun"], "theirs": answer.context["theirs_number"]},
    )
    promise = settings_of(small.company).promise[0]
    assert (promise.text, promise.standard) == ("From the analyst", 0.8)
    assert not pending(small.company).exists()
    assert list(Version.objects.values_list("state", flat=True)) == ["approved", "merged", "approved"]


def test_a_file_changed_meanwhile_is_shown_beside_the_form(small: Cast, small_run: Path) -> None:
    client = small.client("owner")
    opened = client.get(EDIT)
    before = (small_run / "company.toml").read_text(encoding="utf-8")
    try:
        (small_run / "company.toml").write_text(
            before.replace("Delivered by the day we gave", "Changed in the file"), encoding="utf-8"
        )
        answer = client.post(EDIT, filled(opened, standard="0.9"))
        assert answer.status_code == 409
        assert b"Changed in the file" in answer.content
    finally:
        (small_run / "company.toml").write_text(before, encoding="utf-8")


def test_rows_of_one_field_are_joined_row_by_row(small: Cast, write: Write) -> None:
    first, second = small.client("owner"), small.client("administrator")
    address = "/c/small/write/limits/entry/limits/edit/"
    opened = second.get(address)
    write(first, "limits", "limits", budget={"2026-Q3": "9000"})
    answer = second.post(address, filled(opened, budget={"2026-Q3": "5000", "2026-Q4": "4000"}))
    assert answer.context["conflicts"] == 0
    second.post(
        "/c/small/write/limits/entry/limits/merge/0/",
        {"begun": answer.context["begun"], "theirs": answer.context["theirs_number"]},
    )
    assert settings_of(small.company).limits.budget == {"2026-Q3": 9000, "2026-Q4": 4000}


RACE = """
import sys, threading
from pathlib import Path
from vitalfew.web import serving
company = serving.prepare(Path(sys.argv[1]))
from django.db import connection, connections
from vitalfew.web.authoring.changes import Change, Conflict, save
from vitalfew.web.authoring.models import Item, Version
from vitalfew.web.authoring.overlay import in_force

print(connection.vendor)
threads, rounds = 4, 15
barrier = threading.Barrier(threads)
won, lost, errors = [], [], []

def write(who):
    try:
        for each in range(rounds):
            barrier.wait()
            item = Item.objects.filter(company=company, section="theme", key="k").first()
            began = item.in_force if item else 0
            barrier.wait()
            change = Change("theme", "k", "values", {"name": f"{who} {each}", "words": ["x"]}, began, None)
            try:
                won.append((each, save(company, str(who), change, "approved").number))
            except Conflict:
                lost.append((each, who))
            save(company, str(who), change, "proposed")
    except Exception as error:
        errors.append(repr(error))
        barrier.abort()
    finally:
        connections.close_all()

running = [threading.Thread(target=write, args=(n,)) for n in range(threads)]
[each.start() for each in running]
[each.join() for each in running]
assert not errors, errors
assert [each for each, _ in won] == list(range(rounds)), won
assert len(lost) == rounds * (threads - 1)
numbers = list(Version.objects.values_list("number", flat=True).order_by("number"))
assert numbers == list(range(1, rounds + rounds * threads + 1)), numbers
assert Item.objects.get().in_force == won[-1][1]
assert len(in_force(company)) == 1
print("one won each time, nothing lost")
"""


def race(folder: Path, **environment: str) -> str:
    """Four threads that write one entry at the same time, against a real database."""
    done = subprocess.run(
        [sys.executable, "-c", RACE, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_of_several_saves_at_once_one_takes_effect_and_the_others_are_told_on_sqlite(tmp_path: Path) -> None:
    assert race(write_small(tmp_path)).split("\n")[:2] == ["sqlite", "one won each time, nothing lost"]


def test_of_several_saves_at_once_one_takes_effect_and_the_others_are_told_on_postgresql(
    tmp_path: Path,
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with server(tmp_path / "postgresql") as address:
        said = race(write_small(workspace), DATABASE_URL=address)
    assert said.split("\n")[:2] == ["postgresql", "one won each time, nothing lost"]


@pytest.mark.parametrize("state", ["approved", "proposed"])
def test_each_save_says_what_happened_to_those_who_listen(
    small: Cast, write: Write, state: str, django_capture_on_commit_callbacks: object
) -> None:
    from vitalfew.web.authoring.signals import item_changed

    heard: list[tuple[str, str]] = []

    def listen(sender: object, item: object, action: str, **_more: object) -> None:
        heard.append((str(item), action))

    item_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            write("owner" if state == "approved" else "analyst", "promise", "on-time", text="x")
    finally:
        item_changed.disconnect(listen)
    assert heard == [("promise:on-time", state)]
