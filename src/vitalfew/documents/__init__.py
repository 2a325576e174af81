"""Documents: pages and PDF, one writer each, fed by the tables of a run."""
