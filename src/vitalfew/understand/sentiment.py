"""Praise or complaint: from the score a customer gave, and from a small list of words in six languages.

The list is of word beginnings, accents folded, so that one entry serves a family of forms ("reclam" for reclamo, reclamar,
reclamação). It holds only words that are seldom neutral when customers write; where it finds none, the answer is 'unknown',
never a guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitalfew.understand.words import NEGATIONS, Tokens

Signs = NDArray[np.int8]

# A star at the end: any word that begins so. Without a star: that word only.
_GOOD = """
amaz* awesome* best brilliant* delight* easy easily effortless* efficient* enjoy* excellen* fantastic* fast friendly glad good
great happy helpful impress* kind love loved lovely loves perfect* pleas* polite* prompt* quick* recommend* reliabl* satisf*
smooth* superb* thank thanks wonderful* outstanding* flawless* intuitive adorei adoro amei agil bem bom boa bons boas
confiavel confiaveis excelen* facil gostei gostamos gosto lindo linda lindos lindas maravilh* melhor otim* obrigad* parabens
perfeit* pontual* rapid* recomend* satisfeit* super caprichad* antes bien bueno buena buenos buenas encanta* excelent* genial*
gracias mejor perfect* rapido satisfech* agradable* amable* estupend* maravill* agreable* bon bonne bons bonnes bravo content
contente excellent* facile* formidable* gentil* merci meilleur* parfait* rapide* ravi* satisfait* super ausgezeichnet*
begeister* beste* danke einfach* empfehl* freundlich* gut gute guten guter gutes hervorragend* hilfreich* perfekt* prima
schnell* super toll tolle toller zufrieden* zuverlassig* wunderbar* bravo bravi buon* contento contenta eccellent* efficient*
facile felice fantastic* gentil* grazie meraviglios* migliore ottim* perfett* puntual* rapid* soddisfatt* veloc* consigli*
"""
_BAD = """
angry annoy* appall* atrocious awful* bad badly broken bug* cancelled cheat* complain* confus* crap* crash* damag* defect*
delay* disappoint* dirty disgust* dreadful expensive error* fail* fault* frustrat* hate* horribl* ignor* incompeten* lied late
lost mess miss missed missing mistake* overcharg* pathetic poor* problem* refus* ridiculous* rude* scam* shame* slow* stolen
stuck terribl* ugly unacceptabl* unfriendly unhappy unhelpful unprofessional unreliabl* upset* useless wait waiting waited
waste* worse worst wrong* overpriced impossible unclear struggl* never absurd* atras* cancelad* danificad* decepci* defeit*
demor* descaso devolv* engan* errad* erro estragad* falt* falsific* feia feio fraud* horrivel horriveis insatisfeit* lament*
lento lenta mal pessim* pior piores prejuizo problema* propaganda quebrad* quebrou rasgad* reclam* ruim ruins sumiu pendente
cade vergonh* extravi* frustrad* incomplet* diferente arrepend* enganos* averiad* caro defectuos* demasiado decepcion*
enfadad* error* falla* horribl* lent* mala malo malas malos nunca peor perdid* problema* queja* retras* rota roto sucio tarde
terribl* vergonz* estaf* abim* arnaque* attend* cass* cher chere decev* decu* defaut* defectueu* erreur* honte* horribl*
inadmissib* lent lente mauvais* nul nulle perdu* pire probleme* retard* sale scandal* inacceptab* manqu* jamais arger*
argerlich* beschadig* beschwer* defekt* enttausch* falsch* fehler* fehlt* furchtbar* kaputt* katastroph* langsam* leider
mangel* nie schlecht* schlimm* teuer* unfreundlich* unverscham* unzufrieden* verspat* verlor* warten warte wartezeit*
unbrauchbar* problem* cattiv* delus* difett* errore errori guast* inaccettabil* lent* mai mancan* orribil* peggio peggior*
pessim* problem* reclam* ritard* rott* sbagliat* scadent* sporc* truff* vergogn*
"""
_REACH = 3


class _List:
    def __init__(self, text: str) -> None:
        entries = text.split()
        self.whole = frozenset(entry for entry in entries if not entry.endswith("*"))
        self.starts = frozenset(entry[:-1] for entry in entries if entry.endswith("*"))

    def holds(self, word: str) -> bool:
        return word in self.whole or any(word[:length] in self.starts for length in range(3, len(word) + 1))


_GOOD_LIST, _BAD_LIST = _List(_GOOD), _List(_BAD)


def word_sign(word: str) -> int:
    """1 for a word of praise, -1 for one of complaint, 0 for any other. The word is folded."""
    good, bad = _GOOD_LIST.holds(word), _BAD_LIST.holds(word)
    return int(good) - int(bad)


def text_signs(tokens: Tokens, denial: bool = True) -> Signs:
    """Of each text 1, -1 or 0 by its words: shape (n,). A word of praise within three words after a negation counts as a complaint.

    A negated complaint ("no problem") counts as nothing: it is praise as often as not. With `denial`, a text without any listed
    word in which something is negated ("have not received it") is a complaint.
    """
    sign = np.array([word_sign(word) for word in tokens.words], dtype=np.int64)
    negates = np.array([word in NEGATIONS for word in tokens.words], dtype=bool)
    if not len(tokens.ids):
        return np.zeros(tokens.size, dtype=np.int8)
    of_word, negated = sign[tokens.ids], np.zeros(len(tokens.ids), dtype=bool)
    denies = negates[tokens.ids]
    for reach in range(1, _REACH + 1):
        negated[reach:] |= denies[:-reach] & (tokens.text[reach:] == tokens.text[:-reach])
    listed = np.bincount(tokens.text, weights=of_word != 0, minlength=tokens.size)
    of_word = np.where(negated & (of_word > 0), -1, np.where(negated & (of_word < 0) & ~denies, 0, of_word))
    total = np.bincount(tokens.text, weights=of_word, minlength=tokens.size)
    denied = np.bincount(tokens.text, weights=denies, minlength=tokens.size)
    return np.where(listed > 0, np.sign(total), np.where((denied > 0) & denial, -1, 0)).astype(np.int8)


def score_signs(values: NDArray[np.float64], low: float, high: float, nps: bool) -> NDArray[np.float64]:
    """Of each score 1, 0 or -1, NaN without one. NPS: 9-10, 7-8, 0-6; else the top two fifths of the scale, the middle, the
    bottom two.

    On 1 to 5 that is 4-5, 3, 1-2.
    """
    if nps:
        signs = np.where(values >= 9, 1.0, np.where(values >= 7, 0.0, -1.0))
    else:
        place = (values - low) / (high - low)
        signs = np.where(place > 0.6, 1.0, np.where(place >= 0.4, 0.0, -1.0))
    return np.where(np.isnan(values), np.nan, signs)


def named(score: NDArray[np.float64], words: Signs, several: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The sentiment of each mention. The score decides where there is one; a middle score, and none, leave it to the words.

    Words against the score are believed where the comment has `several` thoughts, and make a comment of one thought 'mixed'. A
    middle score without a telling word is 'mixed'; nothing at all is 'unknown'.
    """
    scored = np.isfinite(score)
    clash = scored & (np.where(scored, score, 0) * words < 0)
    sign = np.where(scored & (score != 0) & ~(clash & several), np.where(scored, score, 0), words)
    names = np.where(sign > 0, "positive", np.where(sign < 0, "negative", np.where(scored, "mixed", "unknown")))
    return np.where(clash & ~several, "mixed", names).astype(object)
