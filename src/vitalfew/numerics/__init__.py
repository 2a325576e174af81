"""Pure NumPy that several rooms need. Nothing here reads a table, a file or a clock."""
