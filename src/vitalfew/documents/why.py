"""`vitalfew why`: the walk from a claim down to the records it rests on, as lines of text."""

from __future__ import annotations

import difflib

from vitalfew.documents import words
from vitalfew.documents.chain import Chain, record_conditions, record_name
from vitalfew.engine import Tables
from vitalfew.settings import Company

MOST_SUPPORTS = 8
MOST_CLAIMS = 400


def walk(tables: Tables, claim_id: str, company: Company | None = None) -> list[str]:
    """The walk from `claim_id` down to records, indented by two spaces a step.

    A claim met a second time is named, not walked again, so circles end. Raises LookupError, with the closest ids, for a claim
    nobody made.
    """
    chain = Chain.of(tables, company.company.currency if company else "")
    if not chain.knows(claim_id):
        raise LookupError(_unknown(chain, claim_id))
    chain.fetch(chain.reachable([claim_id], MOST_CLAIMS), MOST_SUPPORTS)
    lines: list[str] = []
    _claim(chain, claim_id, 0, "", {}, lines)
    return lines


def _unknown(chain: Chain, claim: str) -> str:
    known = sorted({*chain.claims, *chain.supports})
    close = (
        difflib.get_close_matches(claim, known, n=5, cutoff=0.5) or [each for each in known if claim and claim.lower() in each][:5]
    )
    told = f" Close to it: {words.listing(close, 'or')}." if close else ""
    return f"no claim is called {claim!r}.{told}"


def _claim(chain: Chain, claim: str, depth: int, role: str, seen: dict[str, bool], lines: list[str]) -> None:
    pad = "  " * depth
    told = chain.claim(claim)
    head = f"{pad}{words.sentence(role)[:-1] + ' - ' if role else ''}{told.kind}: {told.name}"
    if claim in seen:
        lines.append(f"{head} [{claim}], shown above")
        return
    seen[claim] = True
    lines.append(f"{head} [{claim}]")
    if told.sentence:
        lines.append(f"{pad}  {told.sentence}")
    steps = chain.supports.get(claim, [])
    if not steps:
        lines.append(f"{pad}  Nothing is recorded that it rests on.")
    for step in steps[:MOST_SUPPORTS]:
        support = str(step["support"])
        if chain.knows(support):
            _claim(chain, support, depth + 1, chain.say(step["role"]), seen, lines)
        else:
            _records(chain, dict(step), depth + 1, lines)
    if len(steps) > MOST_SUPPORTS:
        lines.append(f"{pad}  and {words.count(len(steps) - MOST_SUPPORTS, 'lighter support')} more")


def _records(chain: Chain, step: dict[str, object], depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    support, role = str(step["support"]), chain.say(step["role"])
    lines.append(f"{pad}{words.sentence(role)[:-1] + ' - ' if role else ''}{chain.support_phrase(step)} [{support}]")
    asked, found = record_conditions(support), chain.records(support)
    if asked is None or found is None:
        return
    if not found[1]:
        lines.append(f"{pad}  No such record is in the tables of this run.")
    for row in found[1]:
        lines.append(f"{pad}  {chain.record_text(asked[0], row)} [{record_name(asked[0], row)}]")
    if chain.left(step):
        lines.append(f"{pad}  and {words.number(chain.left(step), 0)} more")
