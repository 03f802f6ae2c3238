"""Tells people of one thing, once: by itself, or together with what is like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain import grouping
from services.notifier.domain.grouping import Group, Waits
from services.notifier.domain.notice import Entry, Notice, Standing
from services.notifier.ports import Groups, Notices, Timer
from shared.clock import Clock
from shared.errors import ConflictError

_TRIES = 8  # two processes at most change a group at the same time


@dataclass(frozen=True, slots=True)
class Telling:
    """Sends a notice by itself, or lets it gather with others of its cause."""

    notices: Notices
    groups: Groups
    deliver: Callable[[Entry], None]
    timer: Timer
    clock: Clock
    waits: Waits

    def tell(self, notice: Notice, *, only: str = "") -> None:
        """Tell people of something, once; `only` one of them, where one is named."""
        known = self.notices.find(notice.id)
        if known is not None:
            self.deliver(known)
        elif notice.quiet:
            self.notices.open(Entry(notice, Standing.SENT, self.clock()))
        elif notice.cause and not notice.stands_alone:
            self._gather(notice)
        elif not only and self._are_too_many(notice):
            self._gather(notice, wide=True)
        else:
            entry = Entry(notice, Standing.SENDING, self.clock(), only=only)
            self.deliver(self.notices.open(entry))

    def _are_too_many(self, notice: Notice) -> bool:
        """Whether so many went out within this minute that more come together; what is grave counts alone."""
        counted = "grave" if notice.stands_alone else "other"
        window = f"{grouping.window_of(self.clock())}|{counted}"
        return self.notices.count(window) > grouping.MOST_IN_A_WINDOW

    def _gather(self, notice: Notice, *, wide: bool = False) -> None:
        """Let a notice wait for others of its cause.

        Raises
        ------
        ConflictError
            Others changed the group again and again; the message comes back.
        """
        for _ in range(_TRIES):
            now = self.clock()
            known = self._open_group(notice, wide=wide)
            group = known.joined_by(notice, now) if known else self._opened(notice, wide=wide)
            entry = Entry(notice, Standing.WITHIN, now, group=group.id)
            if self.groups.join(entry, group):
                if known is None:
                    self.timer.wake(group.due_at(self.waits) - now)
                return
            if self.notices.find(notice.id) is not None:
                return
        message = f"the group of {notice.cause or notice.kind!r} changes all the time"
        raise ConflictError(message)

    def _open_group(self, notice: Notice, *, wide: bool) -> Group | None:
        if not wide and (found := self.groups.group(notice.cause)) is not None:
            return found
        return self.groups.group(grouping.wide_cause(notice))

    def _opened(self, notice: Notice, *, wide: bool) -> Group:
        now = self.clock()
        if not wide:
            window = f"{grouping.window_of(now, grouping.OPENINGS)}|groups"
            wide = self.notices.count(window) > grouping.MOST_OPENED
        cause = grouping.wide_cause(notice) if wide else notice.cause
        return Group.of(cause, notice, now, wide=wide)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Tells groups whose time has come."""

    groups: Groups
    deliver: Callable[[Entry], None]
    timer: Timer
    clock: Clock
    waits: Waits

    def sweep(self) -> None:
        """Tell what is due, together with what nearly is; what is grave never among lesser things."""
        found = list(self.groups.groups())
        for is_urgent in (True, False):
            self._tell([each for each in found if each.is_urgent is is_urgent])

    def _tell(self, found: list[Group]) -> None:
        now = self.clock()
        if any(each.due_at(self.waits) <= now for each in found):
            ripe = [each for each in found if each.is_ripe(self.waits, now)][:_MOST_TOGETHER]
            current = [self.groups.group(each.cause) for each in ripe]
            fresh = [each for each in current if each is not None]
            due = [each for each in fresh if each.is_ripe(self.waits, now)]
            if any(each.due_at(self.waits) <= now for each in due):
                self._tell_together(due)
                found = [each for each in found if each not in ripe]
        if found:
            soonest = min(each.due_at(self.waits) for each in found)
            self.timer.wake(max(soonest - now, timedelta(seconds=1)))

    def _tell_together(self, due: list[Group]) -> None:
        now = self.clock()
        notice = grouping.told(due, now)
        entry = Entry(notice, Standing.SENDING, now, includes=tuple(each.id for each in due))
        if self.groups.close(due, entry):
            self.deliver(entry)
        else:
            self.timer.wake(timedelta(seconds=2))  # more of a cause came meanwhile


_MOST_TOGETHER = 50  # groups; DynamoDB takes 100 writes in a transaction
