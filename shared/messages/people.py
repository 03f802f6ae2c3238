"""What notifier is asked and tells, and the schedules' message that every service reads."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.messages.message import Message


class RedriveRequested(Message):
    """A person wants what no channel took to be sent again."""

    type: Literal["solar.redrive_requested"] = "solar.redrive_requested"
    version: Literal[1] = 1
    requested_by: str


class ReviewWritten(Message):
    """What a day or a week brought was written to the bucket, and people are to be told of it."""

    type: Literal["solar.review_written"] = "solar.review_written"
    version: Literal[1] = 1
    span: Literal["day", "week"]
    last: date
    key: str


class SweepDue(Message):
    """It is time to compare what was told with what is there; `cursor` continues a sweep."""

    type: Literal["solar.sweep_due"] = "solar.sweep_due"
    version: Literal[1] = 1
    scope: Literal["quick", "full", "daily"] = "quick"
    cursor: str | None = None
