"""Made-up companies whose records in three systems are known: legal forms, abbreviations, groups with daughters in several countries,
office buildings and switchboards that unlike companies share."""

from __future__ import annotations

import random
from typing import Any

FIRST = ["Alder", "Bexley", "Corvin", "Dorset", "Elmar", "Falk", "Garland", "Hadley", "Iverson", "Jarrow", "Kestrel", "Lorne", "Marlow", "Norden", "Orrin", "Pellworm", "Quill", "Rowan", "Selby", "Tarn", "Ulmer", "Varden", "Wexford", "Yarrow", "Zander", "Brandt", "Cassel", "Drake", "Everett", "Finch"]  # fmt: skip
SECOND = ["Logistics", "Foods", "Instruments", "Textiles", "Pharma", "Energy", "Robotics", "Printing", "Ceramics", "Optics", "Marine", "Software", "Plastics", "Furniture", "Metals", "Seeds"]  # fmt: skip
SHORT = {"Logistics": "Log.", "Instruments": "Instr.", "Pharma": "Pharmaceuticals", "Software": "SW", "Furniture": "Furn."}
COUNTRIES = {
    "Germany": ("GmbH", "de", "+49 30 {:08d}", "Lindenallee", "Berlin"),
    "France": ("SAS", "fr", "+33 1 4{:07d}", "rue des Tilleuls", "Paris"),
    "Italy": ("S.p.A.", "it", "+39 06 {:08d}", "via dei Tigli", "Roma"),
    "Netherlands": ("B.V.", "nl", "+31 20 {:07d}", "Lindelaan", "Amsterdam"),
    "Finland": ("Oy", "fi", "+358 9 {:07d}", "Lehmuskatu", "Helsinki"),
}


class CompanyWorld:
    """`rows` by source, as rows of accounts; `truth` says which company each (source, key) is."""

    def __init__(self, seed: int, companies: int = 240) -> None:
        self.random = random.Random(seed)
        self.rows: dict[str, list[dict[str, Any]]] = {"crm": [], "erp": [], "fairs": []}
        self.truth: dict[tuple[str, str], str] = {}
        self.buildings = [("Hafenstrasse 1", f"{n:05d}", "Berlin") for n in range(20100, 20110)]
        names = [f"{first} {second}" for first in FIRST for second in SECOND]
        self.random.shuffle(names)
        for name in names[:companies]:
            here = self.random.choice(sorted(COUNTRIES))
            # One in five is a group: a mother and daughters of the same name abroad.
            abroad = self.random.sample(sorted(set(COUNTRIES) - {here}), 2) if self.random.random() < 0.2 else []
            self._company(name, here, name, "", group=bool(abroad))
            for country in abroad:
                self._company(name, country, f"{name} {country}", name, group=True)
        for rows in self.rows.values():
            self.random.shuffle(rows)

    def _company(self, name: str, country: str, known_as: str, parent: str, group: bool) -> None:
        chance, form = self.random.random, COUNTRIES[country][0]
        ending, number, street, city = COUNTRIES[country][1:]
        phone = number.format(self.random.randrange(1_000_000, 9_999_999))
        road, code, town = self.random.choice(self.buildings) if chance() < 0.1 else (
            f"{street} {self.random.randrange(1, 200)}", f"{self.random.randrange(10000, 99999)}", city
        )  # fmt: skip
        site = name.lower().replace(" ", "-") + (".com" if group else f".{ending}")
        where = {"_street": road, "_postcode": code, "_city": town}
        me = f"{name}/{country}"
        crm = {"name": known_as, "_phone": phone, "country": country, "parent": parent or None, **where}
        self._row("crm", me, crm | ({"domain": site} if chance() < 0.6 else {}))
        legal = f"{name} {form}"
        told = {"name": legal if chance() < 0.8 else legal.upper(), **(where if chance() < 0.7 else {})}
        if chance() < 0.7:
            self._row("erp", me, told | ({"_phone": phone.replace(" ", "")} if chance() < 0.8 else {"country": country}))
        first, second = name.split(" ")
        if chance() < 0.4:
            # As somebody typed it at a fair: cut short, misspelt, or with the second word first.
            slip = first[:-1] + first[-1] * 2
            typed = self.random.choice([f"{first} {SHORT.get(second, second)}", f"{slip} {second}", f"{second} {first}", name])
            self._row("fairs", me, {"name": typed, "_phone": phone} | (where if chance() < 0.3 else {}))

    def _row(self, source: str, me: str, row: dict[str, Any]) -> None:
        key = f"{source[0]}{len(self.rows[source])}"
        self.truth[source, key] = me
        self.rows[source].append({"account": key, **row})
