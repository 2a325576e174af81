"""The REST API and the outgoing webhooks."""
