"""Shows each story as one message that grows, on the channels that can change what they sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifier.domain import delivery
from services.notifier.domain.notice import Notice
from services.notifier.domain.offer import Link
from services.notifier.domain.stories.board import board
from services.notifier.domain.stories.mails import Patience
from services.notifier.domain.stories.threads import Thread
from services.notifier.ports import Board, Readers, Shown
from shared.clock import Clock
from shared.errors import NotFoundError, PermanentError
from shared.ids import content_id


@dataclass(frozen=True, slots=True)
class Boards:
    """Posts a story once, and lets that message say more as more is known."""

    readers: Readers
    shown: Shown
    links_of: Callable[[Notice, str], Sequence[Link]]
    refused: Callable[[str, str], None]
    clock: Clock
    patience: Patience

    def show(self, thread: Thread) -> datetime | None:
        """Bring a story's message up to date; return when to try again where a channel does not take it."""
        notice = board(thread, self.patience)
        tries = [
            self._show_on(each.courier, thread.name, each.rule.written(notice), len(thread.facts))
            for each in self.readers()
            if isinstance(each.courier, Board) and each.rule.wants(notice)
        ]
        return min(filter(None, tries), default=None)

    def _show_on(self, courier: Board, story: str, notice: Notice, facts: int) -> datetime | None:
        now, recipient = self.clock(), courier.recipient
        # A story only grows, so that of two of its messages the one with more facts is the newer.
        content = f"{facts:04d} {content_id(notice.subject, notice.lines, notice.facts)}"
        if _says_enough(self.shown.shown(story, recipient)[1], content):
            return None
        if not self.shown.take(story, recipient, now + delivery.LEASE, now):
            return now + delivery.LEASE  # another process shows it, perhaps without the newest fact
        reference, says = self.shown.shown(story, recipient)
        if _says_enough(says, content):
            self.shown.show(story, recipient, reference, says)
            return None
        try:
            reference = self._shown(courier, reference, notice, self.links_of(notice, recipient))
        except PermanentError as trouble:
            self.refused(recipient, str(trouble))
            return None
        except Exception:  # noqa: BLE001 - other channels have the story's ends; this is tried again
            return now + delivery.LEASE
        self.shown.show(story, recipient, reference, content)
        return None

    def _shown(self, courier: Board, reference: str, notice: Notice, links: Sequence[Link]) -> str:
        if reference:
            try:
                courier.update(reference, notice, links)
            except NotFoundError:
                return courier.post(notice, links)  # somebody deleted it
            return reference
        return courier.post(notice, links)


def _says_enough(says: str, content: str) -> bool:
    return says == content or says[:4] > content[:4]
