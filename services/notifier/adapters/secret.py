"""A text that only Secrets Manager holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEPT = 300.0  # how long a secret is kept before it is read again [s]


@dataclass(slots=True)
class Secret:
    """A text in Secrets Manager, read when it is needed and kept for some minutes."""

    client: Any  # the stubs in use leave Secrets Manager out
    name: str
    clock: Callable[[], float] = time.monotonic
    _text: str = ""
    _read_at: float = field(default=float("-inf"))

    def __call__(self) -> str:
        """Return the text."""
        if self.clock() - self._read_at > KEPT:
            answer = self.client.get_secret_value(SecretId=self.name)
            self._text, self._read_at = answer["SecretString"].strip(), self.clock()
        return self._text
