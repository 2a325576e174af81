"""Who uses the application: companies, members, roles, tokens, the audit log."""
