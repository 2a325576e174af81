"""Pages of the fifth room: the benefits ledger, effects."""
