"""The exports: each source written as its system would, with what is true about every record noted beside."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vitalfew.demo import bad
from vitalfew.demo.catalogue import AS_OF, FIRST_DAY, catalogue, sections
from vitalfew.demo.events import CHANNELS, STATUS, Orders, Tickets, products
from vitalfew.demo.files import Row, Spoilt, Table, wanted_bad, write_workbook
from vitalfew.demo.identities import Identities, rolls
from vitalfew.demo.speech import ROW, Speaker, Voice
from vitalfew.demo.world import COUNTRY_NAMES, World, days

CHUNK = 50_000
START = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day)
WAVES = (("survey_2025", date(2025, 5, 19)), ("survey_2026", date(2026, 5, 18)))
ANSWERING, COMMENTING, TELLING, SECOND = 0.96, 0.55, 0.9, 0.3
"""Share of key contacts of accounts taking part who answer; of respondents who write; of those affected who name their worst
trouble; of these who name the next as well."""


@dataclass
class Ledger:
    """What is true about the records: whose they are, and what their comments are about.

    When only a sample is kept, it is every record of each `every`th person, so that links within persons stay complete.
    """

    every: int = 1
    people: dict[str, str] = field(default_factory=dict)
    themes: dict[str, str] = field(default_factory=dict)
    responses: dict[str, int] = field(default_factory=dict)

    def record(self, source: str, key: str, who: int, identities: Identities) -> None:
        """A record is this person's."""
        if who % self.every == 0:
            self.people[f"{source}#{key}"] = identities.person(who)

    def said(self, source: str, key: str, who: int, about: str) -> None:
        """The comment of a record is about an issue, or praise, or other."""
        if who % self.every == 0:
            self.themes[f"{source}#{key}"] = about


@dataclass
class Export:
    """Everything the writers share."""

    folder: Path
    world: World
    identities: Identities
    ledger: Ledger
    spoilt: Spoilt
    voice: Voice
    progress: Callable[[str], None]

    def path(self, name: str) -> Path:
        """A file of the exports."""
        return self.folder / "exports" / name

    def speaker(self, who: int) -> Speaker:
        """A person as a writer of remarks."""
        known, identities = self._known, self.identities
        me = identities.first(who) if who % 3 else identities.name(who)
        phone = identities.phone(who) or identities.switchboard(who)
        us = self.world.accounts.names[identities.account[who]]
        start = who * 7 % len(known)
        return Speaker(me, us, identities.email(who), phone, identities.country(who), known[start : start + 3] or known[:3])

    def __post_init__(self) -> None:
        self._known: list[str] = []
        for employee in self.world.seller.employees:
            first, _, last = employee[1].partition(" ")
            self._known += [first, f"Mr {last}" if len(self._known) % 4 else f"{first} {last}"]


def shop_user(who: int) -> str:
    """Number of a person's user in the web shop."""
    return f"U{100_000 + who}"


def contact(who: int) -> str:
    """Number of a person's contact in the CRM."""
    return f"C{who + 1:07d}"


def account(position: int) -> str:
    """Number of an account in the CRM."""
    return f"A{position + 1:06d}"


def _chunks(count: int, size: int = CHUNK) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(count, start + size))


def _moment(at: float) -> datetime:
    return START + timedelta(seconds=round(at * 86400))


def crm_accounts(out: Export) -> None:
    """crm_accounts.csv: one row per account, UTF-8, commas."""
    accounts, managers = out.world.accounts, out.world.seller.of("Account Management")
    rows: list[Row] = []
    for position, name in enumerate(accounts.names):
        owner = managers[int(accounts.owner[position]) % len(managers)]
        land = COUNTRY_NAMES[int(accounts.country[position])]
        web = f"https://www.{accounts.domains[position]}" if position % 4 == 0 else accounts.domains[position]
        rows.append(
            [
                account(position),
                name,
                web,
                accounts.sectors[position],
                land,
                accounts.cities[position],
                int(accounts.staff[position]),
                accounts.since[position].isoformat(),
                owner[0],
            ]
        )
    header = ["account_no", "name", "website", "sector", "country", "city", "staff", "customer_since", "account_manager"]
    with Table(out.path("crm_accounts.csv"), header) as table:
        table.write(out.spoilt.into("crm_accounts", rows, bad.ACCOUNTS, wanted_bad(len(rows))))


