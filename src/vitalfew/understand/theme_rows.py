"""The rows of `themes` and `draws`, and the evidence of each theme, from what was found and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vitalfew.evidence import Step, claim_id, record_id, selection
from vitalfew.numerics.draws import interval
from vitalfew.settings import Company, Theme, slug
from vitalfew.understand import quotes, theme_names
from vitalfew.understand.corpus import Comments
from vitalfew.understand.mentions import Mentions, TextMentions
from vitalfew.understand.theme_effects import Effects, Floats, Places, Respondents, Said
from vitalfew.understand.theme_owners import Owner
from vitalfew.vocabulary import arrow_table

VITAL = 0.8
_MOST_TOP = 14
# Mentions nearest to a theme among which its two quotes are sought, and what a whole thought ends with.
_LOOKED = 200
_ENDS = tuple(".!?…;")


@dataclass(frozen=True)
class Tree:
    """The themes by number: 0 to fine - 1 found, then 'other', then those above. `parent` is -1 at the top; `given` is what the
    company wrote about a theme."""

    names: list[str]
    words: list[str]
    ids: list[str]
    fine: int
    parent: Places
    given: dict[int, Theme]

    @property
    def other(self) -> int:
        """The number of the theme of all the rest."""
        return self.fine


def grown(
    found: theme_names.Phrases,
    given: Mapping[int, Theme],
    sign: NDArray[np.int8],
    above: Places,
    nearness: theme_names.Nearness,
) -> Tree:
    """Names for fine themes, and for those above that hold more than one. The company's names go first, then the larger theme's.

    A theme above is called by its two largest: it is a shelf, and a phrase from its middle would name what nobody said.
    """
    fine = len(sign)
    taken = {"other", *(slug(theme.name) for theme in given.values())}
    names, words = [""] * fine, [""] * fine
    for theme in sorted(range(fine), key=lambda each: (each not in given, -int(found.sizes[each]), each)):
        if theme in given:
            own = theme_names.ranked(found, [theme], int(sign[theme]))
            names[theme], words[theme] = given[theme].name, theme_names.shown(found, own)
        else:
            names[theme], words[theme] = theme_names.told(found, [theme], int(sign[theme]), taken, nearness)
    names.append("Other")
    words.append("")
    parent = [-1] * (fine + 1)
    for top in sorted(set(above.tolist())):
        members = np.flatnonzero(above == top).tolist()
        if len(members) < 2:
            continue
        largest = sorted(members, key=lambda each: (-int(found.sizes[each]), each))
        name = theme_names.joint([names[each] for each in largest], taken)
        telling = theme_names.shown(found, theme_names.ranked(found, members, int(np.sign(sign[members].sum()))))
        for member in members:
            parent[member] = len(names)
        names.append(name)
        words.append(telling)
        parent.append(-1)
    ids = [claim_id("theme", name) for name in names]
    return Tree(names, words, ids, fine, np.array(parent, dtype=np.int64), dict(given))


def moods(said: Mentions, tree: Tree) -> list[str]:
    """The sentiment of each theme: what 60 % of its mentions of known sentiment are, 'mixed' without such, 'unknown' below
    20 % known."""
    found = []
    counts: dict[str, NDArray[np.int64]] = dict.fromkeys(("negative", "mixed", "positive", "unknown"), np.zeros(0, dtype=np.int64))
    above = tree.parent[said.theme]
    for name in counts:
        own = said.sentiment == name
        counts[name] = np.bincount(np.concatenate([said.theme[own], above[own & (above >= 0)]]), minlength=len(tree.names))
    for theme in range(len(tree.names)):
        negative, mixed, positive, unknown = (counts[name][theme] for name in ("negative", "mixed", "positive", "unknown"))
        known = negative + mixed + positive
        if theme == tree.other or known < 0.2 * (known + unknown) or known == 0:
            found.append("unknown")
        elif positive + mixed / 2 > 0.6 * known:
            found.append("positive")
        else:
            found.append("negative" if negative + mixed / 2 >= 0.6 * known else "mixed")
    return found


@dataclass(frozen=True)
class Material:
    """All that rows are made of, by number of theme."""

    company: Company
    comments: Comments
    tree: Tree
    texts: TextMentions
    said: Mentions
    pairs: Said
    by_response: Said
    respondents: Respondents
    moods: list[str]
    owners: dict[int, Owner]
    effects: Effects
    told: Said
    claims: dict[str, str]
    unit: Places

    @cached_property
    def by_mention(self) -> Places:
        """Rows of `said` in order of the text mention they repeat."""
        return np.argsort(self.said.of, kind="stable")

    @cached_property
    def by_mention_of(self) -> Places:
        """The text mention of each of `by_mention`."""
        return self.said.of[self.by_mention]

    @property
    def complaints(self) -> list[int]:
        """Fine themes that points are lost to."""
        return sorted(self.owners)


def themes(material: Material) -> pa.Table:
    """The table `themes`. Themes nobody mentions are left out."""
    tree, total = material.tree, len(material.comments)
    counts = np.bincount(material.pairs.theme, minlength=len(tree.names))
    people = _people(material)
    running = _running(material, counts)
    scored = _scored(material)
    rows = []
    for theme in np.flatnonzero(counts).tolist():
        owner = material.owners.get(theme, Owner())
        cumulative, vital = running.get(theme, (None, False))
        said = _quotes(material, theme)
        few = scored[theme] < material.company.company.minimum_group
        rows.append(
            {
                "theme": tree.ids[theme],
                "parent": tree.ids[tree.parent[theme]] if tree.parent[theme] >= 0 else "",
                "name": tree.names[theme],
                "words": tree.words[theme],
                "sentiment": material.moods[theme],
                "n_comments": int(counts[theme]),
                "n_people": int(people[theme]),
                "share": int(counts[theme]) / total,
                "cumulative": cumulative,
                "vital_few": vital,
                "driver": owner.driver,
                "group": owner.group,
                "lift": owner.lift,
                "quote": said[0][1] if said else "",
                "second_quote": said[1][1] if len(said) > 1 else "",
                "note": _note(material, theme, int(scored[theme]), few),
                **_figures(material, theme, few),
            }
        )
    return arrow_table("themes", rows)


def _people(material: Material) -> Places:
    width = len(material.tree.names)
    pairs = np.unique(material.unit[material.pairs.record] * width + material.pairs.theme)
    return np.bincount(pairs % width, minlength=width)


def _scored(material: Material) -> Places:
    """People of known outcome who mention each theme."""
    width = len(material.tree.names)
    known = np.isfinite(material.respondents.outcome)[material.by_response.record]
    unit = material.respondents.unit[material.by_response.record[known]]
    pairs = np.unique(unit * width + material.by_response.theme[known])
    return np.bincount(pairs % width, minlength=width)


def _running(material: Material, counts: Places) -> dict[int, tuple[float, bool]]:
    """Cumulative share and vital few among the complaints of each level (Pareto, to 80 %), most comments first."""
    tree = material.tree
    found = {}
    bad = [theme for theme in range(len(tree.names)) if material.moods[theme] in ("negative", "mixed") and counts[theme]]
    for level in ([theme for theme in bad if theme < tree.fine], [theme for theme in bad if theme > tree.other]):
        total = sum(int(counts[theme]) for theme in level)
        before = 0
        for theme in sorted(level, key=lambda each: (-int(counts[each]), tree.ids[each])):
            vital = before < VITAL * total
            before += int(counts[theme])
            found[theme] = (before / total, vital)
    return found


def _figures(material: Material, theme: int, few: bool) -> dict[str, Any]:
    effects = material.effects
    nothing = few or theme == material.tree.other
    found: dict[str, Any] = {"outcome": material.company.outcome}
    for names, values in (
        (("impact", "low", "high"), effects.impact[theme]),
        (("drop", "drop_low", "drop_high"), effects.drop[theme]),
    ):
        shown = not nothing and bool(np.isfinite(values[0]))
        low, high = interval(values[1:]) if shown else (None, None)
        found |= dict(zip(names, (float(values[0]), low, high) if shown else (None, None, None), strict=True))
    return found


def _note(material: Material, theme: int, scored: int, few: bool) -> str:
    minimum = material.company.company.minimum_group
    notes = []
    if theme == material.tree.other:
        notes.append("comments that belong to no theme")
    elif not material.company.outcome:
        notes.append("no impact: no outcome question")
    elif few:
        notes.append(f"impact withheld: fewer than {minimum} people" if scored else "no impact: no score with these comments")
    owner = material.owners.get(theme)
    if owner is not None and owner.note:
        notes.append(owner.note)
    return "; ".join(notes)


def _quotes(material: Material, theme: int) -> list[tuple[int, str]]:
    """Two telling quotes of different people and different words: (comment, quote), from the mentions nearest to the theme."""
    texts, comments, tree = material.texts, material.comments, material.tree
    own = np.flatnonzero((texts.theme == theme) | (tree.parent[texts.theme] == theme))
    if not len(own):
        return []
    near = np.round(texts.near[own], 4) - 0.2 * (texts.rank[own] > 1)
    fit = near * np.minimum(1, texts.words[own] / quotes.SHORT)
    order = own[np.lexsort((texts.text[own], -fit))][:_LOOKED]
    shown = []
    for mention in order.tolist():
        words, end = comments.texts[int(texts.text[mention])], int(texts.end[mention])
        quote = words[int(texts.start[mention]) : end]
        whole = quote[-1:] in _ENDS or not words[end:].strip() or words[end : end + 1] in _ENDS
        place = float(np.round(texts.near[mention], 4)) - 0.2 * float(texts.rank[mention] > 1)
        worth = quotes.worth(quote, place, int(texts.word_sign[mention]), material.moods[theme], whole)
        shown.append((-round(worth, 4), mention, quote))
    found: list[tuple[int, str]] = []
    seen: set[int] = set()
    for _, mention, quote in sorted(shown):
        if any(quotes.alike(quote, before) for _, before in found):
            continue
        comment = next((each for each in _of_mood(material, mention, theme).tolist() if int(material.unit[each]) not in seen), None)
        if comment is not None:
            seen.add(int(material.unit[comment]))
            found.append((int(comment), quote))
        if len(found) == 2:
            break
    return found


def _of_mood(material: Material, mention: int, theme: int) -> Places:
    """The comments that hold a mention in the theme's own sentiment, in order."""
    said = material.said
    first, last = np.searchsorted(material.by_mention_of, [mention, mention + 1])
    rows = material.by_mention[first:last]
    mood = material.moods[theme]
    agreed = rows[said.sentiment[rows] == mood] if mood in ("negative", "positive") else rows
    return said.comment[agreed]


