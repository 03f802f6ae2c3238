"""Notes in the endpoint's log which version failed requests: AWS's metrics do not tell fleets apart.

During a canary two versions answer behind one variant. The deployer reads these lines after an alarm, to
learn which of the two it rang for.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

MARK = "solar-fault"
SLOW_SECONDS = 0.5  # as in the latency alarm
_BETWEEN = 1.0  # s; a storm of failures is no storm of lines


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass
class Faults:
    """Writes at most one line a second of each kind, which counts those that were not written.

    Attributes
    ----------
    version
        Version of the model package; without one there is nothing to tell.
    """

    version: int | None
    write: Callable[[str], None] = _to_stderr
    clock: Callable[[], float] = time.monotonic
    _last: dict[str, float] = field(default_factory=dict)
    _unsaid: Counter[str] = field(default_factory=Counter)

    def note(self, kind: Literal["failed", "slow"]) -> None:
        """Note a request that failed, or whose answer took too long."""
        if self.version is None:
            return
        now = self.clock()
        if now - self._last.get(kind, -_BETWEEN) < _BETWEEN:
            self._unsaid[kind] += 1
            return
        line = {
            MARK: kind,
            "model_package_version": self.version,
            "unsaid": self._unsaid.pop(kind, 0),
        }
        self._last[kind] = now
        self.write(json.dumps(line))
