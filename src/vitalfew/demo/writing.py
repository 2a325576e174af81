"""The demo company, written into a folder: company.toml, exports and truth.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vitalfew.demo import company_toml, events, exports, truth, websessions
from vitalfew.demo.catalogue import SCALES, Size
from vitalfew.demo.exports import Export, Ledger
from vitalfew.demo.files import Spoilt
from vitalfew.demo.identities import Identities
from vitalfew.demo.speech import Voice
from vitalfew.demo.world import World, build


def _silent(_: str) -> None:
    return None


def write(folder: Path, seed: int = 1, size: Size = "small", progress: Callable[[str], None] = _silent) -> None:
    """Write `company.toml`, `exports/` and `truth.json` of the demo company into `folder`, which is made when it is not there.

    `seed` (whole, 0 or more) changes the world: names, which driver is on top, which issues are worst, effects and costs; never the
    schema. `size` is small (600 accounts, about 2,400 contacts), medium (50,000 contacts, about 1M interactions) or large (1M
    contacts). The same seed and size give the same bytes. `progress` is told what is being done. Raises ValueError for another size
    or a negative seed.
    """
    if size not in SCALES:
        raise ValueError(f"size must be one of {', '.join(SCALES)}. Got {size!r} instead")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Got {seed} instead")
    folder.mkdir(parents=True, exist_ok=True)
    progress("a world: accounts, people, what they meet and what they would answer")
    world = build(seed, SCALES[size])
    out = Export(folder, world, Identities(world), Ledger(every(world)), Spoilt(), Voice(), progress)
    progress("accounts and contacts")
    exports.crm_accounts(out)
    exports.crm_contacts(out)
    exports.webshop_users(out)
    exports.employees(out)
    exports.competitors(out)
    made = events.orders(world)
    exports.orders(out, made)
    tickets = events.tickets(world)
    exports.helpdesk(out, tickets)
    progress("survey waves")
    exports.surveys(out)
    websessions.write(out)
    progress("company.toml and truth.json")
    revenue, handling = truth.costs(world, made, tickets)
    company_toml.write(folder / "company.toml", world, revenue + handling)
    truth.write(folder / "truth.json", size, world, made, tickets, out.ledger, out.spoilt)


def every(world: World) -> int:
    """Every how many persons truth.json keeps the records of: 1 is all."""
    sampled = world.scale.sampled
    if sampled is None:
        return 1
    # About seven records a person: contacts, users, tickets, orders, responses.
    return max(1, round(len(world.people.account) * 7 / sampled))
