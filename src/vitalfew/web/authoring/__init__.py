"""What people write: promises, initiatives, whys and the rest, with history, comments, approval and undo."""
