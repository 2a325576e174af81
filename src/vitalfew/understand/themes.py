"""What customers talk about: themes of their comments, the vital few of them, what they cost and whose they are.

See docs/algorithms/themes.md. The order of work: read comments and split them into thoughts (`corpus`, `words`), find themes told
nothing (`theme_tree`), name them (`theme_names`), say which comment speaks of what (`mentions`), measure what each does
(`theme_effects`), find whose it is (`theme_owners`), and write the tables, here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap, Step, claim_id
from vitalfew.outputs import Outputs
from vitalfew.settings import Company, Theme, slug
from vitalfew.understand import answers, corpus, mentions, theme_effects, theme_names, theme_owners, theme_rows, theme_tree
from vitalfew.understand.answers import Answers
from vitalfew.understand.corpus import Comments, Thoughts, Wholes
from vitalfew.understand.theme_effects import Contacts, Rated, Respondents, Said, Sums
from vitalfew.understand.theme_rows import Material, Tree
from vitalfew.understand.words import Tokens
from vitalfew.vocabulary import arrow_table

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
_RATED = ("nps", "rating", "number", "yes_no")
# Thoughts nearer to nothing than this are 'other', but never more than 5 in 100 of what is known.
_FLOOR = 0.22
_MOST_OTHER = 0.05


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """Tables `themes`, `mentions` and rows of `draws`, with their evidence.

    Reads responses, interactions, people, drivers, draws (effects of drivers) and promise_checks. Without a comment the tables are
    empty and a gap says what would be needed.
    """
    asked = answers.read(tables, rated_questions(company))
    comments = corpus.read(tables, company, asked)
    if not len(comments):
        gap = Gap("themes of comments", "There is no comment: no text question and no contact with words.", "Answers in words.")
        return Outputs({name: arrow_table(name, []) for name in ("themes", "mentions", "draws")}, gaps=[gap])
    context.progress(f"finding themes in {len(comments):,} comments")
    # One thread for matrix products: sums then have one order, and small factorisations do not wait for a busy core.
    with threadpool_limits(limits=1, user_api="blas"):
        return _computed(tables, company, context, asked, comments)


def _computed(tables: Tables, company: Company, context: Context, asked: Answers, comments: Comments) -> Outputs:
    spoken, whole = corpus.thoughts(comments), corpus.wholes(comments)
    found, gaps = _found(spoken, whole, comments, company, context.seed)
    spoken_of = _spoken_of(tables, company, context, asked, comments, found, spoken)
    home = _one_trouble(found, spoken_of)
    if len(np.unique(home)) < len(home):
        # Whose a theme is, is known only now; what turns out to be one trouble is named, counted and measured as one.
        found = found.joined(home)
        spoken_of = _spoken_of(tables, company, context, asked, comments, found, spoken)
    context.progress(f"measuring {len(spoken_of.tree.names)} themes")
    material = _measured(tables, company, context, comments, spoken_of)
    steps: list[Step] = theme_rows.steps(material)
    made = {
        "themes": theme_rows.themes(material),
        "mentions": mentions.table(comments, spoken_of.texts, spoken_of.said, spoken_of.tree.ids),
        "draws": theme_rows.draws(material),
    }
    return Outputs(made, steps, gaps)


def rated_questions(company: Company) -> tuple[str, ...]:
    """The outcome and every question with a number."""
    names = [name for name, question in company.questions.items() if question.kind in _RATED]
    return tuple(dict.fromkeys([company.outcome, *names] if company.outcome else names))


@dataclass(frozen=True)
class _Found:
    """Fine themes before they are named: their middles and signs, the phrases said in each, what the company wrote about some, and
    where every comment and every clause belongs."""

    space: theme_tree.Space
    centres: theme_tree.Vectors
    sign: NDArray[np.int8]
    phrases: theme_names.Phrases
    given: dict[int, Theme]
    placed: mentions.Placed

    def tree(self) -> Tree:
        """The themes named, and those above them."""
        above = theme_tree.parents(self.centres, self.sign.tolist())
        near = _nearness(self.space, self.centres, self.phrases.sizes)
        return theme_rows.grown(self.phrases, self.given, self.sign, above, near)

    def joined(self, home: Places) -> _Found:
        """The same where theme t has become theme `home[t]`; the sign is that of its largest part."""
        sizes = self.phrases.sizes
        count = int(home.max()) + 1
        centres = np.zeros((count, self.centres.shape[1]))
        np.add.at(centres, home, self.centres * sizes[:, None])
        order = np.argsort(sizes, kind="stable")
        sign = np.zeros(count, dtype=np.int8)
        sign[home[order]] = self.sign[order]
        given = {int(home[theme]): each for theme, each in self.given.items()}
        return _Found(self.space, theme_tree.unit(centres), sign, self.phrases.joined(home), given, self.placed.joined(home))


def _found(spoken: Thoughts, whole: Wholes, comments: Comments, company: Company, seed: int) -> tuple[_Found, list[Gap]]:
    """Fine themes, and where every comment and every clause belongs.

    Themes are found from whole comments: a greeting, a signature or a threat to leave stands in comments about anything, and
    clauses alone would make a theme of it. Clauses are then placed among the themes found.
    """
    sample = whole.sample()
    told = [whole.distinct[each] for each in sample]
    space = theme_tree.Space(Tokens.of(told), seed)
    sign = whole.sign[sample]
    label, found = theme_tree.find(space.fitted, sign, whole.mass[sample], seed)
    named = theme_names.authored(company.theme, told, label, found.sign)
    label = _compact(label, named.merged)
    kept = np.unique(named.merged)
    number = {int(old): new for new, old in enumerate(kept)}
    centres = theme_tree.centroids(space.fitted, label, len(kept))
    found = theme_tree.Found(centres, found.sign[kept])
    nearest = (space.fitted * centres[label]).sum(axis=1) if len(kept) else np.zeros(len(told))
    floor = float(min(_FLOOR, np.quantile(nearest, _MOST_OTHER))) if len(told) >= 50 else -2.0
    placed = _placed(spoken, whole, space, found, floor)
    at = np.unique(whole.whole, return_index=True)[1][sample]
    originals = [comments.texts[each] for each in at]
    phrases = theme_names.phrases(originals, label, len(kept), company.company.brands)
    given = {number[theme]: company.theme[row] for theme, row in named.name.items()}
    gaps = [
        Gap(
            f"theme {company.theme[row].name}",
            f"No theme found in the comments fits the words of {company.theme[row].name!r}; its name is unused.",
            "Comments that hold those words, or words in [[theme]] that customers use.",
        )
        for row in named.unused
    ]
    return _Found(space, centres, found.sign, phrases, given, placed), gaps


def _one_trouble(found: _Found, spoken_of: _SpokenOf) -> Places:
    """By fine theme, the theme it becomes: complaints whose owner and words say that they are one trouble."""
    fine = range(spoken_of.tree.fine)
    owners = [spoken_of.owners.get(theme) for theme in fine]
    return theme_tree.one_trouble(
        found.centres,
        [None if owner is None else owner.group for owner in owners],
        ["" if owner is None else slug(owner.driver) if owner.driver else "" for owner in owners],
        [theme in found.given for theme in fine],
    )


def _nearness(space: theme_tree.Space, centres: theme_tree.Vectors, sizes: Places) -> theme_names.Nearness:
    """How near phrases are to the middle of some themes, by number of comments."""

    def near(phrases: Sequence[str], members: Sequence[int]) -> NDArray[np.floating]:
        rows = list(members)
        middle = theme_tree.unit((centres[rows] * sizes[rows, None]).sum(axis=0, keepdims=True))
        return np.asarray(space.vectors(Tokens.of(phrases)) @ middle[0])

    return near


def _compact(label: Places, merged: Places) -> Places:
    if not len(merged):
        return label
    kept = np.unique(merged)
    return np.where(label >= 0, np.searchsorted(kept, merged[label]), theme_tree.OTHER)


def _placed(spoken: Thoughts, whole: Wholes, space: theme_tree.Space, found: theme_tree.Found, floor: float) -> mentions.Placed:
    """The theme of every text, of every clause by itself, and how near each clause is to its text's theme (cosines)."""
    other = len(found.centres)
    main, _ = _assigned(whole.distinct, whole.sign, whole.blocks(), space, found, floor)
    main = main[whole.whole]
    own, near = _assigned(spoken.distinct, spoken.sign, spoken.blocks(), space, found, floor)
    shows = np.zeros(len(spoken.text))
    wanted = main[spoken.text]
    for part in spoken.blocks() if other else []:
        vectors = space.vectors(Tokens.of(spoken.distinct[part]))
        inside = np.flatnonzero((spoken.thought >= part.start) & (spoken.thought < part.stop) & (wanted < other))
        shows[inside] = (vectors[spoken.thought[inside] - part.start] * found.centres[wanted[inside]]).sum(axis=1)
    return mentions.Placed(main, own[spoken.thought], near[spoken.thought], shows)


