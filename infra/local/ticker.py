"""One thread for everything that must happen every few seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_LOG = logging.getLogger("solar.ticker")
_STEP = 0.5  # [s]


class Ticker:
    """Calls functions at their intervals; one that fails is logged and called again."""

    def __init__(self) -> None:
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` every so many seconds. [s]"""
        self._due.append((seconds, work))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the call that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        last = dict.fromkeys(range(len(self._due)), 0.0)
        while not self._stopped.wait(_STEP):
            moment = time.monotonic()
            for index, (seconds, work) in enumerate(self._due):
                if moment - last[index] >= seconds:
                    last[index] = moment
                    try:
                        work()
                    except Exception:  # noqa: BLE001  # the border of a thread that must go on
                        _LOG.exception("%s failed", getattr(work, "__qualname__", work))
