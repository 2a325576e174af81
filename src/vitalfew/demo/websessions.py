"""web_sessions.parquet: visits to the shop step by step, with what people leave at, on the desk's screen and on the phone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vitalfew.demo import bad
from vitalfew.demo.catalogue import TICKETS_FROM, catalogue
from vitalfew.demo.events import LAST
from vitalfew.demo.exports import START, Export, shop_user
from vitalfew.demo.files import Row, wanted_bad
from vitalfew.demo.plan import Floats
from vitalfew.demo.world import Flags, days

STEPS = ("visit", "search", "product page", "basket", "checkout", "payment", "order placed")
STAGES = ("aware", "compare", "compare", "purchase", "purchase", "purchase", "purchase")
PASS_DESKTOP = (0.86, 0.84, 0.62, 0.88, 0.93, 0.96)
PASS_MOBILE = (0.84, 0.76, 0.45, 0.72, 0.8, 0.93)
TROUBLED = {"search": 1, "checkout": 4, "mobile": 3}
"""Issue and the step at which those affected give up more often."""
DEVICES = ("desktop", "mobile")
CAME_BY = ("direct", "search engine", "newsletter", "partner site")
BATCH = 60_000
COLUMNS = ("event", "session", "event_time", "user_id", "step", "stage", "device", "came_by")


def write(out: Export) -> None:
    """Write the sessions of two years; a third of them are of visitors who did not log in."""
    world = out.world
    rng = np.random.default_rng([world.seed, 17])
    users = np.flatnonzero(world.people.in_shop)
    start = float(days(TICKETS_FROM))
    total = round(len(world.people.account) * world.scale.sessions * (LAST - start) / 365.25)
    path = out.path("web_sessions.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    numbered = 0
    with pq.ParquetWriter(path, schema, compression="zstd", write_statistics=False) as writer:
        for first in range(0, total, BATCH):
            out.progress(f"web sessions {first:,} of {total:,}")
            count = min(BATCH, total - first)
            who = users[(rng.random(count) * len(users)).astype(np.int64)]
            mobile = rng.random(count) < 0.32
            events = _events(first, numbered, who, mobile, _depth(out, rng, who, mobile), start, rng)
            numbered += events.num_rows
            if first == 0:
                events = _with_bad(out, events, wanted_bad(total))
            writer.write_table(events)


def _with_bad(out: Export, events: pa.Table, wanted: int) -> pa.Table:
    """The events, with bad ones among the first two thousand."""
    rows: list[Row] = [list(row) for row in zip(*events.slice(0, 2000).to_pydict().values(), strict=True)]
    columns = zip(*out.spoilt.into("web", rows, bad.WEB, wanted), strict=True)
    spoilt = pa.table([pa.array(column, pa.string()) for column in columns], schema=events.schema)
    return pa.concat_tables([spoilt, events.slice(2000)])


def _depth(out: Export, rng: np.random.Generator, who: Any, mobile: Flags) -> Any:
    """How many steps each session takes, 1 to 7."""
    passing: Floats = np.where(mobile[:, None], np.array(PASS_MOBILE), np.array(PASS_DESKTOP))
    for position, issue in enumerate(catalogue().issues):
        if issue.key in TROUBLED:
            met = out.world.traits[who, position] & (mobile | (issue.key != "mobile"))
            passing[:, TROUBLED[issue.key]] *= np.where(met, 0.5, 1.0)
    return 1 + np.cumprod(rng.random(passing.shape) < passing, axis=1).sum(axis=1)


def _events(first: int, numbered: int, who: Any, mobile: Flags, depth: Any, start: float, rng: np.random.Generator) -> pa.Table:
    count = len(who)
    known = rng.random(count) < 0.67
    at = np.floor(start + rng.random(count) * (LAST - start - 1)) + (5 + 17 * rng.beta(2, 2, count)) / 24
    came = rng.integers(0, len(CAME_BY), count)
    session = np.repeat(np.arange(count), depth)
    begins = np.repeat(np.cumsum(depth) - depth, depth)
    step = np.arange(len(session)) - begins
    gaps = rng.exponential(70.0, len(session))
    gaps[step == 0] = 0.0
    elapsed = np.cumsum(gaps)
    seconds = np.rint(at[session] * 86400 + elapsed - elapsed[begins]).astype("timedelta64[s]")
    users = [shop_user(person) if logged else None for person, logged in zip(who.tolist(), known.tolist(), strict=True)]
    columns = {
        "event": pa.array([f"W{number:08d}" for number in range(numbered + 1, numbered + len(session) + 1)]),
        "session": pa.array([f"S{first + place + 1:07d}" for place in range(count)]).take(session),
        "event_time": pc.strftime(pa.array(np.datetime64(START, "s") + seconds), format="%Y-%m-%dT%H:%M:%SZ"),
        "user_id": pa.array(users, pa.string()).take(session),
        "step": pa.array(STEPS).take(step),
        "stage": pa.array(STAGES).take(step),
        "device": pa.array(DEVICES).take(mobile[session].astype(np.int64)),
        "came_by": pa.array(CAME_BY).take(came[session]),
    }
    return pa.table(columns)
