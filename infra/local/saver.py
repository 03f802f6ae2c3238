"""Writes the state while the platform runs, so that little is lost when it is killed."""

from __future__ import annotations

import os
import time

from infra.local import emulator
from infra.local.patches import disk
from infra.local.ticker import Ticker

INTERVAL_VARIABLE = "SOLAR_LOCAL_SAVE_EVERY"
DEFAULT_INTERVAL = 10.0  # [s]
_REST = 50.0  # saving takes at most a fiftieth of the time


class Saver:
    """Saves every so often; the more there is to save, the rarer."""

    def __init__(self, ticker: Ticker) -> None:
        self._not_before = 0.0
        ticker.every(float(os.environ.get(INTERVAL_VARIABLE, DEFAULT_INTERVAL)), self.save)

    def save(self) -> None:
        """Write the state of all services, each file at once."""
        started = time.monotonic()
        if started >= self._not_before:
            emulator.save_all(disk.patient_readers(emulator.state_readers)())
            took = time.monotonic() - started
            self._not_before = started + _REST * took
