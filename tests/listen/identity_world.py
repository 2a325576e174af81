"""A made-up world of customers whose duplicates, shared mailboxes, switchboards and junk phones are known, as mapped sources."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from vitalfew.engine import Engine
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company, Source
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES


def mapped(engine: Engine, index: int, name: str, table: str, rows: Iterable[Mapping[str, Any]], **spaces: str) -> Mapped:
    """One source with these rows, mapped; `spaces` may name person_of, account_of, order_of. Columns beginning `seg:` are cuts."""
    listed = list(rows)
    schema = TABLES[table].schema
    columns = {field.name: pa.array([row.get(field.name) for row in listed], field.type) for field in schema}
    if "source" in columns:
        columns["source"] = pa.array([name] * len(listed), pa.string())
    for each in IDENTITY_COLUMNS:
        columns[f"_{each}"] = pa.array([row.get(f"_{each}") for row in listed], pa.string())
    for each in ("person_of", "account_of", "order_of"):
        columns[f"_{each}"] = pa.array([spaces.get(each, "")] * len(listed), pa.string())
    columns["_line"] = pa.array(range(2, len(listed) + 2), pa.int64())
    columns["_path"] = pa.array([f"{name}.csv"] * len(listed), pa.string())
    for cut in sorted({each for row in listed for each in row if each.startswith("seg:")}):
        columns[cut] = pa.array([row.get(cut) for row in listed], pa.string())
    source = Source.model_validate({"name": name, "table": table, "path": f"{name}.csv"})
    return Mapped(source, index, engine.table(pa.table(columns)))


def company(**settings: Any) -> Company:
    """Settings with nothing in them but a name."""
    return Company.model_validate({"company": {"name": "Acme", "time_zone": "Europe/Paris", **settings}})


GIVEN = ["Anna", "Marco", "Julie", "Pierre", "Hans", "Greta", "Sofia", "Luis", "Elena", "Paul", "Claire", "Hugo", "Laura", "Jonas", "Nina", "Felix", "Irene", "Oscar", "Marta", "Victor", "Alice", "Bruno", "Celine", "David", "Emma", "Fabio", "Giulia", "Henri", "Ines", "Jan", "Karin", "Leo", "Maria", "Nora", "Olivier", "Petra", "Quentin", "Rosa", "Stefan", "Tessa", "Ugo", "Vera", "Willem", "Xenia", "Yves", "Zoe", "Robert", "William", "Katherine", "Thomas"]  # fmt: skip
FAMILY = ["Rossi", "Bianchi", "Martin", "Bernard", "Dubois", "Schmidt", "Müller", "Weber", "Fischer", "Garcia", "Lopez", "Silva", "Santos", "Jansen", "Visser", "Moreau", "Laurent", "Simon", "Michel", "Lefebvre", "Ricci", "Marino", "Greco", "Conti", "Costa", "Ferrari", "Esposito", "Romano", "Colombo", "Keller", "Hoffmann", "Wagner", "Becker", "Schulz", "Koch", "Richter", "Klein", "Wolf", "Neumann", "Braun", "Zimmermann", "Hartmann", "Lange", "Krause", "Meier", "Lehmann", "Kaiser", "Fuchs", "Vogel", "Peters", "Novak", "Svoboda", "Dvorak", "Kowalski"]  # fmt: skip
NICK = {"Robert": "Bob", "William": "Bill", "Katherine": "Kate", "Thomas": "Tom"}


class World:
    """People in accounts, and their records in four systems; `truth` says whose each (source, key) is."""

    def __init__(self, seed: int, people: int = 1000, accounts: int = 150) -> None:
        self.random = random.Random(seed)
        self.truth: dict[tuple[str, str], str] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("crm", "billing", "tickets", "survey", "firms")}
        self.mails: set[str] = set()
        self.accounts = [f"Firm {chr(65 + i % 26)}{i:03d}" for i in range(accounts)]
        self.switchboard = {name: self._phone() for name in self.accounts}
        for name in self.accounts:
            self.rows["firms"].append({"account": name, "name": f"{name} SAS", "domain": self._domain(name), "country": "France"})
        for number in range(people):
            self._person(number)
        for rows in self.rows.values():
            self.random.shuffle(rows)

    def _domain(self, account: str) -> str:
        return account.lower().replace(" ", "") + ".fr"

    def _phone(self) -> str:
        return f"06{self.random.randint(0, 99999999):08d}"

    def _person(self, number: int) -> None:
        chance = self.random.random
        given, family = self.random.choice(GIVEN), self.random.choice(FAMILY)
        account = self.random.choice(self.accounts)
        mail = f"{given}.{family}{number if chance() < 0.5 else ''}@{self._domain(account)}".lower().replace("ü", "ue")
        if mail in self.mails:
            mail = f"{given}{number}@{self._domain(account)}".lower()
        self.mails.add(mail)
        phone = self._phone()
        me = f"p{number}"
        facts = {"name": f"{given} {family}", "mail": mail, "phone": phone, "account": account, "given": given, "family": family}
        self._record("crm", f"c{number}", me, facts, keep_mail=0.92)
        if chance() < 0.15:
            self._record("crm", f"d{number}", me, facts, keep_mail=0.75)
        if chance() < 0.5:
            self._record("billing", f"b{number}", me, facts, keep_mail=0.8)
        for visit in range(self.random.randint(0, 2)):
            self._record("tickets", f"t{number}-{visit}", me, facts, keep_mail=0.97)
        if chance() < 0.4:
            key = f"s{number}"
            self.truth["survey", key] = me
            self.rows["survey"].append({"key": key, "response": key, "person": f"c{number}", "question": "recommend", "value": 8.0})

    def _record(self, source: str, key: str, me: str, facts: Mapping[str, str], keep_mail: float) -> None:
        chance = self.random.random
        name = facts["name"]
        if chance() < 0.1:
            name = f"{facts['family'].upper()}, {facts['given']}"
        elif chance() < 0.1:
            name = f"{NICK.get(facts['given'], facts['given'][0] + '.')} {facts['family']}"
        elif chance() < 0.08:
            cut = self.random.randrange(1, len(facts["family"]) - 1)
            name = f"{facts['given']} {facts['family'][:cut]}{facts['family'][cut + 1 :]}"
        mail: str | None = facts["mail"]
        if chance() > keep_mail:
            mail = None
        elif chance() < 0.1:
            mail = f"{self.random.choice(('info', 'sales', 'contact'))}@{self._domain(facts['account'])}"
        elif chance() < 0.1:
            mail = (mail or "").upper()
        elif chance() < 0.05:
            mail = (mail or "").replace("@", "+shop@")
        phone: str | None = facts["phone"]
        draw = chance()
        if draw < 0.2:
            phone = self.switchboard[facts["account"]]
        elif draw < 0.3:
            phone = self.random.choice(("0000000000", "0612345678", "+33 6 99 99 99 98"))
        elif draw < 0.45:
            phone = None
        elif draw < 0.6:
            phone = "+33 " + phone[1:]
        row: dict[str, Any] = {"_name": name, "_email": mail, "_phone": phone}
        seen = datetime(2026, 1, 1) + timedelta(hours=self.random.randint(0, 3000))
        if source in ("crm", "billing"):
            row |= {"person": key, "account": facts["account"], "first_seen": seen}
        else:
            row |= {"key": key, "at": seen, "_company": facts["account"] if chance() < 0.6 else None}
        self.rows[source].append(row)
        self.truth[source, key] = me

    def sources(self, engine: Engine, order: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list) -> Sequence[Mapped]:
        """The five sources; `order` may rearrange the rows of each."""
        tables = {"crm": "people", "billing": "people", "tickets": "interactions", "survey": "responses", "firms": "accounts"}
        return [
            mapped(engine, index, name, table, order(self.rows[name]), person_of="crm" if name == "survey" else "")
            for index, (name, table) in enumerate(tables.items())
        ]


def pairwise_quality(found: Mapping[tuple[str, str], str | None], truth: Mapping[tuple[str, str], str]) -> tuple[float, float]:
    """Precision and recall over pairs of records."""

    def pairs(groups: Iterable[Any]) -> int:
        counts: dict[Any, int] = {}
        for each in groups:
            counts[each] = counts.get(each, 0) + 1
        return sum(n * (n - 1) // 2 for n in counts.values())

    keys = sorted(truth)
    answer = {key: found.get(key) or f"alone {key}" for key in keys}
    both = pairs((answer[key], truth[key]) for key in keys)
    return both / max(pairs(answer.values()), 1), both / max(pairs(truth[key] for key in keys), 1)
