"""Prove: hours and money recovered, before and after."""
