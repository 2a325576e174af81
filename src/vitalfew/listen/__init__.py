"""Listen: every source, one customer, one timeline."""
