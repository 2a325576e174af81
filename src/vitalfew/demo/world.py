"""The world of a seed: accounts, people, what each of them meets, what they would answer, and what their accounts spend."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from vitalfew.demo import plan as planning
from vitalfew.demo.catalogue import FIRST_DAY, Scale, catalogue, sections, words
from vitalfew.demo.plan import Floats, Plan
from vitalfew.numerics.lmg import lmg

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

COUNTRIES = ("GB", "DE", "FR", "NL", "IE")
COUNTRY_NAMES = ("United Kingdom", "Germany", "France", "Netherlands", "Ireland")
DOMAINS = ("co.uk", "de", "fr", "nl", "ie")
BASE, BASE_RATING, NEUTRAL = 7.2, 4.25, 7.0
"""Outcome at ratings of 4; mean rating of those without trouble; outcome at which revenue stays as it is."""
NOISE = 0.85
REVENUE_NOISE = 0.13
LEADS = 1.45
"""Exact LMG share of the top driver beside the second's, at least."""
CLEAR = 0.48
"""Cost of a group's third issue beside its second's, at most."""
SAMPLE = 60_000


@dataclass(frozen=True)
class Seller:
    """The demo company and its employees: `employees` are (id, name, e-mail, group, role, hour cost)."""

    name: str
    employees: tuple[tuple[str, str, str, str, str, float], ...]

    def of(self, group: str) -> list[tuple[str, str, str, str, str, float]]:
        """The employees of a group; the lead is the first."""
        return [each for each in self.employees if each[3] == group]


@dataclass(frozen=True)
class Accounts:
    """Customer companies, one element or row each. `first` has one more: contacts of account a are first[a] to first[a + 1] - 1."""

    names: list[str]
    domains: list[str]
    sectors: list[str]
    country: Ints
    cities: list[str]
    staff: Ints
    since: list[date]
    owner: Ints
    switchboard: Ints
    style: Ints
    first: Ints
    invited: Ints
    revenue: Floats
    growth_noise: Floats


@dataclass(frozen=True)
class People:
    """Customers' people, in the order of their accounts. `first_name`, `last_name`, `maiden` index `FIRST` and `LAST`."""

    account: Ints
    first_name: Ints
    last_name: Ints
    maiden: Ints
    twin: Ints
    key: Flags
    role: Ints
    phone: Ints
    in_crm: Flags
    in_shop: Flags


@dataclass(frozen=True)
class Answers:
    """What all people would answer in one wave: ratings (people, drivers) as whole numbers 1 to 5, outcome (people,) 0 to 10."""

    ratings: NDArray[np.int8]
    outcome: NDArray[np.int8]


@dataclass(frozen=True)
class World:
    """Everything the exports are written from. `traits` (people, issues) says who meets what."""

    seed: int
    scale: Scale
    plan: Plan
    seller: Seller
    accounts: Accounts
    people: People
    traits: Flags
    waves: tuple[Answers, Answers]
    mood: Floats
    lmg: Floats
    ols: Floats
    lost: Floats
    points: Floats


_SPELT = {ord(letter): spelt for letter, spelt in zip("äöüßøı", ("ae", "oe", "ue", "ss", "o", "i"), strict=True)}
FIRST: list[str] = [name for country in COUNTRIES for name in words(f"first {country}")]
LAST: list[str] = [name for country in COUNTRIES for name in words(f"last {country}")]
_FIRST_AT = np.cumsum([0, *(len(words(f"first {country}")) for country in COUNTRIES)])
_LAST_AT = np.cumsum([0, *(len(words(f"last {country}")) for country in COUNTRIES)])


def ascii_slug(text: str) -> str:
    """A name as it stands in addresses: German umlauts written out, other accents dropped."""
    spelt = text.lower().translate(_SPELT)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def days(day: date) -> int:
    """Days since the first day with orders."""
    return (day - FIRST_DAY).days


