"""Lookups at the moment of touch over a million made-up people, beside what a user would do: a query over the tables of the run.

`python benchmarks/who.py [people]`; stops within three minutes. Contacts are made in normal form, so that no run is needed.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# What makes the people is loaded where they are made: the process that asks shall hold no more than a lookup needs.
from vitalfew.who import weights
from vitalfew.who.book import Book
from vitalfew.who.comparing import question
from vitalfew.who.deciding import decide
from vitalfew.who.layout import Index

PEOPLE, LOOKUPS, SLOW = 1_000_000, 10_000, 200
Asked = dict[str, str]


def tables(people: int, folder: Path) -> dict[str, Path]:
    """Tables contacts, people, accounts and identities of made-up people: one contact each, a third has a second one."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from contacts import _names, _skewed
    from vitalfew.vocabulary import arrow_table

    draw = np.random.default_rng(1)
    given, family = _names(draw, 700, 2), _names(draw, 6000, 3)
    first, last = given[_skewed(draw, len(given), people)], family[_skewed(draw, len(family), people)]
    firms = max(people // 20, 1)
    firm, number = draw.integers(firms, size=people), np.arange(people).astype(str).astype(object)
    ids = np.array([f"person:{each:012x}" for each in range(people)], dtype=object)
    account = np.array([f"account:firm-{each:06d}" for each in range(firms)], dtype=object)
    tag = np.where(draw.random(people) < 0.5, number, "")
    email = (
        first
        + "."
        + last
        + tag
        + "@"
        + np.where(draw.random(people) < 0.3, "gmail.com", "firm" + firm.astype(str).astype(object) + ".fr")
    )
    phone = np.array([f"+336{value:08d}" for value in draw.permutation(100_000_000)[:people]], dtype=object)
    born = np.array(
        [f"{year}{month:02d}{day:02d}" for year, month, day in draw.integers((1940, 1, 1), (2006, 13, 29), size=(people, 3))]
    )
    second = draw.random(people) < 0.33
    rows = np.sort(np.r_[np.arange(people), np.flatnonzero(second)])
    name = first + " " + last
    made = {
        "contact": np.arange(len(rows)),
        "person": ids[rows],
        "account": account[firm[rows]],
        "source": np.full(len(rows), "crm", dtype=object),
        "key": np.array([f"k{each}" for each in range(len(rows))], dtype=object),
        "records": np.ones(len(rows), dtype=np.int64),
        "name": name[rows],
        "words": name[rows],
        "email": email[rows],
        "phone": phone[rows],
        "born": born[rows].astype(object),
        "postcode": np.array([f"{each:05d}" for each in draw.integers(99_999, size=people)], dtype=object)[rows],
    }
    made["mailbox"] = np.array(
        [f"{one.partition('@')[0].replace('.', '')}@gmail.com" if one.endswith("@gmail.com") else one for one in made["email"]]
    )
    told = {
        "person": ids,
        "account": account[firm],
        "name": name,
        "email": email,
        "phone": phone,
        "records": np.ones(people, dtype=np.int64),
    }
    firms_told = {
        "account": account,
        "name": np.array([f"Firm {each}" for each in range(firms)]),
        "domain": np.array([f"firm{each}.fr" for each in range(firms)]),
    }
    keys = {
        "source": made["source"],
        "key": made["key"],
        "person": made["person"],
        "table": np.full(len(rows), "people", dtype=object),
    }
    found = {}
    for table, columns in (("contacts", made), ("people", told), ("accounts", firms_told), ("identities", keys)):
        found[table] = folder / f"{table}.parquet"
        pq.write_table(
            arrow_table(table, {each: pa.array(values) for each, values in columns.items()}), found[table], compression="zstd"
        )
    return found


def lookups(paths: dict[str, Path], count: int) -> list[Asked]:
    """What callers say: .4 an address, .15 a name and a birthday, .15 a phone number, .2 a slip in address or name, .1 nobody."""
    import numpy as np
    import pyarrow.parquet as pq

    draw = np.random.default_rng(2)
    contacts = pq.read_table(paths["contacts"], columns=["name", "email", "phone", "born"])
    found: list[Asked] = []
    for row, chance in zip(
        contacts.take(draw.integers(contacts.num_rows, size=count)).to_pylist(), draw.random(count), strict=True
    ):
        local, _, domain = row["email"].partition("@")
        place = int(draw.integers(2, len(local) - 1))
        slipped = f"{local[:place]}{local[place + 1 :]}@{domain}"
        if chance < 0.4:
            found.append({"email": row["email"].upper(), "name": row["name"]} if chance < 0.2 else {"email": row["email"]})
        elif chance < 0.55:
            found.append({"name": row["name"], "born": row["born"]})
        elif chance < 0.7:
            found.append({"phone": "0" + row["phone"][3:]})
        elif chance < 0.9:
            found.append(
                {"email": slipped, "name": row["name"]}
                if chance < 0.8
                else {"name": row["name"][:3] + row["name"][4:], "born": row["born"]}
            )
        else:
            found.append({"email": f"{local}x{place}@nowhere.net", "name": f"Zq{place} Nobody{place}"})
    return found


def timed(asked: Sequence[Asked], answer: Callable[[Asked], object]) -> tuple[float, float, int]:
    """The median and the 99th percentile of the time of an answer, in milliseconds, and how many named somebody."""
    spent, named = [], 0
    for each in asked:
        begun = time.perf_counter()
        named += bool(answer(each))
        spent.append((time.perf_counter() - begun) * 1000)
    spent.sort()
    return spent[len(spent) // 2], spent[int(len(spent) * 0.99)], named


def duck(paths: dict[str, Path], asked: Sequence[Asked]) -> tuple[float, float, int]:
    """DuckDB over the Parquet table people: equal e-mail, else equal phone, else equal name."""
    import duckdb

    connection = duckdb.connect()

    def answer(each: Asked) -> object:
        phone = "+33" + each["phone"][1:] if "phone" in each else None
        sql = f"SELECT * FROM '{paths['people']}' WHERE email = ? OR phone = ? OR (? IS NULL AND name = ?)"
        email = each.get("email", "").lower() or None
        return connection.execute(sql, [email, phone, email, each.get("name")]).fetchall()

    return timed(asked, answer)


def lite(paths: dict[str, Path], folder: Path, asked: Sequence[Asked]) -> tuple[float, float, int, float, float]:
    """SQLite with an index for each of e-mail, phone and name; and the seconds to fill it, and its size in MB."""
    import pyarrow.parquet as pq

    begun = time.perf_counter()
    file = folder / "people.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE people (person, account, name, email, phone)")
    table = pq.read_table(paths["people"], columns=["person", "account", "name", "email", "phone"])
    for batch in table.to_batches(100_000):
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?)", zip(*(each.to_pylist() for each in batch.columns), strict=True)
        )
    for each in ("email", "phone", "name"):
        connection.execute(f"CREATE INDEX by_{each} ON people ({each})")
    connection.commit()
    seconds = time.perf_counter() - begun

    def answer(each: Asked) -> object:
        email, phone = each.get("email", "").lower(), "+33" + each["phone"][1:] if "phone" in each else ""
        for column, value in (("email", email), ("phone", phone), ("name", each.get("name", "") if not email else "")):
            if value and (rows := connection.execute(f"SELECT * FROM people WHERE {column} = ? LIMIT 200", [value]).fetchall()):
                return rows
        return []

    return *timed(asked, answer), seconds, file.stat().st_size / 1e6


