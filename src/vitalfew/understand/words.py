"""Comments as words: clean text, clauses, tokens, and the sparse features that themes are found in.

Nothing here knows a language. Accents are folded, numbers, addresses and handles are levelled, and pieces of words stand
beside words, so that inflections and misspellings meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Span = tuple[int, int]

_NOISE = re.compile(r"https?://\S+|www\.\S+|@\w+|&\w+;|\[[a-z -]+\]")
_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")
_WORD = re.compile(r"\w+(?:'\w+)?")
_WORDS_TO_SPLIT = 8
_LEAST_WORDS = 3
_MOST_CLAUSES = 40
_LONGEST = 240
# Where one thought ends: the end of a sentence, a line, or a turn of contrast.
_TURNS = "but|however|although|though|aber|jedoch|allerdings|mas|porem|porém|contudo|cependant|pero|sino|però|ma|tuttavia"
# "mais" is "but" in French and "more" in Portuguese: it turns only after a comma.
_BREAK = re.compile(rf"[.!?;…。！？]+(?=\s|$|[^\W\d_])|[。！？]|\n+|,?\s+(?=(?:{_TURNS})\s)|,\s+(?=mais\s)", re.IGNORECASE)
# How a comment opens before it says anything: a greeting with at most four words after it, or the number of a case.
_OPENING = re.compile(
    r"(?:(?:hi|hello|hey|dear|morning|good (?:morning|afternoon|evening|day)|greetings|ol[aá]|bom dia|boa (?:tarde|noite)"
    r"|prezad[oa]s?|caro|hola|buen[oa]s (?:d[ií]as|tardes|noches)|bonjour|bonsoir|cher|ch[eè]re|hallo|guten (?:tag|morgen|abend)"
    r"|sehr geehrte[rns]?|liebe[rs]?|buongiorno|buonasera|ciao|gentile)(?:[ \t]+[\w.'-]+){0,4}?[ \t]*[,.!:;\n]+"
    r"|re:?[ \t]+\S+?[.,:;]?(?:\s|$)|fyi[,.:;\s]+)\s*",
    re.IGNORECASE,
)

# English, Portuguese, Spanish, French, German, Italian; accents folded.
_COMMON = """
nobody somebody someone anybody anyone everyone everybody always still yet please hello hi ever even much many another every since
us but however aber jedoch ola boa bom dia tarde noite hola bonjour hallo ciao
a about after again all also am an and any are as at be because been before being both by can could did do does doing during
each few for from further had has have having he her here hers him his how i if in into is it its itself just me more most my
myself of on once only or other our ours out over own s same she should so some such t than that the their them then there
these they this those through to too under until up very was we were what when where which while who whom why will with would
you your yours im ive id get got really thing things
a o as os um uma uns umas de do da dos das em no na nos nas por para pra pelo pela pelos pelas com e ou que se eu ele ela eles
elas me te lhe nos voces voce meu minha meus minhas seu sua seus suas este esta esse essa isso isto aquele aquela ja foi era
ser sao estar estou esta estava ter tem tenho tinha ha muito muita mais mas como quando onde qual ate ao aos so tambem pois
porque pq q vou vai fui sobre foram
el la los las un una unos unas de del al en y o que se yo tu el ella nos su sus mi mis es son fue era ser estar esta estaba ha
he han hay muy mas pero como cuando donde por para con lo le les me te ya este esta esto ese esa eso tambien porque
le la les un une des de du au aux en et ou que qui se je tu il elle nous vous ils elles ce cet cette ces mon ma mes ton ta tes
son sa ses notre votre leur leurs est sont ete etait etre avoir ai as a avons ont tres plus mais comme quand dans pour par sur
avec y d l j c qu
der die das den dem des ein eine einen einem einer eines und oder aber ich du er sie es wir ihr mich mir dich dir ihn ihm uns
euch ist sind war waren sein hat habe haben hatte wird werden wurde sehr mehr als wie wenn wo in im an am auf aus bei mit von
vom zu zum zur fur um auch noch so dass da man mein meine meinen meiner
il lo la i gli le un uno una di del della dei delle al alla in nel nella e o che si io tu lui lei noi voi loro mi ti ci vi ne
mio mia miei suo sua e sono era essere stato stata ho ha hanno molto piu ma come quando dove per con da dal su anche questo
questa quello
"""
_NEGATIONS = """
not no never none nothing without cannot can't cant don't dont doesn't doesnt didn't didnt won't wont isn't isnt wasn't wasnt
hasn't hasnt haven't havent couldn't couldnt wouldn't nor hardly nao n nunca nem sem jamais nada ni sin tampoco pas jamais
sans ne rien aucun nicht kein keine keinen keiner nie niemals ohne non senza mai
"""
NEGATIONS = frozenset(_NEGATIONS.split())
# A negation may open a name ("never arrived"); any other word of this list may not begin or end one.
STOP_WORDS = frozenset(_COMMON.split()) - NEGATIONS


def folded(text: str) -> str:
    """Lower case without accents, links, handles and numbers (each number becomes 0).

    >>> folded("Não chegou até 12/05!")
    'nao chegou ate 0!'
    """
    lower = _NOISE.sub(" ", text.replace("’", "'").casefold())
    plain = lower
    if not lower.isascii():
        plain = "".join(each for each in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(each))
    return " ".join(_DIGITS.sub("0", plain).split())


def words_of(text: str) -> list[str]:
    """The words of a folded text."""
    return _WORD.findall(text)


def clauses(text: str) -> list[Span]:
    """Where each thought of a comment stands: spans in order, without the spaces around them and without the greeting it opens
    with. A short comment is one thought.

    Clauses of fewer than three words belong to the one before.
    """
    begin, end = _stripped(text, 0, len(text))
    if begin == end:
        return [(0, len(text))]
    opening = _OPENING.match(text, begin, end)
    while opening and len(_WORD.findall(text[opening.end() : opening.end() + 400])) >= _LEAST_WORDS:
        begin = opening.end()
        opening = _OPENING.match(text, begin, end)
    if len(_WORD.findall(text[begin : begin + 400])) <= _WORDS_TO_SPLIT and end - begin <= _LONGEST:
        return [(begin, end)]
    cuts = [found.end() for found in _BREAK.finditer(text, begin, end)][: _MOST_CLAUSES - 1]
    spans: list[Span] = []
    for first, last in zip([begin, *cuts], [*cuts, end], strict=True):
        low, high = _stripped(text, first, last)
        if low == high:
            continue
        if spans and (_thin(text, low, high) or _thin(text, *spans[-1])):
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    return spans


def shortened(text: str, span: Span, longest: int = 200) -> Span:
    """A span of at most `longest` characters that begins where `span` does and ends between two words."""
    begin, end = span
    if end - begin <= longest:
        return span
    cut = text.rfind(" ", begin + longest // 2, begin + longest)
    return _stripped(text, begin, cut if cut > 0 else begin + longest)


def _thin(text: str, begin: int, end: int) -> bool:
    return end - begin < _LONGEST and len(_WORD.findall(text, begin, end)) < _LEAST_WORDS


def _stripped(text: str, begin: int, end: int) -> Span:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    return begin, end


@dataclass(frozen=True)
class Tokens:
    """Words of n texts, end to end: `words[ids[i]]` is a word of text `text[i]`; `size` is n. Words are in alphabetical order."""

    words: tuple[str, ...]
    ids: NDArray[np.int64]
    text: NDArray[np.int64]
    size: int

    @staticmethod
    def of(folded_texts: Sequence[str]) -> Tokens:
        """The tokens of folded texts."""
        split = [_WORD.findall(each) for each in folded_texts]
        words = tuple(sorted({word for each in split for word in each}))
        number = {word: position for position, word in enumerate(words)}
        counts = np.fromiter((len(each) for each in split), dtype=np.int64, count=len(split))
        ids = np.fromiter((number[word] for each in split for word in each), dtype=np.int64, count=int(counts.sum()))
        return Tokens(words, ids, np.repeat(np.arange(len(split)), counts), len(split))


class Features:
    """TF-IDF of words, pairs of words and letter groups of 2 to 4, learnt from some texts and applied to any.

    Each of the two blocks (words and pairs; letter groups) is scaled to length 1, so that both speak equally. Term frequency is
    1 + ln(tf), inverse document frequency 1 + ln((1 + n) / (1 + df)) (Salton & Buckley 1988, "Term-weighting approaches in
    automatic text retrieval", Information Processing & Management 24(5)). Letter groups stay within a word, hence they are
    counted once per distinct word and carried to the texts by one sparse product.
    """

    def __init__(self, tokens: Tokens, limit: int = 30_000) -> None:
        least = 2 if tokens.size >= 50 else 1
        self._limit = limit
        self._words = {word: position for position, word in enumerate(tokens.words)}
        counted = _counts(tokens.text, tokens.ids, (tokens.size, len(tokens.words)))
        texts, pairs = self._pairs(tokens, np.arange(len(tokens.words)))
        self._pair_keys, numbered = np.unique(pairs, return_inverse=True)
        paired = _counts(texts, numbered, (tokens.size, len(self._pair_keys)))
        self._kept_words, self._word_idf = _kept(counted, least, limit)
        self._kept_pairs, self._pair_idf = _kept(paired, max(2, least), limit)
        self._grams: dict[str, int] = {}
        letters = counted @ self._letters(tokens.words, learn=True)
        self._kept_grams, self._gram_idf = _kept(letters, least, limit)

    def apply(self, tokens: Tokens) -> sparse.csr_matrix:
        """The features of `tokens`, shape (n, features), rows of length <= sqrt(2); all zero where nothing is known."""
        known = np.array([self._words.get(word, -1) for word in tokens.words], dtype=np.int64)
        ids = known[tokens.ids] if len(tokens.ids) else tokens.ids
        seen = ids >= 0
        words = _counts(tokens.text[seen], ids[seen], (tokens.size, len(self._words)))[:, self._kept_words]
        texts, pairs = self._pairs(tokens, known)
        place = np.searchsorted(self._pair_keys, pairs)
        place[place == len(self._pair_keys)] = 0
        found = self._pair_keys[place] == pairs if len(self._pair_keys) else np.zeros(len(pairs), dtype=bool)
        paired = _counts(texts[found], place[found], (tokens.size, len(self._pair_keys)))[:, self._kept_pairs]
        every = _counts(tokens.text, tokens.ids, (tokens.size, len(tokens.words)))
        letters = (every @ self._letters(tokens.words, learn=False))[:, self._kept_grams]
        first = sparse.hstack([_weighted(words, self._word_idf), _weighted(paired, self._pair_idf)]).tocsr()
        return sparse.hstack([_unit(first), _unit(_weighted(letters, self._gram_idf))]).tocsr()

    def _pairs(self, tokens: Tokens, known: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        ids = known[tokens.ids] if len(tokens.ids) else tokens.ids
        near = (tokens.text[1:] == tokens.text[:-1]) & (ids[1:] >= 0) & (ids[:-1] >= 0)
        return tokens.text[1:][near], ids[:-1][near] * len(self._words) + ids[1:][near]

    def _letters(self, words: Sequence[str], learn: bool) -> sparse.csr_matrix:
        rows: list[int] = []
        columns: list[int] = []
        for row, word in enumerate(words):
            framed = f" {word[:40]} "
            for length in (2, 3, 4):
                for start in range(len(framed) - length + 1):
                    gram = framed[start : start + length]
                    column = self._grams.setdefault(gram, len(self._grams)) if learn else self._grams.get(gram, -1)
                    if column >= 0:
                        rows.append(row)
                        columns.append(column)
        return _counts(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64), (len(words), len(self._grams)))


def _counts(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> sparse.csr_matrix:
    made = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    made.sum_duplicates()
    return made


def _kept(counted: sparse.csr_matrix, least: int, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The columns worth keeping, in order, and their inverse document frequency."""
    found = np.asarray((counted > 0).sum(axis=0)).ravel()
    kept = np.flatnonzero(found >= least)
    if len(kept) > limit:
        kept = np.sort(kept[np.argsort(-found[kept], kind="stable")[:limit]])
    idf = 1 + np.log((1 + counted.shape[0]) / (1 + found[kept]))
    return kept.astype(np.int64), idf.astype(np.float64)


def _weighted(counted: sparse.csr_matrix, idf: NDArray[np.float64]) -> sparse.csr_matrix:
    weighted = counted.copy()
    weighted.data = 1 + np.log(weighted.data)
    return (weighted @ sparse.diags(idf)).tocsr()


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled: sparse.csr_matrix = (sparse.diags(1 / np.where(length > 0, length, 1)) @ matrix).astype(np.float64)
    return scaled
