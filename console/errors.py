"""What the command line says instead of a traceback."""

from __future__ import annotations


class ConsoleError(Exception):
    """Something that the person at the keyboard can do something about."""
