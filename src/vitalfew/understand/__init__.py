"""Understand: metrics, drivers, the vital few comments, promises, value and journeys."""