def crm_contacts(out: Export) -> None:
    """crm_contacts.csv: one row per contact the CRM knows, some twice; cp1252, semicolons, day.month.year."""
    people, identities = out.world.people, out.identities
    rng = np.random.default_rng([out.world.seed, 11])
    roles = [line.split("|")[0] for line in sections("names.txt")["role"]]
    header = ["Contact No", "Account No", "First name", "Last name", "E-mail", "Phone", "Job title", "Key contact", "Created"]
    total = len(people.account)
    with Table(out.path("crm_contacts.csv"), header, ";", "cp1252") as table:
        for chunk in _chunks(total):
            rows: list[Row] = []
            for who, roll in zip(chunk, rolls(rng, len(chunk), 6), strict=True):
                if not people.in_crm[who]:
                    continue
                email = (
                    identities.email(who) if roll[0] < 0.955 else "" if roll[0] < 0.98 else identities.shared_email(who, roll[1])
                )
                since = out.world.accounts.since[identities.account[who]] + timedelta(days=int(roll[2] * 380))
                row = [contact(who), account(identities.account[who]), identities.first(who), identities.last(who), email]
                row += [identities.spelt_phone(who, roll[3]), roles[int(people.role[who])], "yes" if people.key[who] else "no"]
                row.append(since.strftime("%d.%m.%Y"))
                rows.append(row)
                out.ledger.record("crm_contacts", contact(who), who, identities)
                if roll[4] < 0.025:
                    again = f"D{who + 1:07d}"
                    first = identities.first(who) if roll[5] < 0.7 else f"{identities.first(who)[0]}."
                    other = identities.email(who, maiden=True).upper() if roll[5] < 0.6 else ""
                    rows.append([again, row[1], first, row[3], other, identities.phone(who), row[6], "no", row[8]])
                    out.ledger.record("crm_contacts", again, who, identities)
            table.write(out.spoilt.into("crm_contacts", rows, bad.CONTACTS, wanted_bad(total) if chunk.start == 0 else 0))


def webshop_users(out: Export) -> None:
    """webshop_users.jsonl: the same people again as they registered themselves; some of them are known only here."""
    people, identities = out.world.people, out.identities
    rng = np.random.default_rng([out.world.seed, 12])
    total = len(people.account)
    keys = ("user_id", "full_name", "email", "phone", "company", "registered", "newsletter")
    path = out.path("webshop_users.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in _chunks(total):
            rows: list[Row] = []
            for who, roll in zip(chunk, rolls(rng, len(chunk), 6), strict=True):
                if not people.in_shop[who]:
                    continue
                private = roll[0] < 0.08
                email = identities.private_email(who) if private else identities.spelt_email(who, roll[1], "shop")
                day = FIRST_DAY - timedelta(days=int(roll[2] * 900))
                row = [shop_user(who), identities.spelt_name(who, roll[3]), email, identities.spelt_phone(who, roll[4])]
                rows.append([*row, identities.company(who, roll[5]), day.isoformat(), roll[5] < 0.4])
                out.ledger.record("webshop_users", shop_user(who), who, identities)
            spoilt = out.spoilt.into("webshop_users", rows, bad.USERS, wanted_bad(total) if chunk.start == 0 else 0)
            for row in spoilt:
                # A spoiled line stands alone in its row, as text.
                file.write((row[0] if len(row) == 1 else json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False)) + "\n")


