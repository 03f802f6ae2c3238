"""Links with everything around them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from services.notifier.app.acting import Acting
from services.notifier.app.finishing import Finishing
from services.notifier.app.opening import Opening
from services.notifier.domain.links import grant as grants
from services.notifier.domain.links.exchange import Answer, Request
from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use
from services.notifier.domain.offer import Verb
from services.notifier.ports import Question, Unanswered
from shared.errors import NotFoundError
from shared.messages import AnyMessage

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
KEY, OLD_KEY = "k" * 40, "o" * 40
DOMAIN = "abc.lambda-url.eu-west-1.on.aws"
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
SAID = {"name": "Ada", "reason": "new inverter"}


@dataclass
class FakeKeys:
    """The keys that are honoured; `late` ones are seen only when they are read anew."""

    keys: list[str] = field(default_factory=lambda: [KEY, OLD_KEY])
    late: list[str] = field(default_factory=list)

    def current(self) -> str:
        return self.keys[0]

    def known(self, *, fresh: bool = False) -> Mapping[str, str]:
        return {grants.key_name(each): each for each in self.keys + (self.late if fresh else [])}


@dataclass
class FakeShown:
    """Objects of the bucket."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def address(self, key: str, content_type: str, version_id: str = "") -> str | None:
        name = f"{key}@{version_id}" if version_id else key
        return f"https://s3/{name}?{content_type}" if name in self.objects else None

    def read(self, key: str) -> bytes:
        if key not in self.objects:
            raise NotFoundError(key)
        return self.objects[key]


@dataclass
class FakeUses:
    """Uses by nonce; dies where it is told to."""

    uses: dict[str, Use] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    dies: Callable[[str], None] = lambda _: None

    def find(self, nonce: str) -> Use | None:
        return self.uses.get(nonce)

    def begin(self, use: Use, grant: Grant) -> Use:
        assert grant.nonce == use.nonce
        self.dies("before begin")
        found = self.uses.setdefault(use.nonce, use)
        self.grants.setdefault(use.nonce, grant)
        self.dies("after begin")
        return found

    def finish(self, nonce: str) -> None:
        self.dies("before finish")
        self.uses[nonce] = replace(self.uses[nonce], is_done=True)
        self.dies("after finish")

    def left(self, before: datetime) -> Iterator[tuple[Grant, Use]]:
        left = [each for each in self.uses.values() if not each.is_done and each.at < before]
        return ((self.grants[each.nonce], each) for each in sorted(left, key=lambda use: use.at))


@dataclass
class World:
    """The links function: version 4 of golden waits, version 3 serves."""

    now: datetime = NOW
    keys: FakeKeys = field(default_factory=FakeKeys)
    shown: FakeShown = field(default_factory=FakeShown)
    uses: FakeUses = field(default_factory=FakeUses)
    sent: list[AnyMessage] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    failures: int = 0
    pending: list[int] = field(default_factory=lambda: [4])
    serves: int = 3
    answers: bool = True
    console_url: str = ""
    dies: Callable[[str], None] = lambda _: None

    def ask(self, questions: Sequence[Question]) -> list[Mapping[str, Any] | Unanswered]:
        if not self.answers:
            return [Unanswered("it failed")] * len(questions)
        said: dict[str, Mapping[str, Any]] = {
            "pending": {"pending": {"golden": [{"version": each} for each in self.pending]}},
            "served": {"served": {"golden": {"version": self.serves}}},
        }
        return [said[each.query] for each in questions]

    def send(self, message: AnyMessage) -> None:
        self.dies("before send")
        self.sent.append(message)
        self.dies("after send")

    def failed(self) -> None:
        self.failures += 1

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)

    @property
    def opening(self) -> Opening:
        return self.guarded(lambda port: port)

    def guarded(self, guard: Callable[[Any], Any]) -> Opening:
        """Return the function with something between it and each of its ports."""
        uses, me = guard(self.uses), guard(self)
        finishing = Finishing(uses, me, lambda: self.now)
        acting = Acting(uses, me, finishing, me, lambda: self.now)
        shown = guard(self.shown)
        return Opening(guard(self.keys), shown, acting, me, lambda: self.now, self.console_url)

    def sweep(self) -> None:
        """A quarter of an hour goes by, and the sweep of the function that sends comes."""
        self.now += timedelta(minutes=15)
        Finishing(self.uses, self, lambda: self.now).sweep()

    def token(self, verb: Verb = Verb.APPROVE, nonce: str = "n1", **about: str) -> str:
        usual = {
            "model_id": "golden",
            "version": "4" if verb in {Verb.APPROVE, Verb.REJECT} else "3",
        }
        made = Grant(verb, {**usual, **about}, "email", NOW + grants.Lifetimes().of(verb), nonce)
        return grants.signed(made, KEY)

    def get(self, token: str, method: str = "GET") -> Answer:
        return self.opening.answer(Request(method, f"/{token}", domain=DOMAIN))

    def post(
        self,
        token: str,
        said: Mapping[str, str] = SAID,
        headers: Mapping[str, str] = FORM,
    ) -> Answer:
        body = urlencode(said).encode()
        return self.opening.answer(Request("POST", f"/{token}", headers, body, DOMAIN))
