"""What the platform refuses, in words for people."""

from __future__ import annotations


class PlatformError(Exception):
    """The platform cannot start, or not do what it was asked; the text says what to do."""