def helpdesk(out: Export, made: Tickets) -> None:
    """helpdesk_tickets.csv.gz: one row per ticket, requester as the agent or the mail system noted it."""
    known = catalogue()
    rng = np.random.default_rng([out.world.seed, 13])
    employees = out.world.seller.employees
    total = len(made.person)
    header = [
        "ticket",
        "opened",
        "closed",
        "requester",
        "requester_email",
        "requester_phone",
        "company",
        "channel",
        "category",
        "team",
    ]
    header += ["agent", "first_reply_hours", "handling_minutes", "extra_cost", "message"]
    with Table(out.path("helpdesk_tickets.csv.gz"), header) as table:
        for chunk in _chunks(total):
            out.progress(f"tickets {chunk.start:,} of {total:,}")
            part = slice(chunk.start, chunk.stop)
            columns = (made.person, made.issue, made.group, made.tagged, made.at, made.closed, made.channel, made.employee)
            lists = [column[part].tolist() for column in columns]
            amounts = [column[part].tolist() for column in (made.reply_hours, made.minutes, made.direct)]
            rows: list[Row] = []
            drawn = zip(rolls(rng, len(chunk), 6), rolls(rng, len(chunk), ROW), strict=True)
            for position, (roll, words) in zip(range(len(chunk)), drawn, strict=True):
                who, issue, group, tagged, at, closed, channel, employee = (column[position] for column in lists)
                key = f"T{chunk.start + position + 1:07d}"
                team, speaker = known.groups[group].name, out.speaker(who)
                if issue >= 0:
                    text = out.voice.ticket(issue, speaker, words)
                    topic = known.issues[issue].topic if tagged else f"{team} - other"
                else:
                    text, topic = out.voice.request(team, speaker, words), f"{team} - question"
                requester = _requester(out, who, key, CHANNELS[channel], roll)
                shown = [_moment(at).isoformat(" "), _closed(closed)]
                amount = [column[position] for column in amounts]
                rows.append(
                    [
                        key,
                        *shown,
                        *requester,
                        CHANNELS[channel],
                        topic,
                        team,
                        employees[employee][0],
                        amount[0],
                        int(amount[1]),
                        amount[2] or "",
                        text,
                    ]
                )
                out.ledger.said("helpdesk", key, who, known.issues[issue].name if issue >= 0 else "other")
            table.write(out.spoilt.into("helpdesk", rows, bad.TICKETS, wanted_bad(total) if chunk.start == 0 else 0))


def _closed(at: float) -> str:
    return _moment(at).isoformat(" ") if at < days(AS_OF) + 1 else ""


def _requester(out: Export, who: int, key: str, channel: str, roll: list[float]) -> list[str]:
    """Requester, e-mail, phone and company of a ticket. Who writes from a shared mailbox without a name is nobody's to know."""
    identities = out.identities
    name = identities.spelt_name(who, roll[0]) if roll[0] < 0.95 else identities.first(who)
    company = identities.company(who, roll[3])
    shared = channel != "phone" and roll[1] < 0.06
    if shared and roll[2] < 0.15:
        return ["", identities.shared_email(who, roll[4]), "", company]
    out.ledger.record("helpdesk", key, who, identities)
    if channel == "phone":
        return [name, identities.email(who) if roll[2] < 0.55 else "", identities.spelt_phone(who, roll[1]), company]
    if shared:
        return [identities.name(who), identities.shared_email(who, roll[4]), "", company]
    phone = identities.spelt_phone(who, roll[5]) if roll[2] < 0.3 else ""
    return [
        "" if roll[0] > 0.97 else name,
        identities.spelt_email(who, roll[4], "service"),
        phone,
        company if roll[3] < 0.8 else "",
    ]