def build(seed: int, scale: Scale) -> World:
    """The world of a seed at a scale."""
    accounts, people = _population(seed, scale)
    noise = np.random.default_rng([seed, 5])
    count, drivers = len(people.account), len(catalogue().drivers)
    mood = 0.22 * noise.standard_normal(scale.accounts)[people.account] + 0.25 * noise.standard_normal(count)
    lasting = (BASE_RATING + mood[:, None] + 0.42 * noise.standard_normal((count, drivers))).astype(np.float32)
    waves = [(0.38 * noise.standard_normal((count, drivers))).astype(np.float32) for _ in range(2)]
    lasting_outcome = 0.6 * NOISE * noise.standard_normal(count)
    wave_outcome = [0.8 * NOISE * noise.standard_normal(count) for _ in range(2)]
    plan = planning.make(seed, scale.tickets)
    luck = _luck(accounts, people, np.random.default_rng([seed, 6]))
    for _ in range(12):
        traits = luck < plan.prevalence.astype(np.float32)
        made = [
            answer(plan, lasting + wave, traits, lasting_outcome + extra) for wave, extra in zip(waves, wave_outcome, strict=True)
        ]
        shares = _lmg(made, SAMPLE)
        order = np.argsort(-shares)
        if order[0] == plan.top and shares[order[0]] >= LEADS * shares[order[1]]:
            break
        plan = planning.with_prevalence(plan.stronger(1.06))
    for _ in range(8):
        rest = (lasting + waves[0], lasting_outcome + wave_outcome[0])
        lost, points = _losses(plan, accounts, people, traits, made[0], rest)
        crowded = _crowded(plan, accounts.revenue @ lost + traits.sum(axis=0) * plan.handling())
        if not crowded:
            break
        plan = plan.rarer(crowded)
        traits = luck < plan.prevalence.astype(np.float32)
        made = [
            answer(plan, lasting + wave, traits, lasting_outcome + extra) for wave, extra in zip(waves, wave_outcome, strict=True)
        ]
    seller = _seller(seed, scale)
    ols = _ols(made)
    return World(seed, scale, plan, seller, accounts, people, traits, (made[0], made[1]), mood, _lmg(made, None), ols, lost, points)


def answer(plan: Plan, latent: NDArray[np.float32], traits: Flags, noise: Floats) -> Answers:
    """Ratings are the latent ones less the severity of each trouble met, rounded into 1 to 5; the outcome follows from them."""
    known = catalogue()
    ratings = latent.copy()
    for issue in range(len(known.issues)):
        ratings[:, known.driver_of(issue)] -= np.float32(plan.severity[issue]) * traits[:, issue]
    rounded = np.clip(np.rint(ratings), 1, 5).astype(np.int8)
    return Answers(rounded, _outcome(plan, rounded, noise))


def _outcome(plan: Plan, ratings: NDArray[np.int8], noise: Floats) -> NDArray[np.int8]:
    return np.clip(np.rint(BASE + (ratings - 4.0) @ plan.effects + noise), 0, 10).astype(np.int8)


def _crowded(plan: Plan, costs: Floats) -> list[int]:
    """Issues that should not be a group's top two but come near: above CLEAR of the second."""
    known = catalogue()
    found: list[int] = []
    for group in range(len(known.groups)):
        own = known.issues_of(group)
        second = min(float(costs[issue]) for issue in own if plan.ranks[issue] < 2)
        found += [issue for issue in own if plan.ranks[issue] >= 2 and costs[issue] > CLEAR * second]
    return found


def account_scores(accounts: Accounts, people: People, outcome: NDArray[np.int8]) -> Floats:
    """Mean outcome of each account's key contacts, who decide what it buys."""
    totals = np.bincount(people.account, weights=np.where(people.key, outcome, 0), minlength=len(accounts.names))
    return np.asarray(totals / np.bincount(people.account, weights=people.key, minlength=len(accounts.names)))


def growth(plan: Plan, accounts: Accounts, scores: Floats) -> Floats:
    """Revenue of the year after an account is invited over the year before: exp(worth x (score - 7)) x noise of mean 1."""
    return np.asarray(np.exp(plan.worth * (scores - NEUTRAL)) * accounts.growth_noise)


