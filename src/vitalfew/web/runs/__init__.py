"""Runs: started, scheduled, watched, cancelled, compared."""
