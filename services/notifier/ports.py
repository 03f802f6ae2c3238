"""What the service needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use
from services.notifier.domain.notice import Channel, Entry, Notice
from services.notifier.domain.offer import Offer
from shared.messages import AnyMessage


class Notices(Protocol):
    """What was told, and what waits to be told."""

    def find(self, notice_id: str) -> Entry | None:
        """Return a notice's entry, if there is one."""
        ...

    def open(self, entry: Entry) -> Entry:
        """Keep a new entry; return the one that was there first, if there was one."""
        ...

    def count(self, window: str) -> int:
        """Count one more notice in a window; return how many there are now."""
        ...

    def take(self, notice_id: str, channel: Channel, until: datetime, now: datetime) -> bool:
        """Reserve the sending of a notice through a channel; False where another process has it."""
        ...

    def mark(self, notice_id: str, channel: Channel, now: datetime) -> None:
        """Note that a notice went through a channel."""
        ...

    def settle(self, notice_id: str) -> None:
        """Note that a notice is through."""
        ...

    def waiting(self) -> Iterator[Entry]:
        """Yield the entries that wait for a digest, oldest first."""
        ...

    def since(self, moment: datetime) -> Iterator[Entry]:
        """Yield the entries made since some time, oldest first."""
        ...


class TellingHistory(Protocol):
    """What was told, for those who only ask."""

    def newest(self, limit: int, token: str | None) -> tuple[list[Entry], str | None]:
        """Return the newest entries behind a token, and the token to go on with, if any follow.

        Raises
        ------
        ValueError
            No earlier answer gave this token.
        """
        ...


class Courier(Protocol):
    """Carries a notice through one channel."""

    @property
    def channel(self) -> Channel:
        """Return which channel it is."""
        ...

    def send(self, notice: Notice) -> None:
        """Send a notice.

        Raises
        ------
        RetryableError
            The channel does not take it now.
        PermanentError
            The channel will never take it so.
        """
        ...


class Links(Protocol):
    """Makes addresses that open or do what is offered."""

    def address(self, offer: Offer, recipient: str, now: datetime) -> str | None:
        """Return the HTTPS address of an offer, signed for one recipient; None where there are no links."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a service's query function; of an answer in pages, `pages` wants all of it."""

    service: str
    query: str
    about: Mapping[str, Any] = field(default_factory=dict)
    pages: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A service did not answer, and why."""

    reason: str


class Services(Protocol):
    """The other services, which answer questions about themselves."""

    def ask(self, questions: Sequence[Question]) -> list[Mapping[str, Any] | Unanswered]:
        """Return the answers, in the order of the questions; one that fails hinders no other."""
        ...


class Reviews(Protocol):
    """Files of reviews in the bucket."""

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Keep a file; written again, it is replaced."""
        ...

    def read(self, key: str) -> bytes:
        """Return a file.

        Raises
        ------
        NotFoundError
            There is none.
        """
        ...


class OwnInbox(Protocol):
    """The inbox of the function that tells people."""

    def send(self, message: AnyMessage) -> None:
        """Put a message into it."""
        ...


class LinkKeys(Protocol):
    """The keys that sign links."""

    def current(self) -> str:
        """Return the key that signs now."""
        ...

    def known(self, *, fresh: bool = False) -> Mapping[str, str]:
        """Return the keys that are honoured, by their names; `fresh` reads them again."""
        ...


class LinkMeter(Protocol):
    """Counts what happens to links."""

    def refused(self, reason: str) -> None:
        """Count a link that was not honoured."""
        ...


class Shown(Protocol):
    """Objects that links show."""

    def address(self, key: str, content_type: str) -> str | None:
        """Return a short-lived address of an object, or None where there is none.

        Parameters
        ----------
        content_type
            As what a browser shows it; '' lets it be saved.
        """
        ...

    def read(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises
        ------
        NotFoundError
            There is none.
        """
        ...


class Uses(Protocol):
    """Which acting links were used, by whom and why."""

    def find(self, nonce: str) -> Use | None:
        """Return the use of a link, if it was used."""
        ...

    def begin(self, use: Use, grant: Grant) -> Use:
        """Note a use before it takes effect; return the one that was there first, if there was one."""
        ...

    def finish(self, nonce: str) -> None:
        """Note that a use took effect."""
        ...


class Deciders(Protocol):
    """The service that carries out what people decide about versions."""

    def send(self, message: AnyMessage) -> None:
        """Ask it to do something; it does the same message once."""
        ...


class Timer(Protocol):
    """Wakes the service up."""

    def wake(self, delay: timedelta) -> None:
        """Let a quick sweep come after a while."""
        ...
