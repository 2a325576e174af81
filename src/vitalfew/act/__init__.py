"""Act: one-page strategies, who does what, and what may go wrong."""
