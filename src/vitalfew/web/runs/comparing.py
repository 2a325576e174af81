"""Two runs compared: what moved, whether chance alone could bring it, and why it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache

from vitalfew.engine.reader import Reader, Where
from vitalfew.runs import Run, Workspace
from vitalfew.web.runs.made_from import Origins, origins
from vitalfew.web.shell.access import READERS

if TYPE_CHECKING:
    from vitalfew.web.runs.difference import Difference

Row = dict[str, Any]
STATISTICS = ("nps", "mean", "top2", "rate")


@dataclass(frozen=True)
class Headline:
    """The outcome everything is judged by; `difference` is None when one of the runs has no such figure."""

    question: str
    label: str
    statistic: str
    difference: Difference | None


@dataclass(frozen=True)
class Moved:
    """A row of a table in both runs, one of them empty when it is new or gone.

    `kind` is new, gone, up, down, in or out; `beyond` says that each value lies outside the other's interval.
    """

    id: str
    name: str
    kind: str
    before: Row | None
    after: Row | None
    beyond: bool = True


@dataclass(frozen=True)
class SourceChange:
    """A source's rows in both runs; `changed` says that the bytes read are others."""

    source: str
    kind: str
    changed: bool
    before: Row | None
    after: Row | None

    @property
    def more(self) -> int:
        """Rows read more (or, below zero, fewer) than before."""
        return _whole(self.after, "rows_read") - _whole(self.before, "rows_read")

    @property
    def more_quarantined(self) -> int:
        """Rows refused more (or fewer) than before."""
        return _whole(self.after, "rows_quarantined") - _whole(self.before, "rows_quarantined")


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another."""

    before: str
    after: str
    headline: Headline | None
    drivers: tuple[Moved, ...]
    issues: tuple[Moved, ...]
    initiatives: tuple[Moved, ...]
    plan: tuple[Row | None, Row | None]
    sources: tuple[SourceChange, ...]
    origins: Origins

    @property
    def same(self) -> bool:
        """Whether nothing a reader would notice changed."""
        difference = self.headline.difference if self.headline else None
        moved = bool(difference and difference.value)
        changed = any(each.kind != "same" or each.changed for each in self.sources)
        return not (moved or self.drivers or self.issues or self.initiatives or changed)

    def of(self, kind: str) -> tuple[Moved, ...]:
        """The initiatives that came `in` or went `out`."""
        return tuple(each for each in self.initiatives if each.kind == kind)


def compare(before: Run, after: Run) -> Comparison:
    """Compare two finished runs of one company. Kept, since runs never change."""
    key = f"comparison-{before.id}-{after.id}"
    kept: Comparison | None = cache.get(key)
    if kept is None:
        old, new = (READERS.of(run.folder, run.paths()) for run in (before, after))
        kept = compared(before, old, after, new)
        cache.set(key, kept, 3600)
    return kept


def latest_change(workspace: Workspace) -> Comparison | None:
    """What the current run changed against the one that was current before; None without two runs."""
    after = workspace.current()
    before = workspace.previous(after) if after else None
    return compare(before, after) if before and after else None


def compared(before: Run, old: Reader, after: Run, new: Reader) -> Comparison:
    """Compare two runs, read through their readers."""
    outcome = _outcome(after, new)
    return Comparison(
        before=before.id,
        after=after.id,
        headline=_headline(outcome, before, old, after, new) if outcome else None,
        drivers=_drivers(outcome, old, new),
        issues=_issues(old, new),
        initiatives=_initiatives(old, new),
        plan=(next(iter(old.small("portfolio")), None), next(iter(new.small("portfolio")), None)),
        sources=_sources(old, new),
        origins=origins(before, after),
    )


def _outcome(run: Run, reader: Reader) -> str:
    """The outcome question of a run: as its settings say, else what its drivers explain."""
    from vitalfew.settings import Company  # noqa: PLC0415 - only where a comparison is made

    made_from = run.made_from()
    if made_from is not None:
        return Company.model_validate(made_from["settings"]).outcome
    counted = reader.counts("drivers", ["outcome"])
    return str(counted[0]["outcome"]) if counted else ""


def _label(run: Run, question: str) -> str:
    made_from = run.made_from()
    plain = question.replace("_", " ").capitalize()
    if made_from is None:
        return plain
    settings = made_from["settings"]
    every = [asked for source in settings["source"] for name, asked in source["questions"].items() if name == question]
    every += [asked for asked in settings["question"] if asked["name"] == question]
    return str(next((asked["label"] or asked["driver"] for asked in every if asked["label"] or asked["driver"]), plain))


def _headline(outcome: str, before: Run, old: Reader, after: Run, new: Reader) -> Headline | None:
    where = [Where("question", "=", outcome), Where("segment", "=", "all"), Where("period", "=", "all")]
    found = [{row["statistic"]: row for row in reader.rows("metrics", where)} for reader in (old, new)]
    statistic = next((each for each in STATISTICS if any(each in rows for rows in found)), None)
    if statistic is None:
        return None
    rows = [each.get(statistic) for each in found]
    difference = None
    # A figure that is withheld in one of the runs is withheld here as well.
    if all(row is not None and row["value"] is not None for row in rows):
        from vitalfew.web.runs.difference import answers, between  # noqa: PLC0415 - Arrow and NumPy only where they are needed

        paths = [run.paths()["responses"] for run in (before, after)]
        top = new.select("SELECT max(value) AS highest FROM {responses} WHERE question = ?", ["responses"], [outcome])
        difference = between(*(answers(path, outcome, statistic, top[0]["highest"] or 0.0) for path in paths))
    return Headline(outcome, _label(after, outcome), statistic, difference)


def _drivers(outcome: str, old: Reader, new: Reader) -> tuple[Moved, ...]:
    where = [Where("outcome", "=", outcome), Where("segment", "=", "all")]
    before, after = ({row["driver_id"]: row for row in reader.rows("drivers", where)} for reader in (old, new))
    found = []
    for each in dict.fromkeys([*after, *before]):
        was, now = before.get(each), after.get(each)
        name = str((now or was or {})["driver"])
        if was is None or now is None:
            found.append(Moved(each, name, "new" if was is None else "gone", was, now))
            continue
        beyond = _beyond(was, now, "share", "low", "high")
        if beyond or was["rank"] != now["rank"]:
            kind = "up" if (now["share"] or 0.0) >= (was["share"] or 0.0) else "down"
            found.append(Moved(each, name, kind, was, now, beyond))
    return tuple(found)


def _issues(old: Reader, new: Reader) -> tuple[Moved, ...]:
    before, after = ({row["issue"]: row for row in reader.small("issues")} for reader in (old, new))
    found = []
    for each in dict.fromkeys([*after, *before]):
        was, now = before.get(each), after.get(each)
        name = str((now or was or {})["name"])
        if was is None or now is None:
            found.append(Moved(each, name, "new" if was is None else "gone", was, now))
        elif was["value"] is not None and now["value"] is not None and _beyond(was, now, "value", "low", "high"):
            found.append(Moved(each, name, "up" if now["value"] > was["value"] else "down", was, now))
    order = {"new": 0, "gone": 1, "up": 2, "down": 3}
    return tuple(sorted(found, key=lambda each: (order[each.kind], -_worth(each), each.id)))


def _initiatives(old: Reader, new: Reader) -> tuple[Moved, ...]:
    before, after = ({row["initiative"]: row for row in reader.small("initiatives")} for reader in (old, new))
    found = []
    for each in dict.fromkeys([*after, *before]):
        was, now = before.get(each), after.get(each)
        in_before, in_after = bool(was and was["chosen"]), bool(now and now["chosen"])
        if in_before != in_after:
            found.append(Moved(each, str((now or was or {})["name"]), "in" if in_after else "out", was, now))
    return tuple(sorted(found, key=lambda each: (each.kind, -_worth(each), each.id)))


def _sources(old: Reader, new: Reader) -> tuple[SourceChange, ...]:
    before, after = ({row["source"]: row for row in reader.small("sources")} for reader in (old, new))
    found = []
    for each in dict.fromkeys([*after, *before]):
        was, now = before.get(each), after.get(each)
        kind = "new" if was is None else "gone" if now is None else "same"
        changed = was is None or now is None or was["sha256"] != now["sha256"]
        if was and now and any(was[name] != now[name] for name in ("rows_read", "rows_loaded", "rows_quarantined")):
            kind = "changed"
        found.append(SourceChange(each, kind, changed, was, now))
    return tuple(found)


def _beyond(was: Row, now: Row, value: str, low: str, high: str) -> bool:
    """Whether each value lies outside the other's interval; without an interval on either side, whether they differ."""
    if was[value] is None or now[value] is None:
        return bool(was[value] != now[value])
    if any(row[end] is None for row in (was, now) for end in (low, high)):
        return bool(was[value] != now[value])
    return not (was[low] <= now[value] <= was[high]) and not (now[low] <= was[value] <= now[high])


def _worth(moved: Moved) -> float:
    row = moved.after or moved.before or {}
    return float(row["value"] or 0.0)


def _whole(row: Row | None, name: str) -> int:
    return int(row[name] or 0) if row else 0
