"""Remembers which files were refused, and tells when they need nobody any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.notifier.domain.notice import Notice
from services.notifier.domain.refusals import Refusal, end_of
from services.notifier.domain.rendering import data
from services.notifier.ports import Notices, Refusals
from shared.errors import ConflictError
from shared.messages import DataAccepted, FileQuarantined, FileSettled

_TRIES = 8  # two processes at most change a case at the same time


@dataclass(frozen=True, slots=True)
class Mending:
    """Closes what people were told of refused files. Of a file that was never refused nobody hears."""

    refusals: Refusals
    notices: Notices
    tell_people: Callable[[Notice], None]

    def refused(self, message: FileQuarantined) -> None:
        """Remember a refused file, unless people were told of this refusal: then it came again, and late.

        Raises
        ------
        ConflictError
            Others changed the case again and again; the message comes back.
        """
        if self.notices.find(message.id) is not None:
            return
        for _ in range(_TRIES):
            if self._remembered(message):
                return
        raise _changing(message.key)

    def settled(self, message: DataAccepted | FileSettled) -> None:
        """Tell what became of a refused file; it is forgotten only when that is told.

        Raises
        ------
        ConflictError
            Others changed the case again and again; the message comes back.
        """
        for _ in range(_TRIES):
            refusal = self.refusals.find(message.key)
            if refusal is None or refusal.at > message.occurred_at:
                return
            case = self.refusals.case(refusal.site, refusal.code)
            if not refusal.ended:
                ended = replace(refusal, ended=end_of(message))
                case = case.with_end(ended.ended)
                if not self.refusals.keep(ended, case):
                    continue
            self.tell_people(data.settled(message, case))
            self.refusals.forget(message.key)
            return
        raise _changing(message.key)

    def _remembered(self, message: FileQuarantined) -> bool:
        """Count a refused file in its case, and out of the one it was in; False where somebody came first."""
        known = self.refusals.find(message.key)
        now = Refusal(message.key, message.site_id, message.reason_code, message.occurred_at)
        if known is None or known.ended:
            case = self.refusals.case(now.site, now.code).with_one_more()
            revision = known.revision if known else 0
            return self.refusals.keep(replace(now, revision=revision), case)
        if known.at > now.at:
            return True  # what came later is known already
        if known.code == now.code:
            return self.refusals.keep(replace(known, at=now.at))
        left = self.refusals.case(known.site, known.code).with_one_less()
        joined = self.refusals.case(now.site, now.code).with_one_more()
        return self.refusals.keep(replace(now, revision=known.revision), left, joined)


def _changing(key: str) -> ConflictError:
    return ConflictError(f"the files refused like {key} change all the time")
