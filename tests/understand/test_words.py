"""Words: clean text, clauses, sentiment of words, and features against scikit-learn's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from vitalfew.understand import sentiment
from vitalfew.understand.words import Features, Tokens, clauses, folded, shortened

LONG = "The delivery was two weeks late. But the staff were friendly and helped me at once! Ok."


def test_folding_levels_accents_numbers_links_and_handles() -> None:
    assert folded("  NÃO recebi\n o pedido 12.345, ver https://x.io/1 @loja ") == "nao recebi o pedido 0, ver"
    assert folded("") == ""


def test_a_long_comment_is_split_where_a_thought_ends_and_thin_ends_join() -> None:
    assert [LONG[begin:end] for begin, end in clauses(LONG)] == [
        "The delivery was two weeks late.",
        "But the staff were friendly and helped me at once! Ok.",
    ]
    assert clauses("  late again.  Bad. ") == [(2, 19)]
    assert clauses("   ") == [(0, 3)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Good morning, How do I change my address?", "How do I change my address?"),
        ("Hi Anna Zimmermann,\n\nwe wait six days for an engineer.", "we wait six days for an engineer."),
        ("Re: 351880.\nWrong prices on invoices since May", "Wrong prices on invoices since May"),
        ("Bom dia! O produto ainda não chegou", "O produto ainda não chegou"),
        ("Hello there!", "Hello there!"),
        ("Dear prices, dear service, nothing else to say", "nothing else to say"),
        ("Hidden fees are everywhere, again", "Hidden fees are everywhere, again"),
    ],
)
def test_a_greeting_is_no_part_of_the_first_thought(text: str, first: str) -> None:
    begin, end = clauses(text)[0]
    assert text[begin:end] == first


def test_mais_turns_a_thought_in_french_and_not_in_portuguese() -> None:
    french, portuguese = (
        "le livreur est venu à l'heure, mais le colis était vide",
        "o produto demorou muito mais do que foi prometido na loja",
    )
    assert len(clauses(french)) == 2
    assert len(clauses(portuguese)) == 1


@pytest.mark.parametrize(
    "text", [LONG, "😀 " * 300, "x" * 1000, "um dois três mas quatro cinco seis sete oito nove dez", "\n\na. b\nc"]
)
def test_clauses_are_in_order_apart_and_within(text: str) -> None:
    spans = clauses(text)
    assert spans
    assert all(0 <= begin < end <= len(text) for begin, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    begin, end = shortened(text, spans[0], 50)
    assert begin == spans[0][0]
    assert end - begin <= 50


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("excellent service, thank you", 1),
        ("the bill was wrong", -1),
        ("not good at all", -1),
        ("no problem", 0),
        ("I have not received it", -1),
        ("the parcel is blue", 0),
        ("ótimo produto, recomendo", 1),
        ("péssimo atendimento", -1),
        ("sehr freundlich", 1),
        ("livraison en retard", -1),
        ("muy buena calidad", 1),
        ("prodotto rotto", -1),
    ],
)
def test_words_tell_praise_from_complaint_in_six_languages(text: str, sign: int) -> None:
    assert sentiment.text_signs(Tokens.of([folded(text)])).tolist() == [sign]


def test_scores_are_read_on_their_scale() -> None:
    nps = sentiment.score_signs(np.array([0, 6, 7, 8, 9, 10, np.nan]), 0, 10, nps=True)
    assert nps[:6].tolist() == [-1, -1, 0, 0, 1, 1]
    assert np.isnan(nps[6])
    assert sentiment.score_signs(np.arange(1.0, 6), 1, 5, nps=False).tolist() == [-1, -1, 0, 1, 1]


def test_a_score_decides_unless_one_of_several_thoughts_says_the_opposite() -> None:
    score = np.array([1, 1, 1, 0, 0, np.nan, np.nan, -1])
    words = np.array([1, -1, -1, -1, 0, 1, 0, 0], dtype=np.int8)
    several = np.array([False, False, True, False, False, False, False, True])
    expected = ["positive", "mixed", "negative", "negative", "mixed", "positive", "unknown", "negative"]
    assert sentiment.named(score, words, several).tolist() == expected


def test_features_are_those_of_scikit_learn() -> None:
    texts = [folded(text) for text in ["late delivery again", "delivery late", "wrong wrong bill", "the bill is late", "bill"]]
    ours = Features(Tokens.of(texts)).apply(Tokens.of(texts))
    settings = {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"\w+"}
    words = TfidfVectorizer(**settings).fit(texts)
    frequency = {term: sum(f" {term} " in f" {text} " for text in texts) for term in words.vocabulary_}
    kept = [term for term in words.vocabulary_ if " " not in term or frequency[term] >= 2]
    words = TfidfVectorizer(**settings, vocabulary=sorted(kept)).fit(texts)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit(texts)
    theirs = (words.transform(texts) @ words.transform(texts).T + letters.transform(texts) @ letters.transform(texts).T).toarray()
    assert (ours @ ours.T).toarray() == pytest.approx(theirs, abs=1e-5)


def test_a_text_of_unknown_words_has_no_features() -> None:
    features = Features(Tokens.of(["late delivery", "wrong bill"]))
    assert features.apply(Tokens.of(["", "ж"])).nnz == 0
