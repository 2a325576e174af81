"""Published sets of records with slips, as people of one source with nothing set: for the tests and the benchmark of identity."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vitalfew.engine import Context
from vitalfew.listen.mapped import Mapped
from vitalfew.settings import Company, Source
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES

Row = dict[str, Any]
Rows = tuple[list[Row], list[str]]


def fake_1000(folder: Path) -> Rows:
    """A thousand made-up people of the Splink project."""
    listed = _csv(folder / "fake_1000.csv")
    rows = [
        {"name": f"{row['first_name']} {row['surname']}", "born": row["dob"], "city": row["city"], "email": row["email"]}
        for row in listed
    ]
    return rows, [row["cluster"] for row in listed]


def febrl3(folder: Path) -> Rows:
    """Five thousand records with up to five copies each, of the Febrl project."""
    listed = _csv(folder / "febrl3.csv")
    rows = [
        {
            "name": f"{row['given_name']} {row['surname']}",
            "born": row["date_of_birth"],
            "street": f"{row['street_number']} {row['address_1']}",
            "city": row["suburb"],
            "postcode": row["postcode"],
            "national_id": row["soc_sec_id"],
        }
        for row in listed
    ]
    return rows, [row["rec_id"].split("-")[1] for row in listed]


def historical(folder: Path) -> Rows:
    """Fifty thousand records of historical persons with slips, of the Splink project."""
    listed = pq.read_table(folder / "historical_figures_with_errors_50k.parquet").to_pylist()
    columns = {"name": "first_and_surname", "born": "dob", "city": "birth_place", "postcode": "postcode_fake", "role": "occupation"}
    return [{name: row[column] for name, column in columns.items()} for row in listed], [row["cluster"] for row in listed]


READ: Mapping[str, Callable[[Path], Rows]] = {"fake_1000": fake_1000, "febrl3": febrl3, "historical 50k": historical}


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(file)]


def as_people(rows: list[Row], context: Context) -> tuple[list[Mapped], Company]:
    """The rows as a mapped source of people, whose keys are their numbers in six digits, and a company that sets nothing."""
    columns = {field.name: pa.nulls(len(rows), field.type) for field in TABLES["people"].schema}
    columns |= {f"_{name}": pa.array([row.get(name) or None for row in rows], pa.string()) for name in IDENTITY_COLUMNS}
    columns |= {f"_{name}": pa.array([""] * len(rows), pa.string()) for name in ("person_of", "account_of", "order_of")}
    columns["role"] = pa.array([row.get("role") or None for row in rows], pa.string())
    columns["person"] = pa.array([f"{number:06d}" for number in range(len(rows))], pa.string())
    columns |= {"_line": pa.array(range(2, len(rows) + 2), pa.int64()), "_path": pa.array(["people.csv"] * len(rows), pa.string())}
    source = Source.model_validate({"name": "crm", "table": "people", "path": "people.csv"})
    return [Mapped(source, 0, context.engine.table(pa.table(columns)))], Company.model_validate({"company": {"name": "Acme"}})
