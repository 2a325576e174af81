"""Who is who on published sets and on made-up contacts, beside Splink: F1 over pairs, seconds and memory, in one run.

Ours has nothing set. Splink has the settings of its own documentation's example for each set (comparisons, blocking rules, rules
and recall of the first guess, training rules; on fake_1000 more blocking, which serves it better), and for the contacts those its
documentation would lead to, all written below; its clusters are taken at .95. Each is a process of its own.
`python benchmarks/published_identity.py [SHARED]`, where SHARED is the folder that holds identity/ (see tests/real).
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from contacts import made
from identity import measure
from table import peak_memory, write

SHARED = Path(os.environ.get("VITALFEW_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
THRESHOLD = 0.95
SETS = ("fake_1000", "febrl3", "historical 50k", "contacts 20k", "contacts 200k")
LONGEST = 900
NOTE = """Ours: nothing set. Splink: the comparisons and training of its documentation's example for the set, on fake_1000 with more
blocking than there, which serves it better; for the contacts its ready comparisons of name, e-mail, telephone number and company,
blocking by the first three. Its clusters are taken at .95. Pairs of records are counted within clusters. Aims: F1 .93 on
fake_1000, .997 on febrl3, .84 on the historical set; precision .98 and recall .90 on contacts."""


def read(name: str, shared: Path) -> tuple[pa.Table, list[str]]:
    """A set as published, with whose each record is."""
    if name.startswith("contacts"):
        found = made(int(name.split()[1].removesuffix("k")) * 1000, 2)
        return found.table.append_column("unique_id", found.table["key"]), [str(each) for each in found.person]
    folder = shared / "identity"
    if name == "historical 50k":
        table = pq.read_table(folder / "historical_figures_with_errors_50k.parquet")
        return table, table["cluster"].to_pylist()
    text = pa.csv.ConvertOptions(strings_can_be_null=True)
    names = (folder / f"{name}.csv").open(encoding="utf-8").readline()
    text.column_types = {each.rstrip("\n"): pa.string() for each in names.split(",")}
    table = pa.csv.read_csv(folder / f"{name}.csv", convert_options=text)
    table = table.rename_columns([each.strip() for each in table.column_names])
    stripped = {each: [(value or "").strip() or None for value in table[each].to_pylist()] for each in table.column_names}
    table = pa.table({each: pa.array(values, pa.string()) for each, values in stripped.items()})
    if name == "febrl3":
        return table, [each.split("-")[1] for each in stripped["rec_id"]]
    return table, stripped["cluster"]


def quality(groups: Sequence[str], truth: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of records."""

    def pairs(codes: Sequence[str]) -> int:
        counts = np.unique(np.array(codes), return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    both = pairs([f"{one}\x1f{other}" for one, other in zip(groups, truth, strict=True)])
    precision, recall = both / max(pairs(groups), 1), both / pairs(truth)
    return precision, recall, 2 * precision * recall / (precision + recall)


def ours(name: str, shared: Path) -> tuple[Sequence[str], Sequence[str], float]:
    """Clusters, truth and seconds of ours, as one source of people; nothing is set."""
    from vitalfew.engine import Context, DuckEngine
    from vitalfew.listen import identity

    sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / "real")]
    from published_sets import READ, as_people

    rows, truth = READ[name](shared / "identity")
    with TemporaryDirectory() as working:
        engine = DuckEngine(Path(working))
        context = Context(engine, date(2026, 6, 30), 1, Path(working), Path(working))
        sources, company = as_people(rows, context)
        begun = time.perf_counter()
        found = identity.resolve(sources, company, context).tables["identities"]
        answer = engine.collect(found.select("key", "person")).to_pylist()
        seconds = time.perf_counter() - begun
        engine.close()
    person_of = {row["key"]: row["person"] for row in answer}
    return [person_of.get(f"{number:06d}") or f"alone {number}" for number in range(len(rows))], truth, seconds


# --- Splink, as its documentation sets it ---------------------------------------------------------------------------------------