def _assigned(
    texts: list[str], sign: NDArray[np.int8], blocks: list[slice], space: theme_tree.Space, found: theme_tree.Found, floor: float
) -> tuple[Places, Floats]:
    """The theme of each text (the number after the last for 'other') and its cosine with that theme."""
    label = np.full(len(texts), len(found.centres), dtype=np.int64)
    near = np.zeros(len(texts))
    for part in blocks:
        vectors = space.vectors(Tokens.of(texts[part]))
        assigned = found.assign(vectors, sign[part], floor)
        known = (assigned >= 0) & vectors.any(axis=1)
        label[part] = np.where(known, assigned, len(found.centres))
        near[part] = np.where(known, (vectors * found.centres[assigned]).sum(axis=1), 0.0) if len(found.centres) else 0.0
    return label, near


@dataclass(frozen=True)
class _Linked:
    """Respondents, and where each survey comment's response stands among them (-1 for contacts)."""

    respondents: Respondents
    response: NDArray[np.object_]
    place: Places
    asked: Places


@dataclass(frozen=True)
class _SpokenOf:
    """Which comment speaks of which theme, who says it, and whose trouble it is; by number of theme."""

    tree: Tree
    texts: mentions.TextMentions
    said: mentions.Mentions
    units: NDArray[np.object_]
    spoke: Places
    linked: _Linked
    pairs: Said
    by_response: Said
    moods: list[str]
    complaints: list[int]
    values: dict[str, Floats]
    kept: dict[str, Floats]
    owners: dict[int, theme_owners.Owner]


