"""Between moments, as messages and tables have them, and the time stamps of arrays."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np


def stamp(moment: datetime) -> np.datetime64:
    """Return a moment as arrays have it: in UTC, without a zone, to the second."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")


def moment(stamp: np.datetime64) -> datetime:
    """Return the moment of a time stamp in UTC."""
    found: datetime = stamp.astype("datetime64[s]").item()
    return found.replace(tzinfo=UTC)
