"""Every kind of malformed export has its verdict: loaded, refused record by record, or refused as a file with a plain sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from exports import company, read

from bad_files import CORPUS
from bad_files.cases import Case
from vitalfew.engine import DuckEngine
from vitalfew.faults import Refused

PROGRAM = Path(sys.executable).with_name("vitalfew")


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_every_kind_of_file_has_its_verdict(case: Case, tmp_path: Path, shared_engine: DuckEngine) -> None:
    (tmp_path / case.file).write_bytes(case.data)
    settings = company(case.source, company={"time_zone": case.zone})
    if case.fault:
        with pytest.raises(Refused) as refused:
            read(shared_engine, tmp_path, settings)
        assert case.fault in str(refused.value)
        assert all(fault.mend for fault in refused.value.faults)
        return
    found = read(shared_engine, tmp_path, settings)
    told = found.sources[0]
    if case.source["table"] == "orders":
        assert tuple(record["key"] for record in found.records) == case.loaded
    expected = [*case.refused, *case.values]
    assert sorted((line, column) for line, column, _ in found.refused) == sorted((line, column) for line, column, _ in expected)
    for line, column, part in expected:
        reason = next(why for at, name, why in found.refused if (at, name) == (line, column))
        assert part in reason
        assert ";" in reason or "repeated: same" in reason, "a reason also says how to mend it"
    for key, values in case.holds.items():
        for column, value in values.items():
            assert found.by_key(column)[key] == value
    assert told["rows_loaded"] == len(case.loaded)
    assert told["rows_quarantined"] == len({line for line, _, _ in case.refused})
    assert told["rows_read"] == told["rows_loaded"] + told["rows_quarantined"]
    if case.remark:
        assert any(case.remark in remark["remark"] for remark in found.remarks), found.remarks


def test_the_corpus_is_long_enough_and_no_file_stands_in_it_twice() -> None:
    names = [case.name for case in CORPUS]
    files = {(case.data, case.file, str(case.settings), case.zone) for case in CORPUS}
    assert len(set(names)) == len(names) == len(files) >= 150


REFUSED = [case for case in CORPUS if case.fault]
# What only shows once the records themselves are read; `vitalfew check` reads the columns.
MIDWAY = ("parquet with a page that was changed", "parquet without its beginning", "a line of ten million characters")


def test_check_and_run_tell_the_faults_of_all_files_at_once(tmp_path: Path) -> None:
    lines = ['[company]\nname = "Test"\nas_of = 2026-06-30\n']
    known = [case for case in REFUSED if case.name not in MIDWAY]
    for number, case in enumerate(known):
        source = dict(case.source)
        folder = tmp_path / f"file-{number}"
        folder.mkdir()
        (folder / case.file).write_bytes(case.data)
        source |= {"name": f"file {number}", "path": f"file-{number}/{source['path']}"}
        lines.append("[[source]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in source.items()))
    (tmp_path / "company.toml").write_text("".join(lines), encoding="utf-8")
    for command in ("check", "run"):
        done = subprocess.run([PROGRAM, command, tmp_path], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        told = done.stderr.splitlines()
        assert told[-1] == f"{len(told) - 1} faults; nothing was changed."
        for number, case in enumerate(known):
            assert any((f"file-{number}/" in line or f"'file {number}'" in line) and case.fault in line for line in told), case.name
        assert not (tmp_path / "strategy").exists()


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
