"""What happens in the world: tickets and orders, as columns of numbers; texts are made when the files are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from vitalfew.demo.catalogue import AS_OF, FIRST_DAY, TICKETS_FROM, YEAR_FROM, catalogue, sections
from vitalfew.demo.plan import Floats
from vitalfew.demo.world import Flags, Ints, World, account_scores, days, growth

LAST = days(AS_OF) + 1
"""Days from the first day to the end of the last."""
LATE, OTHERWISE_LATE = 0.93, 0.003
SLOW, OTHERWISE_SLOW = 0.65, 0.004
PRODUCTS = 15


@dataclass(frozen=True)
class Tickets:
    """Tickets by the time they were opened. `issue` is -1 for requests; `at` and `closed` are days since the first day."""

    person: Ints
    issue: Ints
    group: Ints
    tagged: Flags
    at: Floats
    closed: Floats
    reply_hours: Floats
    minutes: Floats
    direct: Floats
    channel: Ints
    employee: Ints


@dataclass(frozen=True)
class Orders:
    """Orders in the order they were placed. Times are days since the first day; `delivered` is NaN while open or cancelled."""

    person: Ints
    account: Ints
    at: Floats
    promised: Ints
    delivered: Floats
    amount: Floats
    status: Ints
    shop: Flags
    product: Ints


STATUS = ("delivered", "part delivered", "cancelled", "open")
CHANNELS = ("email", "phone", "portal", "chat")


def _by_day(rng: np.random.Generator, start: float, stop: Floats | float, count: int) -> Floats:
    """Times between two days in hours when people work; a third of what falls on a weekend stays there."""
    at = np.floor(start + rng.random(count) * (stop - start))
    weekday = (at + FIRST_DAY.weekday()) % 7
    at = np.where((weekday >= 5) & (rng.random(count) < 0.66), at - (weekday - 4), at)
    return np.asarray(np.maximum(at, start) + (7.5 + 10 * rng.beta(2, 2, count)) / 24)


def tickets(world: World) -> Tickets:
    """Tickets of two years: those issues cause, fewer after a change, and harmless requests."""
    rng = np.random.default_rng([world.seed, 7])
    known, plan = catalogue(), world.plan
    start = float(days(TICKETS_FROM))
    years = (LAST - start) / 365.25
    persons, issues, times = [], [], []
    changed = {change.issue: change for change in plan.changes}
    for issue in range(len(known.issues)):
        affected = np.flatnonzero(world.traits[:, issue])
        who = np.repeat(affected, rng.poisson(plan.rates[issue] * years, len(affected)))
        at = _by_day(rng, start, float(LAST), len(who))
        if issue in changed:
            kept = (at < days(changed[issue].on)) | (rng.random(len(who)) >= changed[issue].cut)
            who, at = who[kept], at[kept]
        persons.append(who)
        issues.append(np.full(len(who), issue))
        times.append(at)
    asking = np.repeat(np.arange(len(world.people.account)), rng.poisson(world.scale.questions * years, len(world.people.account)))
    persons.append(asking)
    issues.append(np.full(len(asking), -1))
    times.append(_by_day(rng, start, float(LAST), len(asking)))
    person, issue_of, at = np.concatenate(persons), np.concatenate(issues), np.concatenate(times)
    order = np.lexsort((person, at))
    return _handled(world, rng, person[order], issue_of[order], at[order])


def _handled(world: World, rng: np.random.Generator, person: Ints, issue: Ints, at: Floats) -> Tickets:
    known, plan = catalogue(), world.plan
    count = len(person)
    caused = issue >= 0
    owner = np.array([known.group_of(each) for each in range(len(known.issues))])
    group = np.where(caused, owner[issue], rng.integers(0, len(known.groups), count))
    minutes = np.where(caused, plan.minutes[issue], 6.0) * rng.gamma(8, 1 / 8, count)
    direct = np.where(caused & (plan.direct[issue] > 0), plan.direct[issue] * rng.gamma(6, 1 / 6, count), 0.0)
    slow = world.traits[:, next(i for i, each in enumerate(known.issues) if each.key == "slow")][person]
    late = rng.random(count) < np.where(slow, SLOW, OTHERWISE_SLOW)
    reply = np.where(late, 10 + rng.gamma(2, 16, count), np.minimum(7.8, rng.gamma(2, 1.1, count)))
    staff = [world.seller.of(each.name) for each in known.groups]
    heads = np.array([len(each) for each in staff])
    starts = np.concatenate([[0], np.cumsum(heads)])
    employee = starts[group] + 1 + (rng.random(count) ** 1.3 * (heads[group] - 1)).astype(np.int64)
    return Tickets(
        person=person,
        issue=issue,
        group=group,
        tagged=rng.random(count) < 0.94,
        at=at,
        closed=at + reply / 24 + rng.gamma(1.2, 1.5, count),
        reply_hours=np.round(reply, 1).astype(np.float64),
        minutes=np.maximum(1.0, np.round(minutes, 0)),
        direct=np.round(direct, 2).astype(np.float64),
        channel=rng.choice(4, count, p=[0.52, 0.24, 0.16, 0.08]),
        employee=employee,
    )


def handling_costs(world: World, made: Tickets) -> tuple[Floats, Ints]:
    """Per issue: money its tickets of the last twelve months cost (minutes x cost of an hour + direct), and how many there were."""
    known = catalogue()
    hour = np.array([each.hour_cost for each in known.groups])
    recent = (made.at >= days(YEAR_FROM)) & (made.issue >= 0)
    money = made.minutes[recent] / 60 * hour[made.group[recent]] + made.direct[recent]
    size = len(known.issues)
    counted = np.bincount(made.issue[recent], minlength=size)
    return np.asarray(np.bincount(made.issue[recent], weights=money, minlength=size), float), counted.astype(np.int64)


def orders(world: World) -> Orders:
    """Orders of 26 months. Each account's revenue of the year before and after the day it was invited is planned to the cent."""
    rng = np.random.default_rng([world.seed, 8])
    accounts, plan = world.accounts, world.plan
    after = growth(plan, accounts, account_scores(accounts, world.people, world.waves[0].outcome))
    invited = accounts.invited.astype(float)
    size = np.diff(accounts.first) / world.scale.contacts
    spans = ((0 * invited, invited - 365), (invited - 365, invited), (invited, invited + 365), (invited + 365, 0 * invited + LAST))
    parts = []
    for position, (start, stop) in enumerate(spans):
        length = (stop - start) / 365
        yearly = accounts.revenue * (after if position >= 2 else 1.0)
        # Loyal accounts order more often, not only more.
        often = world.scale.orders * size * (np.sqrt(after) if position >= 2 else 1.0)
        count = rng.poisson(often * length) + (1 if position in (1, 2) else 0)
        account = np.repeat(np.arange(len(count)), count)
        weight = rng.gamma(2.5, 1.0, len(account))
        shares = weight / np.bincount(account, weights=weight, minlength=len(count))[account]
        at = np.floor(start[account]) + np.floor(rng.random(len(account)) * np.floor(length * 365)[account])
        parts.append((account, at, np.round(shares * (yearly * length)[account], 2)))
    account, at, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    account = account.astype(np.int64)
    at = at + (7 + 11 * rng.beta(2, 2, len(at))) / 24
    order = np.lexsort((amount, account, at))
    return _shipped(world, rng, account[order], at[order], amount[order])


