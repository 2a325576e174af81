"""The planted mechanism: what truth.json says follows from the people and answers themselves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from vitalfew.demo import plan as planning
from vitalfew.demo.catalogue import SCALES, catalogue
from vitalfew.demo.world import World, account_scores, build

SEEDS = (1, 2, 3, 4, 5, 11)


@cache
def world(seed: int) -> World:
    return build(seed, SCALES["small"])


def costs(made: World) -> np.ndarray:
    return made.accounts.revenue @ made.lost + made.traits.sum(axis=0) * made.plan.handling()


def test_the_catalogue_has_the_groups_drivers_and_issues_it_should() -> None:
    known = catalogue()
    assert (len(known.groups), len(known.drivers), len(known.issues)) == (8, 10, 28)
    assert all(3 <= len(known.issues_of(group)) <= 4 for group in range(8))
    assert len({issue.name for issue in known.issues}) == len({issue.topic for issue in known.issues}) == 28


@pytest.mark.parametrize("seed", SEEDS)
def test_the_top_driver_leads_clearly_and_recovered_effects_are_the_planted_ones(seed: int) -> None:
    made = world(seed)
    order = np.argsort(-made.lmg)
    assert order[0] == made.plan.top
    assert made.lmg[order[0]] >= 1.3 * made.lmg[order[1]]
    assert made.lmg.sum() == pytest.approx(1.0)
    # A second implementation of the slopes: least squares on the answers rather than on their covariances.
    ratings = np.concatenate([wave.ratings for wave in made.waves]).astype(float)
    outcome = np.concatenate([wave.outcome for wave in made.waves]).astype(float)
    found = np.linalg.lstsq(np.column_stack([np.ones(len(ratings)), ratings]), outcome, rcond=None)[0][1:]
    assert found == pytest.approx(made.ols, abs=1e-9)
    # Rounding and the ends of the scale take little away: the slopes are the planted coefficients within sampling error (about .02).
    assert np.abs(made.ols - made.plan.effects).max() < 0.08


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_worst_issues_of_a_group_stand_clear_of_the_third(seed: int) -> None:
    made, total = world(seed), costs(world(seed))
    for group in range(8):
        own = sorted(catalogue().issues_of(group), key=lambda issue: -total[issue])
        assert {int(made.plan.ranks[issue]) for issue in own[:2]} == {0, 1}
        assert total[own[2]] <= 0.6 * total[own[1]]


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_prevalences_and_severities_are_in_their_ranges(seed: int) -> None:
    made = world(seed)
    shares = made.traits.mean(axis=0)
    assert shares == pytest.approx(made.plan.prevalence, abs=0.006)
    assert shares.min() >= 0.008 and shares.max() <= 0.14  # noqa: PT018
    assert (made.plan.severity >= 0.8).all() and (made.plan.severity <= 2.0).all()  # noqa: PT018


def test_the_counterfactual_of_an_issue_agrees_with_effect_times_severity() -> None:
    made, known = world(1), catalogue()
    worst = int(np.argmax(made.points))
    planned = made.plan.effects[known.driver_of(worst)] * made.plan.severity[worst] * made.traits[:, worst].mean()
    assert made.points[worst] == pytest.approx(planned, rel=0.15)
    share = made.accounts.revenue @ made.lost[:, worst] / made.accounts.revenue.sum()
    assert share == pytest.approx(planned * made.plan.worth, rel=0.35)


def test_accounts_whose_key_contacts_are_spared_lose_nothing() -> None:
    made = world(1)
    for issue in range(28):
        met = _accounts_with(made, issue)
        assert (made.lost[~met, issue] == 0).all()
        assert made.lost[met, issue].sum() > 0


def _accounts_with(made: World, issue: int) -> np.ndarray:
    met = made.traits[:, issue] & made.people.key
    return np.bincount(made.people.account, weights=met, minlength=made.scale.accounts) > 0


def test_ratings_are_whole_numbers_on_their_scales_and_scores_are_means_of_key_contacts() -> None:
    made = world(2)
    for wave in made.waves:
        assert set(np.unique(wave.ratings)) <= {1, 2, 3, 4, 5}
        assert wave.outcome.min() >= 0 and wave.outcome.max() <= 10  # noqa: PT018
        assert (wave.outcome == 10).mean() < 0.12
    scores = account_scores(made.accounts, made.people, made.waves[0].outcome)
    first, last = made.accounts.first[7], made.accounts.first[8]
    own = made.waves[0].outcome[first:last][made.people.key[first:last]]
    assert scores[7] == pytest.approx(own.mean())


def test_seeds_change_the_world() -> None:
    tops = {world(seed).plan.top for seed in SEEDS}
    assert len(tops) > 1
    assert world(1).accounts.names != world(2).accounts.names
    assert len({world(seed).seller.name for seed in SEEDS[:5]}) == 5


def test_names_and_domains_of_accounts_are_unique() -> None:
    accounts = world(3).accounts
    assert len(set(accounts.domains)) == len(accounts.domains) == len(set(accounts.names))


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    first, second = planning.make(9), planning.make(9)
    assert (first.prevalence == second.prevalence).all()
    assert first.changes == second.changes
    assert len({catalogue().group_of(change.issue) for change in first.changes}) == 2
