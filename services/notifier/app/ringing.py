"""Tells alarms and their ends; an end says for how long the alarm rang."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.domain.notice import Notice
from services.notifier.domain.rendering import cloud
from services.notifier.ports import Alarms
from shared.inbox import AlarmChanged


@dataclass(frozen=True, slots=True)
class Ringing:
    """Remembers since when each alarm rings."""

    alarms: Alarms
    tell_people: Callable[[Notice], None]
    docs_url: str = ""

    def hear(self, changed: AlarmChanged) -> None:
        """Tell that an alarm rings or no longer does, once."""
        began_at = None
        if changed.state == "ALARM":
            self.alarms.rings(changed.name, changed.occurred_at)
        elif changed.state == "OK":
            began_at = self.alarms.began(changed.name, changed.occurred_at)
        notice = cloud.alarm(changed, began_at, self.docs_url)
        if notice is not None:
            self.tell_people(notice)
