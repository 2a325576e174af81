"""From a folder of exports to the text of a company.toml that runs as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitalfew.faults import Fault, Refused
from vitalfew.listen.files import FileFault
from vitalfew.listen.proposing.finding import LeftOut, exports
from vitalfew.listen.proposing.profile import look
from vitalfew.listen.proposing.proposals import Draft, draft, understand
from vitalfew.listen.proposing.roles import excel
from vitalfew.listen.proposing.writing import Opening, written
from vitalfew.listen.sources import FileFaults
from vitalfew.settings import slug

__all__ = ["Found", "LeftOut", "Proposed", "propose"]

DATED = {"responses": ("at",), "orders": ("at",), "interactions": ("at",), "deals": ("at", "closed_at")}
"""Where a run finds the latest day."""
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Found:
    """What one source is proposed to be."""

    path: str
    source: str
    seen: str
    columns: int
    table: str
    confidence: float
    layout: str
    mapped: int
    questions: int


@dataclass(frozen=True)
class Proposed:
    """A company.toml as text, what was found, what was left out, and the questions asked in it by their lines."""

    text: str
    found: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]
    asks: tuple[tuple[int, str], ...]


def propose(folder: Path, report: Report = lambda _text, _done, _total: None) -> Proposed:
    """Look at the exports in `folder` and in `folder`/exports and propose company.toml. Writes nothing there.

    Raises Refused when nothing remains that can be read as a table of the vocabulary.
    """
    groups, left = exports(folder)
    drafts: list[Draft] = []
    names: set[str] = set()
    with TemporaryDirectory() as working:
        for number, files in enumerate(groups, 1):
            report(f"looking at {files.paths[0]}", number, len(groups))
            try:
                profile = look(files.files, Path(working))
            except FileFault as fault:
                left.append(LeftOut(files.paths[0], f"{fault.what}; {fault.mend}"))
                continue
            except FileFaults as several:
                left.append(LeftOut(files.paths[0], str(several)))
                continue
            made = draft(source_name(files.stem, names), files, profile)
            if isinstance(made, str):
                left.append(LeftOut(", ".join(files.paths), made))
                continue
            names.add(made.name)
            drafts.append(made)
    if not drafts:
        raise Refused(_nothing(folder, left))
    # People and accounts first, as a reader of the file wants to know who before what.
    order = ("accounts", "people", "employees", "orders", "order_lines", "contracts", "deals", "interactions", "relations")
    drafts.sort(key=lambda each: order.index(each.table) if each.table in order else len(order))
    report("finding whose keys are whose", len(groups), len(groups))
    understand(drafts)
    text = written(_opening(folder, drafts), drafts, left)
    asks = [
        (number, line.partition("# ASK: ")[2]) for number, line in enumerate(text.splitlines(), 1) if line.startswith("# ASK: ")
    ]
    found = tuple(_found(each) for each in drafts)
    return Proposed(text, found, tuple(left), tuple(asks))


def _nothing(folder: Path, left: Sequence[LeftOut]) -> list[Fault]:
    if not left:
        mend = "put csv, tsv, jsonl, parquet or xlsx files there, or in its folder exports"
        return [Fault(str(folder), 1, "there are no exports in it", mend)]
    return [Fault(each.file, 1, f"left out: {each.reason}", "nothing remains to propose anything from") for each in left]


def source_name(stem: str, taken: Collection[str]) -> str:
    """A name for the source of files called `stem`, none of those `taken`."""
    plain = slug(stem).replace("-", "_")
    plain = re.sub(r"_(dataset|export|data)$", "", plain)
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}_{number}", number + 1
    return name


def _found(each: Draft) -> Found:
    layout = each.layout.name if each.layout else ""
    asked = len(each.survey.questions) if each.survey else 0
    mapped = sum(line.active for line in each.columns)
    path = ", ".join(each.files.paths)
    return Found(path, each.name, each.profile.seen, len(each.profile.columns), each.table, each.confidence, layout, mapped, asked)


def _opening(folder: Path, drafts: Sequence[Draft]) -> Opening:
    """What the exports say of the company: its currency, its time zone, whether its times need one."""
    codes: list[str] = []
    for each in drafts:
        for column in each.profile.columns:
            if re.search(r"currency|waehrung|währung", column.name.casefold()):
                codes += [value.upper() for value in column.values if re.fullmatch(r"[A-Za-z]{3}", value)]
            if column.kind == "money" and column.symbol:
                codes.append(column.symbol)
            found = re.search(r"\b(eur|usd|gbp|chf|brl|sek|pln|cad|aud)\b", column.name.replace("_", " ").casefold())
            if found and column.kind in ("whole", "number"):
                codes.append(found.group(1).upper())
    currency = max(sorted(set(codes)), key=codes.count, default="")
    zones = [zone for each in drafts if (zone := each.zone) and _known(zone)]
    clocked = [
        column.name
        for each in drafts
        for column in each.profile.columns
        if column.kind == "time"
        and column.clocked
        and not column.zoned
        and f'"{column.name}' in "".join(line.value for line in each.columns)
    ]
    name = folder.resolve().name.replace("_", " ").replace("-", " ").strip() or "Company"
    return Opening(name[:1].upper() + name[1:], currency, zones[0] if zones else "", len(clocked), _day(drafts))


def _day(drafts: Sequence[Draft]) -> date | None:
    """The day the newest export was written, when no table that a run takes its day from has a date."""
    dated = False
    for each in drafts:
        active = {line.key for line in each.columns if line.active}
        for role in DATED.get(each.table, ()):
            filled = each.fit.of(role)
            column = each.profile.column(filled.column) if filled and role in active else None
            dated = dated or (column is not None and (column.kind == "time" or excel(column)))
    written = (file.path.stat().st_mtime for each in drafts for file in each.files.files)
    return None if dated else datetime.fromtimestamp(max(written), UTC).date()


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