def _losses(
    plan: Plan, accounts: Accounts, people: People, traits: Flags, now: Answers, rest: tuple[NDArray[np.float32], Floats]
) -> tuple[Floats, Floats]:
    """Per issue: share of each account's revenue lost because of it, (accounts, issues), and outcome points per customer.

    Counterfactual: the same people and the same noise without the issue.
    """
    known = catalogue()
    latent, noise = rest
    before = account_scores(accounts, people, now.outcome)
    lost = np.zeros((len(accounts.names), len(known.issues)))
    points = np.zeros(len(known.issues))
    for issue in range(len(known.issues)):
        hit = np.flatnonzero(traits[:, issue])
        others = traits[hit].copy()
        others[:, issue] = False
        outcome = now.outcome.copy()
        outcome[hit] = answer(plan, latent[hit], others, noise[hit]).outcome
        points[issue] = float((outcome.astype(float) - now.outcome).mean())
        lost[:, issue] = np.exp(plan.worth * (account_scores(accounts, people, outcome) - before)) - 1
    return lost, points


def _lmg(waves: Sequence[Answers], most: int | None) -> Floats:
    """Exact LMG share of each driver over the complete answers of everybody (of the first `most` people), summing to 1."""
    table = np.concatenate([np.column_stack([wave.outcome[:most], wave.ratings[:most]]) for wave in waves])
    shares = lmg(np.cov(table, rowvar=False))
    return np.asarray(shares / shares.sum())


def _ols(waves: Sequence[Answers]) -> Floats:
    """Least-squares slopes of the outcome on all ratings, over the complete answers of everybody."""
    covariance = np.cov(np.concatenate([np.column_stack([wave.outcome, wave.ratings]) for wave in waves]), rowvar=False)
    return np.asarray(np.linalg.solve(covariance[1:, 1:], covariance[1:, 0]))


def _luck(accounts: Accounts, people: People, rng: np.random.Generator) -> NDArray[np.float32]:
    """A number in 0 to 1 per person and issue: below the prevalence, the person meets the issue.

    Stratified: in each block of people who decide on like revenue, the numbers are spread evenly, so that an issue's share of
    revenue is near its share of people and its planned cost comes out.
    """
    deciders = np.bincount(people.account, weights=people.key, minlength=len(accounts.names))
    order = np.argsort(np.where(people.key, (accounts.revenue / deciders)[people.account], 0.0), kind="stable")
    count, block = len(order), 48
    blocks = np.arange(count) // block
    sizes = np.bincount(blocks)[blocks]
    starts = blocks * block
    made = np.empty((count, len(catalogue().issues)), dtype=np.float32)
    for issue in range(made.shape[1]):
        ranked = np.lexsort((rng.random(count), blocks))
        place = np.empty(count)
        place[ranked] = np.arange(count) - starts
        made[order, issue] = (place + rng.random(count)) / sizes
    return made


def _population(seed: int, scale: Scale) -> tuple[Accounts, People]:
    rng = np.random.default_rng([seed, 2])
    count = scale.accounts
    contacts = 1 + rng.poisson(scale.contacts - 1, count)
    first = np.concatenate([[0], np.cumsum(contacts)])
    country = rng.choice(5, count, p=[0.34, 0.28, 0.16, 0.13, 0.09])
    names, domains, sectors, cities = _named(country, rng)
    revenue = 38_000 * np.exp(0.6 * rng.standard_normal(count)) * (contacts / 4) ** 0.3
    noise = np.exp(REVENUE_NOISE * rng.standard_normal(count) - REVENUE_NOISE**2 / 2)
    opened = rng.integers(0, 5000, count)
    since = [date.fromordinal(FIRST_DAY.toordinal() - 400 - int(each)) for each in opened]
    accounts = Accounts(
        names=names,
        domains=domains,
        sectors=sectors,
        country=country,
        cities=cities,
        staff=np.rint(np.exp(rng.normal(4.2, 1.1, count))).astype(np.int64) + contacts,
        since=since,
        owner=rng.integers(0, 1_000_000, count),
        switchboard=rng.permutation(count),
        style=rng.integers(0, 4, count),
        first=first,
        invited=days(date(2025, 5, 19)) + rng.integers(0, 18, count),
        revenue=revenue,
        growth_noise=noise,
    )
    return accounts, _people(accounts, rng)


