"""Looks once a day at whether anybody reads the e-mail, and tells the other channels where nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain import delivery
from services.notifier.domain.notice import Entry, Standing
from services.notifier.ports import Measures, Notices, Readers, Subscribed, Timer
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Checking:
    """SNS drops a subscription that nobody confirms within two days, and one that the reader ends."""

    readers: Readers
    notices: Notices
    timer: Timer
    measures: Measures
    clock: Clock

    def look(self) -> None:
        """Tell of every e-mail topic that reaches nobody, or somebody less than it should; once a day.

        Where nobody is left who could be told, an alarm says so, in the console and in `solar status`.
        """
        now, unheard = self.clock(), 0
        readers = self.readers()
        for reader in readers:
            if not isinstance(reader.courier, Subscribed):
                continue
            said = reader.courier.subscriptions()
            if said.is_well:
                continue
            notice = delivery.subscription_is_ill(reader.name, said, now)
            # What nobody reads need not be sent there; whoever else reads it hears of the rest.
            spares = "" if said.confirmed else reader.name
            self.notices.open(Entry(notice, Standing.SENDING, now, spares=spares))
            self.timer.wake(timedelta(seconds=1))
            unheard += not any(each.name != spares and each.rule.wants(notice) for each in readers)
        self.measures.count("MailUnheard", unheard)
