"""The one door to data.

Rooms describe what they want as Ibis expressions and ask an `Engine` to reduce them; only this package talks to DuckDB.
"""

from vitalfew.engine.base import Engine, Tables, exact_sum
from vitalfew.engine.choice import NAMES, opened
from vitalfew.engine.context import Context, Progress
from vitalfew.engine.duck import DuckEngine

__all__ = ["NAMES", "Context", "DuckEngine", "Engine", "Progress", "Tables", "exact_sum", "opened"]
