"""Of a large run's figures: which could differ from a coarser one by a few people, as far as a sample of the people can tell.

The sample is every 32nd person by the hash of the name. It never holds more people than the whole, so a crowd in it is a crowd;
only figures it leaves in doubt are counted through. On 20 million records a count takes ten seconds, the sample half a second.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from vitalfew.engine.reader import Reader, Row

# Tables of fewer facts are counted through: that takes no longer.
MANY = 2_000_000
PART = 32
# Estimated (HyperLogLog, within a few in a hundred), so far above any least number of people.
_CROWD = 500
_CROWD_OF_SAMPLE = 100


@dataclass(frozen=True)
class Estimate:
    """How people are estimated in SQL, and from which estimate on there is a crowd."""

    sql: str
    crowd: int


def estimate(reader: Reader, table: str, crowd: int = _CROWD) -> Estimate:
    """How the people of a group of facts (`unit`) of `table` are estimated: all of them, or from the sample of a large table."""
    if not is_large(reader, table):
        return Estimate("approx_count_distinct(unit)", crowd)
    sampled = f"{PART} * approx_count_distinct(unit) FILTER (WHERE unit % {PART} = 0)"
    return Estimate(sampled, PART * _CROWD_OF_SAMPLE)


def is_large(reader: Reader, table: str) -> bool:
    """Whether so many facts lie in `table` that a sample is asked first."""
    return int(reader.select(f"SELECT count(*) AS n FROM {{{table}}}", (table,))[0]["n"]) >= MANY


SAMPLED = f"f.unit % {PART} = 0"


@dataclass
class _Figure:
    constant: int
    crowds: list[int] = field(default_factory=list)


def doubtful(rows: Sequence[Row], chosen: Collection[int]) -> tuple[str, ...]:
    """The cells with a figure that a coarser one may have only a few people more than.

    `rows` are figures (cell, piece) with the dimensions that are `constant` in them, each with a group of the sample's people
    outside by the constant dimensions they `shared`, and how many: `n`. `chosen` are the dimensions the figure was chosen by, as
    places.

    Whoever is outside differs in a chosen dimension. So when for each chosen dimension there is a crowd that shares all the other
    constant ones, every coarser figure has that crowd more.

    >>> row = {"cell": "late", "piece": "", "constant": 0b11, "shared": 0b01, "n": 900}
    >>> doubtful([row], [1])
    ()
    >>> doubtful([{**row, "n": 3}], [1])
    ('late',)
    """
    figures: dict[tuple[str, str], _Figure] = {}
    for row in rows:
        figure = figures.setdefault((row["cell"], row["piece"]), _Figure(int(row["constant"])))
        if (row["n"] or 0) >= _CROWD_OF_SAMPLE:
            figure.crowds.append(int(row["shared"]))
    found = set()
    for (cell, _piece), figure in figures.items():
        for place in chosen:
            others = figure.constant & ~(1 << place)
            if not any(others & ~crowd == 0 for crowd in figure.crowds):
                found.add(cell)
    return tuple(sorted(found))
