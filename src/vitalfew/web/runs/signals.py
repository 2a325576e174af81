"""What others may listen to."""

from __future__ import annotations

from django.dispatch import Signal

# Sent within the transaction in which a job ends, with job (as it was claimed), state and run (the id of the run it made, or "").
job_ended = Signal()