def _people(accounts: Accounts, rng: np.random.Generator) -> People:
    sizes = np.diff(accounts.first)
    account = np.repeat(np.arange(len(sizes)), sizes)
    count = len(account)
    country = np.where(rng.random(count) < 0.9, accounts.country[account], rng.integers(0, 5, count))
    first_name = _FIRST_AT[country] + (rng.random(count) ** 1.4 * np.diff(_FIRST_AT)[country]).astype(np.int64)
    last_name = _LAST_AT[country] + (rng.random(count) ** 1.4 * np.diff(_LAST_AT)[country]).astype(np.int64)
    maiden = np.where(rng.random(count) < 0.03, _LAST_AT[country] + rng.integers(0, 24, count), last_name)
    # Namesakes in one account get a number in their address.
    name = (account * len(FIRST) + first_name) * len(LAST) + last_name
    _, inverse = np.unique(name, return_inverse=True)
    order = np.lexsort((np.arange(count), inverse))
    starts = np.r_[0, np.flatnonzero(np.diff(inverse[order])) + 1]
    twin = np.empty(count, dtype=np.int64)
    twin[order] = np.arange(count) - np.repeat(starts, np.diff(np.r_[starts, count]))
    key = rng.random(count) < 0.55
    key[accounts.first[:-1]] = True
    roles = [line.split("|") for line in sections("names.txt")["role"]]
    leading = np.array([index for index, role in enumerate(roles) if role[1] == "1"])
    serving = np.array([index for index, role in enumerate(roles) if role[1] == "0"])
    role = np.where(key, rng.choice(leading, count), rng.choice(serving, count))
    in_crm = (rng.random(count) < 0.92) | key
    in_shop = (rng.random(count) < 0.55) | ~in_crm
    phone = np.where(rng.random(count) < 0.85, rng.permutation(count), -1)
    return People(account, first_name, last_name, maiden, twin, key, role, phone, in_crm, in_shop)


def _named(country: Ints, rng: np.random.Generator) -> tuple[list[str], list[str], list[str], list[str]]:
    """Names, domains, sectors and cities of accounts; names and domains are unique."""
    places, kinds = words("place"), [line.split("|") for line in sections("names.txt")["kind"]]
    cities = [words(f"city {each}") for each in COUNTRIES]
    count = len(country)
    draws = zip(
        country.tolist(),
        rng.integers(0, len(places), count).tolist(),
        rng.integers(0, len(kinds), count).tolist(),
        rng.random(count).tolist(),
        strict=True,
    )
    forms = ("Ltd", "GmbH", "SARL", "BV", "Ltd")
    taken: dict[str, int] = {}
    made: tuple[list[str], list[str], list[str], list[str]] = ([], [], [], [])
    for land, place, kind, chance in draws:
        city = cities[land][int(chance * len(cities[land]))]
        sector, what = kinds[kind]
        name = f"{places[place]} {what}"
        if name in taken:
            name = f"{name} {city}"
        again = taken.get(name, 0)
        taken[name] = again + 1
        numbered = f"{name} {again + 1}" if again else name
        taken.setdefault(numbered, 1)
        form = f" {forms[land]}" if sector in ("industry", "laboratory", "research") and chance * 10 % 1 < 0.6 else ""
        for column, value in zip(made, (numbered + form, f"{ascii_slug(numbered)}.{DOMAINS[land]}", sector, city), strict=True):
            column.append(value)
    return made


def _seller(seed: int, scale: Scale) -> Seller:
    rng = np.random.default_rng([seed, 3])
    names = sections("names.txt")["seller"]
    name = names[(seed - 1) % len(names)]
    growth_of_staff = (scale.accounts / 600) ** 0.35
    domain = ascii_slug(name).replace("-", "") + ".com"
    employees: list[tuple[str, str, str, str, str, float]] = []
    taken: set[str] = set()
    for group in catalogue().groups:
        for place in range(max(4, round(group.people * growth_of_staff))):
            while True:
                country = int(rng.choice(5, p=[0.5, 0.2, 0.1, 0.1, 0.1]))
                first = FIRST[int(rng.integers(_FIRST_AT[country], _FIRST_AT[country + 1]))]
                last = LAST[int(rng.integers(_LAST_AT[country], _LAST_AT[country + 1]))]
                email = f"{ascii_slug(first)}.{ascii_slug(last)}@{domain}"
                if email not in taken:
                    break
            taken.add(email)
            role = f"Head of {group.name}" if place == 0 else ("Specialist" if place % 3 else "Senior specialist")
            cost = round(group.hour_cost * (1.5 if place == 0 else float(rng.uniform(0.9, 1.1))), 2)
            employees.append((f"E{len(employees) + 1:03d}", f"{first} {last}", email, group.name, role, cost))
    return Seller(name, tuple(employees))
