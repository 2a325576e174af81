"""Pages of the second room: metrics, drivers, themes, promises, customers, journeys."""
