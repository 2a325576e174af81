"""The demo company: a generator of messy exports with planted truth."""
