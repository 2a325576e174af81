"""Comments read like people's and can be told apart by what they are about."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from vitalfew.demo.catalogue import catalogue, sections
from vitalfew.demo.speech import ROW, Speaker, Voice

ANNA = Speaker("Anna Keller", "Ashford Clinic", "anna.keller@ashford.de", "+447511234567", "DE", ["Mr Jones", "Petra", "Tom Hill"])


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice()


def rows(count: int, seed: int = 0) -> list[list[float]]:
    made: list[list[float]] = np.random.default_rng(seed).random((count, ROW)).tolist()
    return made


def test_each_issue_has_at_least_25_fragments_and_words_in_german_and_french(voice: Voice) -> None:
    for place, issue in enumerate(catalogue().issues):
        kinds = voice.fragments(place)
        english = [fragment for kind in "skdcw" for fragment in kinds[kind]]
        assert len(set(english)) >= 25, issue.key
        assert len(kinds["g"]) >= 2, issue.key
        assert len(kinds["f"]) >= 2, issue.key


@pytest.mark.parametrize("issue", range(28))
def test_comments_about_one_issue_are_more_than_80_percent_distinct(voice: Voice, issue: int) -> None:
    said = [voice.complaint([issue], ANNA, row) for row in rows(250, issue)]
    said += [voice.ticket(issue, ANNA, row) for row in rows(250, 100 + issue)]
    assert len(set(said)) > 0.8 * len(said)
    assert len(set(said[:250])) > 0.8 * 250


def test_no_slot_is_left_open_and_lengths_vary(voice: Voice) -> None:
    said = [voice.complaint([n % 28, (n + 5) % 28], ANNA, row) for n, row in enumerate(rows(1500, 3))]
    said += [voice.ticket(n % 28, ANNA, row) for n, row in enumerate(rows(1500, 4))]
    said += [voice.remark(ANNA, row)[0] for row in rows(500, 5)]
    groups = [group.name for group in catalogue().groups]
    said += [voice.request(groups[n % 8], ANNA, row) for n, row in enumerate(rows(500, 6))]
    assert not [text for text in said if "{" in text or "}" in text]
    lengths = [len(voice.complaint([n % 28], ANNA, row).split()) for n, row in enumerate(rows(1500, 3))]
    assert np.percentile(lengths, 10) <= 9
    assert np.percentile(lengths, 90) >= 20
    assert not [text for text in said if re.search(r"\ba (autoclave|incubator|analyser|invoice)\b", text)]


def test_the_same_row_gives_the_same_words(voice: Voice) -> None:
    row = rows(1)[0]
    assert voice.complaint([3], ANNA, row) == Voice().complaint([3], ANNA, list(row))


def test_some_write_german_or_french_and_only_where_it_is_spoken(voice: Voice) -> None:
    german = {fragment for issue in range(28) for fragment in voice.fragments(issue)["g"] if "{" not in fragment}
    said = [voice.complaint([n % 28], ANNA, row) for n, row in enumerate(rows(1500, 8))]
    share = sum(any(fragment.lower() in text.lower() for fragment in german) for text in said) / len(said)
    assert 0.02 < share < 0.15
    british = Speaker(ANNA.me, ANNA.us, ANNA.email, ANNA.phone, "GB", ANNA.known)
    assert not [text for n, row in enumerate(rows(1500, 8)) if (text := voice.complaint([n % 28], british, row)) in german]


def test_names_addresses_and_phones_slip_into_messages_so_that_masking_has_work(voice: Voice) -> None:
    said = [voice.ticket(n % 28, ANNA, row) for n, row in enumerate(rows(2000, 9))]
    assert sum(ANNA.email in text for text in said) > 5
    assert sum(ANNA.phone in text for text in said) > 5


def test_themes_can_be_learnt_from_the_comments(voice: Voice) -> None:
    """TF-IDF, latent semantic analysis and k-means, told how many, find the issues again (adjusted Rand index of .6 and more)."""
    british = Speaker(ANNA.me, ANNA.us, ANNA.email, ANNA.phone, "GB", ANNA.known)
    truth = [n % 28 for n in range(2800)]
    said = [voice.complaint([issue], british, row) for issue, row in zip(truth[:700], rows(700, 21), strict=True)]
    said += [voice.ticket(issue, british, row) for issue, row in zip(truth[700:], rows(2100, 22), strict=True)]
    counted = TfidfVectorizer(stop_words="english", min_df=3, sublinear_tf=True).fit_transform(said)
    placed = normalize(TruncatedSVD(50, random_state=0).fit_transform(counted))
    found = KMeans(28, n_init=4, random_state=0).fit_predict(placed)
    assert adjusted_rand_score(truth, found) >= 0.6


def test_word_files_have_no_doubled_fragment() -> None:
    for file in ("phrases.txt", "talk.txt"):
        for name, lines in sections(file).items():
            doubled = {line for line in lines if lines.count(line) > 1}
            assert not doubled, (file, name, doubled)