def _settings(name: str) -> Mapping[str, Any]:
    """Splink's settings for a set: columns compared, blocking rules, rules of the first guess, its recall, training rules."""
    import splink.comparison_library as cl
    from splink import block_on

    def frequent(column: str) -> Any:
        return cl.ExactMatch(column).configure(term_frequency_adjustments=True)

    same: Callable[..., str] = lambda *names: " and ".join(f"l.{each} = r.{each}" for each in names)  # noqa: E731
    if name == "fake_1000":
        return {
            "comparisons": [
                cl.NameComparison("first_name"),
                cl.NameComparison("surname"),
                cl.DateOfBirthComparison("dob", input_is_string=True),
                frequent("city"),
                cl.EmailComparison("email"),
            ],
            "blocking": [block_on(each) for each in ("first_name", "surname", "dob", "email")],
            "guess": [same("first_name", "surname", "dob"), "l.email = r.email"],
            "recall": 0.7,
            "training": [block_on("first_name", "surname"), block_on("dob"), block_on("email")],
        }
    if name == "febrl3":
        return {
            "id": "rec_id",
            "comparisons": [
                cl.NameComparison("given_name"),
                cl.NameComparison("surname"),
                cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
                cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
                frequent("street_number"),
                frequent("postcode"),
            ],
            "blocking": [
                block_on("soc_sec_id"),
                block_on("given_name", "surname"),
                block_on("given_name", "date_of_birth"),
                block_on("surname", "date_of_birth"),
                block_on("given_name", "postcode"),
                block_on("surname", "postcode"),
                block_on("date_of_birth", "postcode"),
            ],
            "guess": ["l.soc_sec_id = r.soc_sec_id", same("given_name", "surname", "date_of_birth"), same("surname", "postcode")],
            "recall": 0.9,
            "training": [block_on("date_of_birth"), block_on("postcode")],
        }
    if name == "historical 50k":
        return {
            "comparisons": [
                cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="both_names"),
                cl.DateOfBirthComparison("dob", input_is_string=True),
                cl.PostcodeComparison("postcode_fake"),
                frequent("birth_place"),
                frequent("occupation"),
            ],
            "blocking": [
                block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
                block_on("surname", "dob"),
                block_on("first_name", "dob"),
                block_on("postcode_fake", "first_name"),
                block_on("postcode_fake", "surname"),
                block_on("dob", "birth_place"),
                block_on("substr(postcode_fake,1,3)", "dob"),
                block_on("substr(postcode_fake,1,3)", "first_name"),
                block_on("substr(postcode_fake,1,3)", "surname"),
                block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
            ],
            "guess": [
                same("first_name", "surname", "dob"),
                "substr(l.first_name,1,2) = substr(r.first_name,1,2) and l.surname = r.surname and "
                "substr(l.postcode_fake,1,2) = substr(r.postcode_fake,1,2)",
                same("dob", "postcode_fake"),
            ],
            "recall": 0.6,
            "training": [block_on("first_name", "surname"), block_on("dob")],
        }
    return {
        "comparisons": [cl.NameComparison("name"), cl.EmailComparison("email"), frequent("phone"), frequent("account")],
        "blocking": [block_on("email"), block_on("phone"), block_on("name")],
        "guess": [same("name", "email"), same("name", "phone")],
        "recall": 0.6,
        "training": [block_on("email"), block_on("name")],
    }


def by_splink(name: str, shared: Path) -> tuple[Sequence[str], Sequence[str], float]:
    """Clusters, truth and seconds of Splink."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator

    logging.getLogger("splink").setLevel(logging.ERROR)
    table, truth = read(name, shared)
    said = _settings(name)
    key = said.get("id", "unique_id")
    if name == "historical 50k":
        both = [
            f"{one or ''} {other or ''}".strip() or None
            for one, other in zip(table["first_name"].to_pylist(), table["surname"].to_pylist(), strict=True)
        ]
        table = table.append_column("both_names", pa.array(both, pa.string()))
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=key,
        comparisons=said["comparisons"],
        blocking_rules_to_generate_predictions=said["blocking"],
    )
    begun = time.perf_counter()
    api = DuckDBAPI(connection=duckdb.connect())
    linker = Linker(api.register(table), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(said["guess"], recall=said["recall"])
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=7)
    for rule in said["training"]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    scored = linker.inference.predict(threshold_match_probability=0.2)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, THRESHOLD).as_pandas_dataframe()
    seconds = time.perf_counter() - begun
    found = dict(zip(clusters[key].astype(str), clusters["cluster_id"].astype(str), strict=True))
    return [found[str(each)] for each in table[key].to_pylist()], truth, seconds


# --- both, in processes of their own ----------------------------------------------------------------------------------------------


def one(method: str, name: str, shared: Path) -> list[str]:
    """One row: seconds, MB, precision, recall, F1."""
    if method == "Vital Few" and name.startswith("contacts"):
        measured = measure(int(name.split()[1].removesuffix("k")) * 1000, 2)
        return measured[2:7]
    groups, truth, seconds = (ours if method == "Vital Few" else by_splink)(name, shared)
    return [f"{seconds:.1f}", f"{peak_memory():,.0f}", *(f"{each:.3f}" for each in quality(groups, truth))]


def main(shared: Path) -> None:
    """Measure both on every set and write the table."""
    rows = []
    for name in SETS:
        for method in ("Vital Few", "Splink"):
            command = [sys.executable, "-W", "ignore", __file__, "--one", method, name, str(shared)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST)
                told = done.stdout.strip().splitlines()[-1].split("|")
            except subprocess.TimeoutExpired:
                told = [f"more than {LONGEST}", *["-"] * 4]
            except subprocess.CalledProcessError as failed:
                raise SystemExit(failed.stderr) from failed
            print(name, method, told, file=sys.stderr, flush=True)
            rows.append([name, method, *told])
    write("identity on published sets", ("set", "method", "s", "MB", "precision", "recall", "F1"), rows, NOTE)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print("|".join(one(sys.argv[2], sys.argv[3], Path(sys.argv[4]))))
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else SHARED)
