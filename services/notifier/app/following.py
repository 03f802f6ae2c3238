"""Follows a model's stories: keeps each fact, and tells what the facts together have come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.notifier.app.boards import Boards
from services.notifier.domain import rendering
from services.notifier.domain.notice import Entry, Notice, Standing
from services.notifier.domain.stories import mails, threads
from services.notifier.domain.stories.mails import Patience
from services.notifier.domain.stories.threads import Thread
from services.notifier.ports import Journals, Timer
from shared.clock import Clock
from shared.messages import AnyMessage


@dataclass(frozen=True, slots=True)
class Following:
    """One message for each end of a story, and one that grows where a channel can change what it sent."""

    journals: Journals
    tell_end: Callable[[Notice], None]
    boards: Boards
    timer: Timer
    clock: Clock
    patience: Patience

    def hear(self, message: AnyMessage) -> None:
        """Keep a fact, and tell what it brings to its story."""
        notice = rendering.render(message, self.clock())
        if notice is None:
            return
        model_id = notice.model
        kept = Entry(notice, Standing.WITHIN, self.clock(), message=message.model_dump_json())
        self.journals.note(model_id, kept)
        self._look(model_id, only=message.id)

    def sweep(self) -> None:
        """Tell what waited for facts that did not come."""
        now = self.clock()
        for model_id, at in self.journals.due():
            if at <= now and not self._look(model_id):
                self.journals.looked(model_id, at)

    def _stories(self, model_id: str) -> list[Thread]:
        facts = self.journals.read(model_id)
        heard = {message.id: at for message, at in facts}
        return threads.threads((message for message, _ in facts), heard)

    def _look(self, model_id: str, only: str = "") -> bool:
        """Tell the ends of stories that are due; return whether others are due later.

        Parameters
        ----------
        only
            A fact, whose story alone is looked at; the others have been told.
        """
        now = self.clock()
        later = []
        for thread in self._stories(model_id):
            for each in mails.mails(thread, self.patience):
                if each.due_at > now:
                    later.append(each.due_at)
                elif not only or any(fact.id == only for fact in thread.facts):
                    self.tell_end(each.notice)
            if not only or any(fact.id == only for fact in thread.facts):
                retry = self.boards.show(thread)
                if retry is not None:
                    later.append(retry)
        if later:
            self.journals.look_again(model_id, min(later))
            self.timer.wake(max(min(later) - now, timedelta(seconds=1)))
        return bool(later)
