"""When a notice that a channel did not take is sent again, and when nobody tries any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifier.domain.notice import (
    WORDS,
    Delivery,
    Entry,
    Notice,
    Severity,
    Standing,
)
from shared.errors import RetryableError
from shared.ids import content_id

LEASE = timedelta(seconds=60)  # longer than a sending takes, shorter than the queue's redelivery
PATIENCE = timedelta(days=2)  # for which a notice is sent again
REST = timedelta(seconds=30)  # for which a channel is left alone that fails
MOST_SHOWN = 30  # notices of quiet hours
QUIET = "quiet hours"  # why a notice waits
_STEPS = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]
_LONGEST = timedelta(hours=1)


class BusyError(RetryableError):
    """A channel takes nothing for so many seconds."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Who subscribed to a topic's e-mail, and who ended that; `expected`: somebody should have."""

    confirmed: int
    pending: int
    expected: bool = True
    deleted: int = 0

    @property
    def is_well(self) -> bool:
        """Whether everybody who should be reached is."""
        return self.pending == 0 and (self.confirmed > 0 or not self.expected)


def taken(now: datetime) -> Delivery:
    """Return that a recipient has it."""
    return Delivery(sent_at=now)


def refused(why: str, now: datetime) -> Delivery:
    """Return that a recipient will never have it."""
    return Delivery(gave_up_at=now, why=why)


def tried(
    before: Delivery, entry: Entry, why: str, now: datetime, asked: timedelta = REST
) -> Delivery:
    """Return when it is sent again, or that it is given up after two days.

    Parameters
    ----------
    asked
        For how long the channel wants to be left alone.
    """
    if now - entry.tried_since >= PATIENCE:
        return replace(before, next_try=None, gave_up_at=now, why=f"in vain for two days: {why}")
    step = _STEPS[before.tries] if before.tries < len(_STEPS) else _LONGEST
    return Delivery(next_try=now + max(step, asked), tries=before.tries + 1, why=why)


def resting(before: Delivery, until: datetime, why: str) -> Delivery:
    """Return that it waits until a channel takes something again; that is no try."""
    return replace(before, next_try=until, why=why)


def ended(deliveries: list[Delivery]) -> Standing:
    """Return what a notice is once nothing more is sent of it."""
    return (
        Standing.UNDELIVERED
        if any(each.gave_up_at is not None for each in deliveries)
        else Standing.SENT
    )


def channel_is_gone(recipient: str, why: str, now: datetime) -> Notice:
    """Return what everybody else is told of a channel that refuses messages, once a day."""
    return Notice(
        id=content_id("channel refused", recipient, f"{now:%Y-%m-%d}"),
        kind="channel_refused",
        severity=Severity.CRITICAL,
        subject=f"The channel {recipient} takes no messages",
        lines=(
            f"What it said: {why}.",
            "What to do: mend it (docs/runbooks/notifier.md#undelivered), then send again what is missing: "
            "solar notices --redrive.",
        ),
        happened_at=now,
        facts=(("Channel", recipient), ("What is missing", "solar notices --undelivered")),
    )


def subscription_is_ill(recipient: str, said: Subscriptions, now: datetime) -> Notice:
    """Return what people are told of e-mail that somebody does not get, once a day."""
    subject = (
        f"An e-mail subscription of {recipient} waits to be confirmed"
        if said.confirmed
        else f"Nobody gets the e-mail of {recipient}"
    )
    why = (
        "The owner of the address has not confirmed the subscription; SNS forgets it after two days."
        if said.pending
        else "The topic has no subscription: it was ended, or SNS dropped it because mail came back."
    )
    return Notice(
        id=content_id("subscription", recipient, f"{now:%Y-%m-%d}"),
        kind="subscription",
        severity=Severity.WARNING,
        subject=subject,
        lines=(
            why,
            "What to do: let the owner open the request to confirm, or deploy again with --email for a new "
            "one (docs/runbooks/notifier.md#nobody-gets-e-mail-and-no-alarm).",
        ),
        happened_at=now,
        facts=(("Confirmed", str(said.confirmed)), ("Waiting", str(said.pending))),
    )


def after_quiet_hours(recipient: str, until: datetime, notices: Sequence[Notice]) -> Notice:
    """Return one notice of what came in a recipient's quiet hours, the gravest first, then by site."""
    ordered = sorted(
        notices, key=lambda each: (-each.severity, each.site, each.happened_at, each.id)
    )
    shown = [f"- {WORDS[each.severity]}{each.subject}{_what_to_do(each)}" for each in ordered]
    more = len(shown) - MOST_SHOWN
    if more > 0:
        shown = [*shown[:MOST_SHOWN], f"- and {more} more; `solar notices` lists every one"]
    return Notice(
        id=content_id("quiet hours", recipient, until),
        kind="digest",
        severity=ordered[0].severity,
        subject=f"{len(ordered)} things came in your quiet hours",
        lines=("\n".join(shown),),
        happened_at=until,
    )


def _what_to_do(notice: Notice) -> str:
    return f". What to do: {notice.remedy}" if notice.remedy else ""
