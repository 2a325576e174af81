"""What goes wrong, found three ways: what customers say, promises that were broken, drivers that matter and are weak.

One trouble appears once: a broken promise takes in the theme in which customers speak of it, and a driver makes an issue of its own
only when neither a theme nor a promise stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vitalfew.engine import Tables
from vitalfew.evidence import Gap
from vitalfew.focus.matching import best_overlap
from vitalfew.settings import Company, slug
from vitalfew.vocabulary import NOT_ASSIGNED

LIFT = 2.0
"""A theme at least this much likelier where a promise was broken speaks of it, whatever language it is in."""


@dataclass(frozen=True)
class Found:
    """One trouble at one group, before it is counted and valued.

    `theme`, `promise`, `driver_id` are ids of what it was found by ('' without); `names` and `drivers` are what it may be called;
    `n_theme` and `n_promise` are the records behind its two routes to points; `shortfall` is how far a weak driver lies below the
    mean driver, in its own points, and `below` the middle of its scale.
    """

    name: str
    group: str
    driver: str = ""
    theme: str = ""
    promise: str = ""
    driver_id: str = ""
    question: str = ""
    outcome: str = ""
    quote: str = ""
    names: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    n_theme: int = 0
    n_promise: int = 0
    shortfall: float = 0.0
    below: float = 0.0


def find(tables: Tables, company: Company) -> tuple[list[Found], list[Gap]]:
    """Every trouble, with gaps for those no group owns."""
    draws = {row["claim"] for row in tables.rows(tables["draws"].select("claim").distinct())}
    drivers = sorted(
        (row for row in tables.rows(tables["drivers"].filter(tables["drivers"].segment == "all")) if row["share"] is not None),
        key=lambda row: (row["outcome"] != company.outcome, row["outcome"], row["rank"] or 0, row["driver"]),
    )
    drivers = [row for row in drivers if row["outcome"] == drivers[0]["outcome"]]
    themes = _complaints(tables.rows("themes"))
    promises = [row for row in tables.rows("promises") if row["segment"] == "all" and row["kept"] is not None and row["kept"] < 1]
    promises.sort(key=lambda row: str(row["promise"]))
    found, taken = _from_promises(promises, themes, drivers, company, draws)
    found += [_from_theme(row, drivers) for row in themes if row["theme"] not in taken]
    found += _from_drivers(drivers, found, company)
    return _named_once(found), _unowned(found)


def _complaints(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Themes of the finer level that are not praise; where sentiment is unknown, those whose mention goes with lower scores."""
    above = {row["parent"] for row in rows if row["parent"]}
    leaves = [row for row in rows if row["theme"] not in above]

    def complains(row: dict[str, Any]) -> bool:
        if row["sentiment"] in ("negative", "mixed"):
            return True
        return row["sentiment"] == "unknown" and row["drop_high"] is not None and row["drop_high"] < 0

    return sorted((row for row in leaves if complains(row)), key=lambda row: (-(row["n_comments"] or 0), row["theme"]))


def _from_promises(
    promises: Sequence[dict[str, Any]],
    themes: Sequence[dict[str, Any]],
    drivers: Sequence[dict[str, Any]],
    company: Company,
    draws: set[str],
) -> tuple[list[Found], set[str]]:
    """An issue for each broken promise, and the themes taken in."""
    settings = {promise.name: promise for promise in company.promise}
    taken: set[str] = set()
    found = []
    for row in promises:
        promise = settings.get(row["name"])
        perceived = [each for each in drivers if promise and promise.perceived and each["question"] == promise.perceived]
        names = [promise.issue if promise else "", row["name"], row["text"] or "", *(each["driver"] for each in perceived)]
        named = {slug(name) for name in (row["name"], *(each["driver"] for each in perceived))}
        theme = _spoken(names, named, [each for each in themes if each["theme"] not in taken])
        linked = (row["n_kept"] or 0) + (row["n_broken"] or 0) if row["promise"] in draws else 0
        if theme is not None:
            taken.add(theme["theme"])
        name = (promise.issue if promise else "") or (theme["name"] if theme else "") or f"Broken: {row['name']}"
        found.append(
            Found(
                name,
                row["group"] or (theme["group"] if theme else "") or NOT_ASSIGNED,
                driver=perceived[0]["driver"] if perceived else row["name"],
                theme=theme["theme"] if theme else "",
                promise=row["promise"],
                driver_id=perceived[0]["driver_id"] if perceived else "",
                outcome=row["outcome"] or (theme["outcome"] if theme else "") or "",
                quote=(theme["quote"] if theme else "") or "",
                names=tuple(each for each in (name, theme["name"] if theme else "", row["name"]) if each),
                drivers=(row["name"], *(each["driver"] for each in perceived)),
                n_theme=(theme["n_comments"] or 0) if theme else 0,
                n_promise=linked,
            )
        )
    return found, taken


