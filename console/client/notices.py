"""What became of a notice, in words."""

from __future__ import annotations

_WORDS = {
    "sending": "being sent",
    "waiting": "being sent",
    "within": "told as part of another message",
    "sent": "sent",
    "undelivered": "did not reach everybody",
}


def state_in_words(state: str) -> str:
    """Return a notice's state as people read it."""
    return _WORDS.get(state, state)
