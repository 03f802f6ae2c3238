"""Use cases: what the service does about each message."""
