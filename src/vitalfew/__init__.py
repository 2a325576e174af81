"""Vital Few: of everything your customers tell you, the few things to do."""

__version__ = "0.1.0"
