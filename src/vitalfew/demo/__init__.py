"""The demo company: a generator of messy exports with planted truth."""

from vitalfew.demo.writing import write

__all__ = ["write"]