def _shipped(world: World, rng: np.random.Generator, account: Ints, at: Floats, amount: Floats) -> Orders:
    people, known = world.people, catalogue()
    lost = rng.random(len(at)) < 0.015
    # Cancelled orders come on top, so that revenue stays as planned.
    again = np.flatnonzero(lost)
    place = np.argsort(np.concatenate([np.arange(len(at)), again]), kind="stable")
    account, at, amount = (np.concatenate([each, each[again]])[place] for each in (account, at, amount))
    cancelled = np.concatenate([np.zeros(len(lost), bool), np.ones(len(again), bool)])[place]
    count = len(at)
    weights = np.concatenate([[0.0], np.cumsum(np.where(people.key, 3.0, 0.7))])
    low, high = weights[world.accounts.first[account]], weights[world.accounts.first[account + 1]]
    person = np.searchsorted(weights, low + rng.random(count) * (high - low), side="right") - 1
    person = np.clip(person, world.accounts.first[account], world.accounts.first[account + 1] - 1)
    keys = [each.key for each in known.issues]
    late = rng.random(count) < np.where(world.traits[person, keys.index("late")], LATE, OTHERWISE_LATE)
    part = rng.random(count) < np.where(world.traits[person, keys.index("partial")], LATE, OTHERWISE_LATE)
    promised = np.floor(at).astype(np.int64) + rng.integers(2, 11, count)
    early = np.floor(rng.random(count) * np.minimum(3, promised - np.floor(at)))
    delivered = promised + np.where(late, 1 + np.floor(rng.gamma(1.6, 2.6, count)), -early)
    open_still = (delivered >= LAST) & ~cancelled
    status = np.select([cancelled, open_still, part], [2, 3, 1], 0)
    return Orders(
        person=person,
        account=account,
        at=at,
        promised=promised,
        delivered=np.where(cancelled | open_still, np.nan, delivered),
        amount=np.maximum(amount, 4.0),
        status=status,
        shop=rng.random(count) < np.where(people.in_shop[person], 0.7, 0.0),
        product=rng.integers(0, PRODUCTS, count),
    )


def revenue_of(made: Orders, accounts: int, since: date, until: date) -> Floats:
    """Paid revenue of each account from a day up to and without another."""
    chosen = (made.at >= days(since)) & (made.at < days(until)) & (made.status != 2)
    return np.asarray(np.bincount(made.account[chosen], weights=made.amount[chosen], minlength=accounts), float)


def products() -> list[str]:
    """What is ordered."""
    return sections("names.txt")["product"]