def orders(out: Export, made: Orders) -> None:
    """orders/orders_YYYY_Qn.csv.gz: one file a quarter; the buyer's contact number, or only an address when it came by the shop."""
    people, identities, goods = out.world.people, out.identities, products()
    rng = np.random.default_rng([out.world.seed, 14])
    header = ["order_no", "ordered", "account_no", "contact_no", "buyer_email", "product", "amount", "promised_for", "delivered_on"]
    header += ["state", "channel"]
    total, start = len(made.at), 0
    for first, last in _quarters():
        end = int(np.searchsorted(made.at, days(last) + 1))
        name = f"orders_{first.year}_Q{(first.month + 2) // 3}.csv.gz"
        out.progress(f"orders of {first.year} Q{(first.month + 2) // 3}")
        with Table(out.path(f"orders/{name}"), header) as table:
            for chunk in _chunks(end - start):
                part = slice(start + chunk.start, start + chunk.stop)
                columns = (made.person, made.account, made.at, made.promised, made.delivered, made.amount, made.status, made.shop)
                lists = [column[part].tolist() for column in (*columns, made.product)]
                rows: list[Row] = []
                for position, roll in zip(range(len(chunk)), rolls(rng, len(chunk), 2), strict=True):
                    who, where, at, promised, delivered, amount, status, shop, product = (column[position] for column in lists)
                    key = f"O{start + chunk.start + position + 1:08d}"
                    listed = people.in_crm[who] and roll[0] < 0.95
                    email = identities.spelt_email(who, roll[1] * 0.93, "order") if shop or not listed else ""
                    arrived = "" if math.isnan(delivered) else _moment(delivered).date().isoformat()
                    rows.append(
                        [
                            key,
                            _moment(at).isoformat(" ", "minutes"),
                            account(where),
                            contact(who) if listed else "",
                            email,
                            goods[product],
                            f"{amount:.2f}",
                            _moment(promised).date().isoformat(),
                            arrived,
                            STATUS[status],
                            "web shop" if shop else "phone" if roll[1] < 0.4 else "email",
                        ]
                    )
                    out.ledger.record("orders", key, who, identities)
                table.write(out.spoilt.into("orders", rows, bad.ORDERS, 4 if chunk.start == 0 and total > 400 else 0))
        start = end


