"""What can go wrong in a deployment, in words that say what to do next."""

from __future__ import annotations


class DeployError(Exception):
    """A deployment cannot go on; the text says what happened, where, and what to do next."""
