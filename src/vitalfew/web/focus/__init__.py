"""Pages of the third room: issues, choice, roadmap."""