def _spoken_of(
    tables: Tables, company: Company, context: Context, asked: Answers, comments: Comments, found: _Found, spoken: Thoughts
) -> _SpokenOf:
    tree = found.tree()
    texts = mentions.of_texts(spoken, found.placed, tree.other, comments)
    said = mentions.of_comments(comments, texts)
    everyone = _everyone(tables, comments)
    units, place = corpus.numbered(np.concatenate([asked.person, comments.unit, everyone]))
    own, spoke, _ = np.split(place, [len(asked), len(asked) + len(comments)])
    linked = _linked(company, asked, comments, own, spoke)
    pairs = _with_parents(said, tree)
    by_response = _distinct(linked.place[pairs.record], pairs.theme)
    moods = theme_rows.moods(said, tree)
    complaints = [theme for theme in range(tree.fine) if moods[theme] != "positive"]
    values = {name: _spread(asked.column(name), linked) for name in asked.questions}
    kept = _kept(tables, company, linked, units)
    owners = _owners(company, context, tree, linked, units, by_response, pairs, comments, complaints, values, kept)
    return _SpokenOf(tree, texts, said, units, spoke, linked, pairs, by_response, moods, complaints, values, kept, owners)


def _measured(tables: Tables, company: Company, context: Context, comments: Comments, of: _SpokenOf) -> Material:
    """Everything the rows of the tables say, by number of theme."""
    contact = ~comments.survey
    told = Said(of.pairs.record[contact[of.pairs.record]], of.pairs.theme[contact[of.pairs.record]])
    rated = _rated(tables, company, of.owners, of.values, of.kept)
    outside = ~theme_effects.last_year(comments.column("at"), context.today) | ~contact
    hours = np.where(outside, 0.0, np.nan_to_num(comments.column("minutes")) / 60)
    cost_of = {group: company.hour_cost(group) for group in {str(each) for each in comments.column("group")}}
    hourly = np.array([cost_of[str(each)] for each in comments.column("group")])
    money = hours * hourly + np.where(outside, 0.0, np.nan_to_num(comments.column("cost")))
    sums = Sums(of.units, company.company.draws, context.seed)
    effects = theme_effects.measure(
        of.linked.respondents, of.by_response, Contacts(of.spoke, hours, money), told, len(of.tree.names), of.complaints, rated,
        np.arange(len(of.units)), sums,
    )  # fmt: skip
    return Material(
        company, comments, of.tree, of.texts, of.said, of.pairs, of.by_response, of.linked.respondents, of.moods, of.owners,
        effects, told, driver_ids(tables, company), of.spoke,
    )  # fmt: skip


