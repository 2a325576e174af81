"""The first page after signing in, one for each role."""
