"""Pages of the first room: sources, quarantine, links, timelines."""
