"""Checks of what no linter knows: the state machine."""