def draws(material: Material) -> pa.Table:
    """Draws of each complaint: share_people, points, and hours and handling where contacts speak of it."""
    tree, effects = material.tree, material.effects
    spoken = np.bincount(material.told.theme, minlength=len(tree.names)) > 0
    mentioned = np.bincount(material.pairs.theme, minlength=len(tree.names)) > 0
    scored = _scored(material)
    blocks: list[tuple[str, str, Floats]] = []
    for theme in material.complaints:
        quantities = [("share_people", effects.share[theme], True)]
        enough = scored[theme] >= material.company.company.minimum_group
        quantities.append(("points", effects.points[theme], bool(enough)))
        quantities += [
            (name, values[theme], bool(spoken[theme])) for name, values in (("hours", effects.hours), ("handling", effects.money))
        ]
        for name, values, wanted in quantities:
            if mentioned[theme] and wanted and np.isfinite(values[1:]).all():
                blocks.append((tree.ids[theme], name, values[1:]))
    count = material.company.company.draws
    return arrow_table(
        "draws",
        {
            "claim": np.repeat(np.array([block[0] for block in blocks], dtype=object), count),
            "quantity": np.repeat(np.array([block[1] for block in blocks], dtype=object), count),
            "draw": np.tile(np.arange(count), len(blocks)),
            "value": np.concatenate([block[2] for block in blocks]) if blocks else np.zeros(0),
        },
    )


def steps(material: Material) -> list[Step]:
    """What each theme rests on: its comments, two quotes, the themes below it, and the driver it goes with."""
    tree = material.tree
    counts = np.bincount(material.pairs.theme, minlength=len(tree.names))
    table, source, key = (material.comments.column(name) for name in ("table", "source", "key"))
    made = []
    for theme in np.flatnonzero(counts).tolist():
        claim = tree.ids[theme]
        below = [child for child in range(tree.fine) if tree.parent[child] == theme and counts[child]]
        for child in below:
            made.append(Step(claim, tree.ids[child], "part of it", float(counts[child] / counts[theme]), int(counts[child])))
        if not below:
            made.append(Step(claim, selection("mentions", theme=claim), "comments that mention it", 1.0, int(counts[theme])))
        for comment, _ in _quotes(material, theme):
            record = record_id(str(table[comment]), str(source[comment]), str(key[comment]))
            made.append(Step(claim, record, "customer's words", None, 1))
        owner = material.owners.get(theme)
        driver = material.claims.get(slug(owner.driver)) if owner else None
        if owner and driver:
            made.append(Step(claim, driver, "goes with bad answers on", owner.lift, int(counts[theme])))
    return made
