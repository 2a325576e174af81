"""RACI: who does each piece of work (R), who answers for it (A, exactly one), who is asked (C) and who is told (I)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from vitalfew.act.facts import Facts
from vitalfew.evidence import Gap, Step
from vitalfew.settings import slug

LETTERS = "ARCI"
MOST_CONSULTED = 4
MOST_INFORMED = 4
MOST_DUTIES = 5


def compute(facts: Facts) -> tuple[list[dict[str, Any]], list[Step], list[Gap]]:
    """Rows of table raci: as company.toml says, and proposed for chosen initiatives it does not mention; each checked."""
    work = {each.work: _authored(each.model_dump()) for each in facts.company.raci}
    said = {slug(name) for name in work}
    steps: list[Step] = []
    for initiative in facts.chosen():
        if slug(initiative["name"]) not in said:
            work[initiative["name"]] = _proposed(facts, initiative)
    duties = Counter(role for letters in work.values() for role in {role for role, letter in letters if letter in "AR"})
    rows: list[dict[str, Any]] = []
    for name in sorted(work):
        letters = work[name]
        notes = _check(letters, proposed=slug(name) not in said)
        # What is wrong with the work as a whole stands with its first row; what is wrong with a role, with that role.
        for position, (role, letter) in enumerate(letters):
            own = [f"{role} is responsible or accountable for {duties[role]} pieces of work"] if duties[role] > MOST_DUTIES else []
            rows.append(
                {"work": name, "role": role, "letter": letter, "note": "; ".join([*(notes if position == 0 else []), *own])},
            )
    named = [row for row in facts.initiatives if any(slug(row["name"]) == slug(name) for name in work)]
    steps += [Step(f"raci:{slug(row['name'])}", row["initiative"], "the work it is about") for row in named]
    return rows, steps, _missing(facts, rows)


def _authored(raci: dict[str, Any]) -> list[tuple[str, str]]:
    order = (("accountable", "A"), ("responsible", "R"), ("consulted", "C"), ("informed", "I"))
    return list(dict.fromkeys((role, letter) for key, letter in order for role in raci[key])) or [("nobody", "")]


def _proposed(facts: Facts, initiative: dict[str, Any]) -> list[tuple[str, str]]:
    """Accountable: its owner, else the lead; responsible: the group; consulted: others whose people it needs; told: the sponsor."""
    group = initiative["group"]
    wanted = [(facts.owned(initiative), "A"), (group, "R"), *((other, "C") for other in facts.others(initiative))]
    sponsor = facts.sponsor(initiative)
    if sponsor:
        wanted.append((sponsor, "I"))
    found: dict[str, str] = {}
    for role, letter in wanted:
        if role:
            found.setdefault(role, letter)
    return list(found.items())


def _check(letters: Sequence[tuple[str, str]], proposed: bool) -> list[str]:
    many = Counter(letter for _, letter in letters)
    notes = ["proposed"] if proposed else []
    if many["A"] != 1:
        notes.append(f"{'nobody' if not many['A'] else many['A']} accountable: exactly one must be")
    if not many["R"]:
        notes.append("nobody responsible: name who does it")
    if many["C"] > MOST_CONSULTED:
        notes.append(f"{many['C']} consulted: more than {MOST_CONSULTED} slow it down")
    if many["I"] > MOST_INFORMED:
        notes.append(f"{many['I']} informed: more than {MOST_INFORMED} is noise")
    return notes


def _missing(facts: Facts, rows: Sequence[dict[str, Any]]) -> list[Gap]:
    """Groups that cause a top issue and do not appear in any piece of work, themselves or by their lead."""
    roles = {row["role"] for row in rows}
    gaps = []
    for name in facts.groups():
        if facts.top(name) and not roles & {name, facts.lead(name)}:
            issue = facts.top(name)[0]["name"]
            reason = f"{name} causes {issue} and has no part in any piece of work."
            gaps.append(
                Gap(f"responsibility of {name}", reason, f"An initiative that acts on {issue}, or a [[raci]] naming {name}.")
            )
    return gaps