def _quarters() -> Iterator[tuple[date, date]]:
    year, quarter = 2024, 2
    while (year, quarter) <= (2026, 2):
        following = date(year + quarter // 4, quarter % 4 * 3 + 1, 1)
        yield date(year, quarter * 3 - 2, 1), following - timedelta(days=1)
        year, quarter = following.year, (following.month + 2) // 3


def surveys(out: Export) -> None:
    """survey_2025.csv and survey_2026.xlsx: the same questions under other headings, with other dates and other blanks."""
    known = catalogue()
    header = ["response_id", "submitted", "email", "name", "company", "Q1"]
    header += [each.old for each in known.drivers] + ["Q10_open"]
    rows = _answers(out, 0)
    with Table(out.path("survey_2025.csv"), header, encoding="utf-8-sig") as table:
        table.write(out.spoilt.into("survey_2025", rows, bad.SURVEY_OLD, wanted_bad(len(rows))))
    header = ["Ref", "Date", "Respondent e-mail", "Account no", "Recommend us? (0-10)"]
    header += [each.new for each in known.drivers] + ["One thing we should do better"]
    later = _answers(out, 1)
    notes = [["Relationship survey 2026"], ["Ratings: 1 very poor to 5 excellent, 6 does not apply. Recommend: 99 no answer."]]
    spoilt = out.spoilt.into("survey_2026", later, bad.SURVEY_NEW, wanted_bad(len(later)))
    write_workbook(out.path("survey_2026.xlsx"), {"Read me": notes, "Answers": [header, *spoilt]})


def _answers(out: Export, wave: int) -> list[Row]:
    """The rows of one wave. Key contacts of accounts that take part are asked; nearly all of them answer."""
    source = WAVES[wave][0]
    world, identities = out.world, out.identities
    rng = np.random.default_rng([world.seed, 15 + wave])
    answers = world.waves[wave]
    respondents, at = _respondents(world, wave, rng)
    skipping: list[float] = rolls(rng, 1, len(catalogue().drivers))[0]
    weights = _weights(world)
    rows: list[Row] = []
    count = len(respondents)
    drawn = zip(rolls(rng, count, 8), rolls(rng, count, ROW), rolls(rng, count, len(skipping)), strict=True)
    for number, (who, when, (roll, words, blank)) in enumerate(zip(respondents, at, drawn, strict=True), 1):
        key = f"{'R' if wave == 0 else 'W'}{number:06d}"
        ratings = [
            int(value) if skip >= 0.05 + 0.1 * share else _unanswered(wave, extra)
            for value, skip, share, extra in zip(answers.ratings[who].tolist(), blank, skipping, words[-10:], strict=True)
        ]
        outcome: Any = int(answers.outcome[who]) if roll[0] < 0.99 else 99
        text, about = _comment(out, who, roll, words, weights)
        if text:
            out.ledger.said(source, key, who, about)
        email = _respondent(out, source, key, who, roll)
        if wave == 0:
            named = [identities.spelt_name(who, roll[6]), identities.company(who, roll[7])] if email else ["", ""]
            rows.append([key, _moment(when).isoformat(" ", "minutes"), email, *named, outcome, *ratings, text])
        else:
            rows.append(
                [
                    key,
                    _moment(when).strftime("%d/%m/%Y %H:%M"),
                    email,
                    account(identities.account[who]) if email else "",
                    outcome,
                    *ratings,
                    text,
                ]
            )
    out.ledger.responses[source] = len(rows)
    return rows


def _respondents(world: World, wave: int, rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """Who answers a wave and when, in the order of time."""
    people = world.people
    part = rng.random(world.scale.accounts) < world.scale.taking_part
    asked = people.key & part[people.account] & (rng.random(len(people.account)) < ANSWERING)
    respondents = np.flatnonzero(asked)
    opening = world.accounts.invited + days(WAVES[wave][1]) - days(WAVES[0][1])
    day = opening[people.account[respondents]] + np.floor(rng.random(len(respondents)) ** 2 * 6)
    at = day + (7 + 12 * rng.beta(2, 2, len(respondents))) / 24
    order = np.argsort(at, kind="stable")
    return respondents[order].tolist(), at[order].tolist()


def _unanswered(wave: int, roll: float) -> Any:
    """A rating not given: a code that means so, or nothing."""
    return (99 if wave == 0 else 6) if roll < 0.6 else ""


def _respondent(out: Export, source: str, key: str, who: int, roll: list[float]) -> str:
    """The e-mail a respondent leaves; a few leave none and stay unknown."""
    if roll[4] < 0.02:
        return ""
    out.ledger.record(source, key, who, out.identities)
    return out.identities.spelt_email(who, roll[5], "survey")


def _weights(world: World) -> list[float]:
    """Outcome points each issue takes from somebody affected."""
    known = catalogue()
    effects = [world.plan.effects[known.driver_of(issue)] for issue in range(len(known.issues))]
    return [float(severity * effect) for severity, effect in zip(world.plan.severity, effects, strict=True)]


def _comment(out: Export, who: int, roll: list[float], words: list[float], weights: list[float]) -> tuple[str, str]:
    """What somebody answers to the open question, and what it is about."""
    if roll[1] >= COMMENTING:
        return "", ""
    met = sorted(np.flatnonzero(out.world.traits[who]).tolist(), key=lambda issue: -weights[issue])
    speaker = out.speaker(who)
    if met and roll[2] < TELLING:
        told = met[:2] if roll[3] < SECOND else met[:1]
        return out.voice.complaint(told, speaker, words), catalogue().issues[met[0]].name
    return out.voice.remark(speaker, words)


def employees(out: Export) -> None:
    """employees.csv: who works in which group."""
    rows: list[Row] = [[*each[:5], each[5]] for each in out.world.seller.employees]
    with Table(out.path("employees.csv"), ["id", "name", "email", "team", "role", "cost_per_hour"]) as table:
        table.write(out.spoilt.into("employees", rows, bad.EMPLOYEES, 2))


def competitors(out: Export) -> None:
    """competitors.csv: how buyers rate two or three rivals on each driver, from a double-blind study."""
    rng = np.random.default_rng([out.world.seed, 18])
    rivals = sections("names.txt")["rival"]
    chosen = [rivals[int(each)] for each in rng.permutation(len(rivals))[:3]]
    ours = out.world.waves[1].ratings.mean(axis=0)
    rows: list[Row] = []
    for rival in chosen:
        for driver, own in zip(catalogue().drivers, ours, strict=True):
            level = float(np.clip(own + rng.normal(0, 0.35), 1.5, 4.9))
            rows.append([f"K{len(rows) + 1:03d}", rival, driver.name, round(level, 2), int(rng.integers(60, 240))])
    with Table(out.path("competitors.csv"), ["id", "competitor", "factor", "mean_rating", "answers"]) as table:
        table.write(out.spoilt.into("competitors", rows, bad.COMPETITORS, 2))
