"""Does once what a link offers: marks it with who asks and why, then asks the service that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from services.notifier.app.finishing import Finishing
from services.notifier.domain.links import page
from services.notifier.domain.links.evidence import Evidence
from services.notifier.domain.links.exchange import Answer
from services.notifier.domain.links.grant import Grant, RefusedError
from services.notifier.domain.links.use import Use, is_over
from services.notifier.domain.offer import Verb
from services.notifier.ports import LinkMeter, Question, Services, Unanswered, Uses
from shared.clock import Clock
from shared.errors import RetryableError

_QUERIES = {Verb.APPROVE: "pending", Verb.REJECT: "pending"}


@dataclass(frozen=True, slots=True)
class Acting:
    """The mark is made first, with everything that is asked for: who comes again, or a sweep, finishes it.

    A process that dies after the mark loses nothing: the same link sends the same command again, by the same
    id, and who receives it twice does it once.
    """

    uses: Uses
    services: Services
    finishing: Finishing
    meter: LinkMeter
    clock: Clock

    def used(self, grant: Grant) -> Use | None:
        """Return who used a link, if anybody did."""
        return self.uses.find(grant.nonce)

    def act(
        self, grant: Grant, form: Mapping[str, str], evidence: Callable[[], Evidence | None]
    ) -> Answer:
        """Do what a person says on the page; said again it changes nothing.

        Raises
        ------
        RefusedError
            What it was about is over, for instance decided by somebody else.
        RetryableError
            The service that decides does not answer.
        """
        used = self.used(grant)
        if used is not None:
            return self._again(grant, used)
        name, reason = _line(form.get("name", "")), _line(form.get("reason", ""))
        wrong = _wrong(name, reason)
        if wrong:
            return Answer(422, page.asking(grant, evidence(), wrong, form))
        self._check(grant)
        use = self.uses.begin(Use(grant.nonce, name, reason, self.clock()), grant)
        return Answer(200, self._finish(grant, use))

    def refuse_what_is_over(self, grant: Grant) -> None:
        """Refuse what is over, so that nobody fills in a form in vain; where that is not known, go on.

        Raises
        ------
        RefusedError
            What the link is about was decided, or serves no longer.
        """
        with suppress(RetryableError):
            self._check(grant)

    def _check(self, grant: Grant) -> None:
        """Refuse what is over: a version that no longer waits, or no longer serves."""
        query = _QUERIES.get(grant.verb, "served")
        model_id = grant.about["model_id"]
        (said,) = self.services.ask([Question("deployer", query, {"model_id": model_id})])
        if isinstance(said, Unanswered):
            raise RetryableError(said.reason)
        over = is_over(grant, said)
        if over:
            raise RefusedError("over", over, 409)

    def _again(self, grant: Grant, use: Use) -> Answer:
        """Finish what a process that died left, as it was asked for then; what is done is not done again."""
        if not use.is_done:
            return Answer(200, self._finish(grant, use))
        self.meter.refused("used")
        return Answer(409, told(grant, use))

    def _finish(self, grant: Grant, use: Use) -> str:
        if not use.is_done:
            self.finishing.finish(grant, use)
        return told(grant, use)


def told(grant: Grant, use: Use) -> str:
    """Return the page that says who used a link."""
    return page.saying(
        f"{page.deed(grant).button}: done",
        f"{use.name} asked for it at {use.at:%Y-%m-%d %H:%M} UTC: {use.reason}",
        "A message follows when it is in effect. This link does nothing more.",
    )


def _wrong(name: str, reason: str) -> str:
    """Return what is wrong with what was written, or nothing."""
    if not name or len(name) > page.LONGEST_NAME:
        return f"Write your name, in at most {page.LONGEST_NAME} characters."
    if ":" in name:
        return "Write your name without a colon."
    if not reason or len(reason) > page.LONGEST_REASON:
        return f"Write why, in at most {page.LONGEST_REASON} characters."
    return ""


def _line(text: str) -> str:
    """Return a text as one line without control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