def asking(path: str, lookups_file: str) -> None:
    """A process of its own, as a server has one: answers, and prints p50, p99, sure answers and its memory in MB."""
    asked: list[Asked] = json.loads(Path(lookups_file).read_text())
    begun = time.perf_counter()
    index = Index(Path(path))
    book, learnt = Book(index), weights.read(index.meta["weights"])
    opened = (time.perf_counter() - begun) * 1000
    middle, late, named = timed(asked, lambda each: decide(book, learnt, question("FR", **each)).person)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    print(middle, late, named, opened, int(peak.group(1)) / 1024 if peak else 0.0)


def main(people: int) -> None:
    """Make the people, build the index, ask; then the peers."""
    from table import write
    from vitalfew.engine import DuckEngine
    from vitalfew.who.building import About, build

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = tables(people, folder)
        asked = lookups(paths, LOOKUPS)
        (folder / "asked.json").write_text(json.dumps(asked))
        engine = DuckEngine(folder)
        begun = time.perf_counter()
        build(engine, paths, About("FR", "Europe/Paris", "EUR", "fr", None), folder / "who.index")
        seconds = time.perf_counter() - begun
        engine.close()
        size = (folder / "who.index").stat().st_size / 1e6
        command = [sys.executable, __file__, "--ask", str(folder / "who.index"), str(folder / "asked.json")]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.split()
        middle, late, named, opened, memory = map(float, told)
        one = duck(paths, asked[:SLOW])
        two = lite(paths, folder, asked)
    rows = [
        ["vitalfew who, index mapped", f"{middle:.2f}", f"{late:.2f}", f"{named / LOOKUPS:.2f}", f"{seconds:.0f}", f"{size:,.0f}"],
        ["SQLite, three indexes", f"{two[0]:.2f}", f"{two[1]:.2f}", f"{two[2] / LOOKUPS:.2f}", f"{two[3]:.0f}", f"{two[4]:,.0f}"],
        ["DuckDB over Parquet", f"{one[0]:.2f}", f"{one[1]:.2f}", f"{one[2] / SLOW:.2f}", "0", "0"],
    ]
    write(
        "who",
        ["lookup", "p50 ms", "p99 ms", "share answered", "s to build", "MB on disk"],
        rows,
        f"{LOOKUPS:,} lookups over {people:,} people (DuckDB: {SLOW}): addresses, numbers, names with birthdays,\n"
        f"a fifth with a slip, a tenth of nobody. The peers find equal values only, and do not say which of several.\n"
        f"Opened in {opened:.1f} ms; the process that asks holds {memory:,.0f} MB, mapped pages too. Aims: p50 1 ms, p99 20 ms.",
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        asking(*sys.argv[2:4])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