def _spoken(names: Sequence[str], named: set[str], themes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The theme in which customers speak of a broken promise.

    Of the themes attributed to the promise or to the driver that shows it, the best fit in words; a theme of the very same name
    wherever it is attributed; without any word in common, the attributed theme that is at least LIFT times likelier there.
    """
    same = [row for row in themes if names[0] and slug(row["name"]) == slug(names[0])]
    if same:
        return same[0]
    own = [row for row in themes if row["driver"] and slug(row["driver"]) in named]
    scored = [(best_overlap(names, row["name"]), row) for row in own]
    fitting = [(score, row) for score, row in scored if score > 0]
    if fitting:
        return max(fitting, key=lambda each: each[0])[1]
    likely = [row for row in own if row["lift"] is not None and row["lift"] >= LIFT]
    return max(likely, key=lambda row: float(row["lift"])) if likely else None


def _from_theme(row: dict[str, Any], drivers: Sequence[dict[str, Any]]) -> Found:
    driver = next((each for each in drivers if row["driver"] and slug(each["driver"]) == slug(row["driver"])), None)
    return Found(
        row["name"],
        row["group"] or NOT_ASSIGNED,
        driver=row["driver"] or "",
        theme=row["theme"],
        driver_id=driver["driver_id"] if driver else "",
        outcome=row["outcome"] or "",
        quote=row["quote"] or "",
        names=(row["name"],),
        drivers=(row["driver"],) if row["driver"] else (),
        n_theme=row["n_comments"] or 0,
    )


def _from_drivers(drivers: Sequence[dict[str, Any]], found: Sequence[Found], company: Company) -> list[Found]:
    """Drivers with more than their part of the explained variance, and below the mean driver, that nothing else stands for.

    The mean driver is the mean performance, as a fraction of the scale, over the drivers of the outcome: raising a driver to it is
    within what the company is known to be able to do.
    """
    levels = {row["driver"]: level for row in drivers if (level := _level(row)) is not None}
    if not levels:
        return []
    mean_level = sum(levels.values()) / len(levels)
    spoken = {slug(name) for each in found for name in each.drivers}
    promised = {
        promise.perceived for promise in company.promise if promise.perceived and any(promise.name in f.drivers for f in found)
    }
    made = []
    for row in drivers:
        below = mean_level - levels.get(row["driver"], mean_level)
        weak = row["share"] > 1 / len(drivers) and below > 0 and (row["effect"] or 0) > 0
        if not weak or slug(row["driver"]) in spoken or row["question"] in promised:
            continue
        question = company.questions.get(row["question"])
        name = (question.issue if question else "") or f"Low {row['driver']}"
        low, high = row["scale_low"], row["scale_high"]
        made.append(
            Found(
                name,
                row["group"] or NOT_ASSIGNED,
                driver=row["driver"],
                driver_id=row["driver_id"],
                question=row["question"] or "",
                outcome=row["outcome"],
                names=(name, row["driver"]),
                drivers=(row["driver"],),
                shortfall=below * (high - low),
                below=(low + high) / 2,
            )
        )
    return made


def _level(row: dict[str, Any]) -> float | None:
    low, high, performance = row["scale_low"], row["scale_high"], row["performance"]
    if low is None or high is None or performance is None or high <= low:
        return None
    return float((performance - low) / (high - low))


def _named_once(found: Sequence[Found]) -> list[Found]:
    """The same troubles with names that are unique in their group, since names make ids."""
    seen: dict[tuple[str, str], int] = {}
    named = []
    for each in found:
        key = (slug(each.group), slug(each.name))
        seen[key] = seen.get(key, 0) + 1
        named.append(replace(each, name=f"{each.name} ({seen[key]})") if seen[key] > 1 else each)
    return named


def _unowned(found: Sequence[Found]) -> list[Gap]:
    unowned = [each.name for each in found if each.group == NOT_ASSIGNED]
    if not unowned:
        return []
    shown = ", ".join(unowned[:5]) + (f" and {len(unowned) - 5} more" if len(unowned) > 5 else "")
    return [
        Gap(
            "the work group that causes an issue",
            f"No work group owns {shown}.",
            "A group for the driver, promise or theme in company.toml (group = ... under the question, [[promise]] or [[theme]]).",
        )
    ]
