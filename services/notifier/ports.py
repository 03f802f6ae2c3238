"""What the service needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from services.notifier.domain.delivery import Subscriptions
from services.notifier.domain.grouping import Group
from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use
from services.notifier.domain.notice import Delivery, Entry, Notice, Standing
from services.notifier.domain.offer import Link, Offer
from services.notifier.domain.refusals import Case, Refusal
from services.notifier.domain.routing import Rule
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
        """Count one more thing in a window of time; return how many there are now."""
        ...

    def take(self, notice_id: str, recipient: str, until: datetime, now: datetime) -> bool:
        """Reserve the sending of a notice to a recipient; False where another process has it."""
        ...

    def mark(self, notice_id: str, recipient: str, delivery: Delivery) -> None:
        """Note what became of a notice for a recipient, and end the reservation."""
        ...

    def settle(self, notice_id: str, standing: Standing) -> None:
        """Note that nothing more is to be sent of a notice."""
        ...

    def reopen(self, notice_id: str, recipients: Sequence[str], now: datetime) -> None:
        """Let a notice that was given up be sent again to some recipients."""
        ...

    def unsent(self) -> Iterator[Entry]:
        """Yield the entries that are still to be sent to somebody, oldest first."""
        ...

    def since(self, moment: datetime) -> Iterator[Entry]:
        """Yield the entries made since some time, oldest first."""
        ...


class Groups(Protocol):
    """Notices that wait to be told together."""

    def group(self, cause: str) -> Group | None:
        """Return the open group of a cause, if there is one."""
        ...

    def groups(self) -> Iterator[Group]:
        """Yield the open groups, the one that was opened first before the others."""
        ...

    def join(self, entry: Entry, group: Group) -> bool:
        """Keep an entry, and its group as it then is, or neither.

        False where the entry was there already, or somebody changed the group meanwhile.
        """
        ...

    def close(self, groups: Sequence[Group], entry: Entry) -> bool:
        """Put a notice in the place of the groups that it tells, or change nothing.

        False where somebody changed one of the groups meanwhile.
        """
        ...


class Journals(Protocol):
    """What happened to each model, of which its stories are told."""

    def note(self, model_id: str, entry: Entry) -> None:
        """Keep a fact in a model's journal; the same again changes nothing."""
        ...

    def read(self, model_id: str) -> list[tuple[AnyMessage, datetime]]:
        """Return the facts of a model's journal and when each came, in no particular order."""
        ...

    def look_again(self, model_id: str, at: datetime) -> None:
        """Note when a model's stories are to be looked at again."""
        ...

    def looked(self, model_id: str, at: datetime) -> None:
        """Note that they need not be, unless somebody noted another time than this meanwhile."""
        ...

    def due(self) -> Iterator[tuple[str, datetime]]:
        """Yield the models whose stories are to be looked at again, and when."""
        ...


class Alarms(Protocol):
    """Since when alarms ring."""

    def rings(self, name: str, since: datetime) -> None:
        """Note that an alarm went off."""
        ...

    def began(self, name: str, before: datetime) -> datetime | None:
        """Return when an alarm last went off before some time, if that is known."""
        ...


class Refusals(Protocol):
    """Which files were refused and are not settled, and what became of others like them."""

    def find(self, key: str) -> Refusal | None:
        """Return what is known of a refused file; None where it was not refused, or is settled."""
        ...

    def case(self, site: str, code: str) -> Case:
        """Return the case of a site and a reason; a new one where there is none."""
        ...

    def keep(self, refusal: Refusal, *cases: Case) -> bool:
        """Keep a refusal and its cases, or change nothing; False where somebody changed one meanwhile."""
        ...

    def forget(self, key: str) -> None:
        """Note that people know what became of a file; one that was refused anew meanwhile stays."""
        ...


class Shown(Protocol):
    """Which message of a channel shows a story, where messages can be changed after they were sent."""

    def take(self, story: str, recipient: str, until: datetime, now: datetime) -> bool:
        """Reserve a story's message; False where another process has it."""
        ...

    def shown(self, story: str, recipient: str) -> tuple[str, str]:
        """Return what the channel calls the message, and the hash of what it says; empty for none."""
        ...

    def show(self, story: str, recipient: str, reference: str, content: str) -> None:
        """Note which message shows a story, and what it says, and end the reservation."""
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
    """Carries notices to one recipient."""

    @property
    def recipient(self) -> str:
        """Return whom it reaches."""
        ...

    def send(self, notice: Notice, links: Sequence[Link]) -> None:
        """Send a notice.

        Raises
        ------
        BusyError
            The channel takes nothing for a while.
        RetryableError
            The channel does not take it now.
        PermanentError
            The channel will never take it so.
        """
        ...


@runtime_checkable
class Board(Courier, Protocol):
    """A courier that can change what it sent, so that one message shows how a story goes on."""

    def post(self, notice: Notice, links: Sequence[Link]) -> str:
        """Send a notice; return what the channel calls the message."""
        ...

    def update(self, reference: str, notice: Notice, links: Sequence[Link]) -> None:
        """Let a message say something else."""
        ...


@runtime_checkable
class Subscribed(Courier, Protocol):
    """A courier to whoever subscribed."""

    def subscriptions(self) -> Subscriptions:
        """Return how many subscribed, and how many of them confirmed that."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told: by which courier, and what they want to hear, when and how."""

    courier: Courier
    rule: Rule

    @property
    def name(self) -> str:
        """Return what the recipient is called."""
        return self.courier.recipient


class Readers(Protocol):
    """Everybody who is told."""

    def __call__(self) -> Sequence[Reader]:
        """Return them as they are now."""
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


class Counts(Protocol):
    """How often something happened, as the metrics say."""

    def by_day(self, name: str, service: str, first: date, last: date) -> Mapping[date, int]:
        """Return a service's count for each day (UTC) on which there was one.

        Raises
        ------
        RetryableError
            The metrics cannot be read; says why.
        """
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

    def failed(self) -> None:
        """Count a link that could not be answered."""
        ...


class LinkedObjects(Protocol):
    """Objects that links show."""

    def address(self, key: str, content_type: str, version_id: str = "") -> str | None:
        """Return a short-lived address of an object, or None where there is none.

        Parameters
        ----------
        content_type
            As what a browser shows it; '' lets it be saved.
        version_id
            Which of its versions; '' for the newest.
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

    def left(self, before: datetime) -> Iterator[tuple[Grant, Use]]:
        """Yield what was begun before some time and took no effect, oldest first."""
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


class Measures(Protocol):
    """Figures about the service itself."""

    def count(self, name: str, value: float) -> None:
        """Put a count into the metrics."""
        ...