def _everyone(tables: Tables, comments: Comments) -> NDArray[np.object_]:
    people = tables["people"]
    known = tables.numpy(
        people.filter(people.person.notnull() & ~people.left_out.fill_null(False)).select("person").order_by("person")
    )["person"]
    return np.concatenate([known.astype(object), comments.unit[~comments.survey]])


def _linked(company: Company, asked: Answers, comments: Comments, own: Places, spoke: Places) -> _Linked:
    survey = np.flatnonzero(comments.survey)
    response = comments.column("response").astype(object)[survey]
    known = corpus.positions(asked.response, response)
    missing = survey[known < 0]
    ids, first = np.unique(comments.column("response").astype(str)[missing], return_index=True)
    extra = missing[first]
    place = np.full(len(comments), -1, dtype=np.int64)
    place[survey] = np.where(known >= 0, known, 0)
    place[missing] = len(asked) + np.searchsorted(ids, comments.column("response").astype(str)[missing])
    weight = np.concatenate([asked.weight, comments.column("weight")[extra]])
    outcome = np.full(len(weight), np.nan)
    band = np.full(len(weight), 3, dtype=np.int64)
    if company.outcome in asked.questions:
        outcome[: len(asked)] = asked.column(company.outcome)
        signs = corpus.outcome_signs(outcome, company, asked)
        band = np.where(np.isnan(signs), 3, np.nan_to_num(signs) + 1).astype(np.int64)
    commented = np.zeros(len(weight), dtype=bool)
    commented[place[survey]] = True
    respondents = Respondents(np.concatenate([own, spoke[extra]]), weight, outcome, band, commented)
    return _Linked(respondents, np.concatenate([asked.response, ids.astype(object)]), place, np.arange(len(asked)))


def _with_parents(said: mentions.Mentions, tree: Tree) -> Said:
    """Pairs (comment, theme) of both levels, each once."""
    above = tree.parent[said.theme]
    record = np.concatenate([said.comment, said.comment[above >= 0]])
    theme = np.concatenate([said.theme, above[above >= 0]])
    return _distinct(record, theme)


