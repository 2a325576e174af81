"""Pages of the fourth room: one-page strategies, RACI, risks, and the homes of those who act."""
