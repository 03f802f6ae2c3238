"""Remembers which files were refused, and tells when they are accepted after all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.domain.notice import Notice
from services.notifier.domain.rendering import data
from services.notifier.ports import Refusals
from shared.messages import DataAccepted, FileQuarantined


@dataclass(frozen=True, slots=True)
class Mending:
    """Closes what people were told of refused files. Of a file that was never refused nobody hears."""

    refusals: Refusals
    tell_people: Callable[[Notice], None]

    def refused(self, message: FileQuarantined) -> None:
        """Remember a refused file."""
        self.refusals.remember(message.key, message.reason_code, message.occurred_at)

    def accepted(self, message: DataAccepted) -> None:
        """Tell that a refused file is accepted now; it is forgotten only when that is told."""
        code = self.refusals.reason(message.key, message.occurred_at)
        if code:
            self.tell_people(data.mended(message, code))
            self.refusals.forget(message.key)