def _distinct(record: Places, theme: Places) -> Said:
    kept = record >= 0
    width = int(theme.max(initial=0)) + 1
    pairs = np.unique(record[kept] * width + theme[kept])
    return Said(pairs // width, pairs % width)


def _spread(values: Floats, linked: _Linked) -> Floats:
    spread = np.full(len(linked.response), np.nan)
    spread[: len(values)] = values
    return spread


def _kept(tables: Tables, company: Company, linked: _Linked, units: NDArray[np.object_]) -> dict[str, Floats]:
    """By promise, the share kept on the order a response is about, else to the person who answered; NaN where none was due."""
    checks = tables["promise_checks"]
    if not company.promise or not tables.count("promise_checks"):
        return {}
    responses = tables["responses"]
    due = checks.filter(checks.kept.notnull()).mutate(record=checks.source + "#" + checks.key, one=checks.kept.cast("int64"))
    about = responses.filter(responses["order"].notnull()).select("response", about="order").distinct()
    joined = due.filter(due.table == "orders").join(about, due.record == about.about) if company.promise else due
    by_order = joined.group_by("promise", "response").aggregate(kept=joined.one.sum() / joined.count())
    asked = responses.filter(responses.person.notnull()).select(whose="person").distinct()
    owned = due.join(asked, due.person == asked.whose)
    by_person = owned.group_by("promise", "person").aggregate(kept=owned.one.sum() / owned.count())
    ordered = tables.arrow(by_order.order_by("promise", "response")).to_pydict()
    personal = tables.arrow(by_person.order_by("promise", "person")).to_pydict()
    on_order = dict(zip(zip(ordered["promise"], ordered["response"], strict=True), ordered["kept"], strict=True))
    to_person = dict(zip(zip(personal["promise"], personal["person"], strict=True), personal["kept"], strict=True))
    people = units[linked.respondents.unit]
    found = {}
    for promise in company.promise:
        key = claim_id("promise", promise.name)
        pairs = zip(linked.response, people, strict=True)
        value = np.array(
            [on_order.get((key, each), to_person.get((key, whose), np.nan)) for each, whose in pairs], dtype=np.float64
        )
        if np.isfinite(value).any():
            found[promise.name] = value
    return found


def _owners(
    company: Company,
    context: Context,
    tree: Tree,
    linked: _Linked,
    units: NDArray[np.object_],
    by_response: Said,
    pairs: Said,
    comments: Comments,
    complaints: list[int],
    values: dict[str, Floats],
    kept: dict[str, Floats],
) -> dict[int, theme_owners.Owner]:
    """Driver and group of each complaint: what the company wrote, else by bad ratings, else by who handled the comments."""
    candidates = theme_owners.candidates(company, values, kept)
    commented = np.flatnonzero(linked.respondents.commented)
    whose = units[linked.respondents.unit]
    found = theme_owners.by_rating(candidates, commented, whose, by_response, complaints, company.company.draws, context.seed)
    handled = theme_owners.by_handling(company, comments, pairs, complaints)
    groups = {slug(each.name): each.group for each in reversed(candidates)}
    made = {}
    for theme in complaints:
        authored, owner = tree.given.get(theme), found[theme]
        driver, group, lift, note = owner.driver, owner.group, owner.lift, owner.note
        if authored is not None and authored.driver:
            chosen = next((each for each in candidates if slug(each.name) == slug(authored.driver)), None)
            member = np.isin(commented, by_response.of(theme))
            driver, note = authored.driver, ""
            group = groups.get(slug(authored.driver), "")
            lift = theme_owners.likelier(chosen.bad[commented], member) if chosen else None
        group = (authored.group if authored else "") or group or handled[theme]
        made[theme] = theme_owners.Owner(driver, group, lift, note)
    return made


def driver_ids(tables: Tables, company: Company) -> dict[str, str]:
    """Claim of each driver of the outcome and of each promise, by slug of its name; a driver goes before a promise."""
    ids = {slug(promise.name): claim_id("promise", promise.name) for promise in company.promise}
    return ids | {slug(str(row["driver"])): str(row["driver_id"]) for row in _driver_rows(tables, company)}


def _driver_rows(tables: Tables, company: Company) -> list[dict[str, object]]:
    drivers = tables["drivers"]
    kept = drivers.filter(drivers.outcome == company.outcome, drivers.segment == "all", drivers.effect.notnull())
    return tables.rows(kept.order_by("driver_id"))


def _rated(
    tables: Tables,
    company: Company,
    owners: dict[int, theme_owners.Owner],
    values: dict[str, Floats],
    kept: dict[str, Floats],
) -> list[Rated]:
    """The drivers that themes are attributed to and whose effect on the outcome is known, with its draws."""
    rows = _driver_rows(tables, company)
    stored = tables["draws"]
    effects = tables.arrow(
        stored.filter(stored.quantity == "effect", stored.claim.isin([str(row["driver_id"]) for row in rows] or [""]))
        .select("claim", "draw", "value")
        .order_by("claim", "draw")
    )
    claim, drawn = effects.column("claim").to_numpy(), effects.column("value").to_numpy()
    promised = {claim_id("promise", name): value for name, value in kept.items()} | kept
    made = []
    for row in rows:
        themes = tuple(theme for theme, owner in owners.items() if owner.driver and slug(owner.driver) == slug(str(row["driver"])))
        value = values.get(str(row["question"]), promised.get(str(row["question"])))
        if not themes or value is None:
            continue
        worlds = drawn[claim == row["driver_id"]]
        if len(worlds) != company.company.draws:
            continue
        made.append(Rated(value, np.r_[float(str(row["effect"])), worlds], themes))
    return made
