"""Answers whoever follows a link: shows what it is about, and does what it offers when a person says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.notifier.app.acting import Acting, told
from services.notifier.domain import console
from services.notifier.domain.links import page
from services.notifier.domain.links.evidence import Evidence, evidence
from services.notifier.domain.links.exchange import Answer, Request, form_of
from services.notifier.domain.links.grant import Grant, RefusedError, read
from services.notifier.domain.offer import Verb
from services.notifier.ports import LinkedObjects, LinkKeys, LinkMeter
from shared import layout
from shared.clock import Clock
from shared.errors import NotFoundError, RetryableError
from shared.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Opening:
    """A GET never acts: scanners of mails follow links. Only the form on the page does."""

    keys: LinkKeys
    shown: LinkedObjects
    acting: Acting
    meter: LinkMeter
    clock: Clock
    console_url: str = ""

    def answer(self, request: Request) -> Answer:
        """Answer a request; what is refused is counted by its reason, and said on a plain page."""
        try:
            return self._answer(request)
        except RefusedError as error:
            self.meter.refused(error.reason)
            return Answer(error.status, page.saying("This link is not taken", error.said, _HOW))
        except RetryableError:
            return self.failed()

    def failed(self) -> Answer:
        """Say that something of ours failed; an alarm watches how often."""
        self.meter.failed()
        said = "Try again in a minute. A decision is kept or was not begun: to send it again does no harm."
        return Answer(503, page.saying("The system does not answer", said))

    def _answer(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD", "POST"}:
            raise RefusedError("method", "Open the link in a browser.", 405)
        if request.path in {"/", "/favicon.ico", "/robots.txt"}:
            return Answer(
                404, page.saying("Nothing is here", "Open a link from a message of the system.")
            )
        grant = self._grant(request.token)
        if not grant.acts:
            return self._show(grant)
        if request.method != "POST":
            return self._ask(grant)
        return self.acting.act(grant, form_of(request), lambda: self._evidence(grant))

    def _grant(self, token: str) -> Grant:
        """Return what a link grants; a key that is not known is looked for once more, for it may be new."""
        try:
            return read(token, self.keys.known(), self.clock())
        except RefusedError as error:
            if error.reason != "old_key":
                raise
        return read(token, self.keys.known(fresh=True), self.clock())

    def _ask(self, grant: Grant) -> Answer:
        use = self.acting.used(grant)
        if use is None:
            self.acting.refuse_what_is_over(grant)
            return Answer(200, self._form(grant))
        if use.is_done:
            return Answer(200, told(grant, use))
        kept = {"name": use.name, "reason": use.reason}
        return Answer(200, self._form(grant, _BEGUN, kept))

    def _form(self, grant: Grant, wrong: str = "", kept: Mapping[str, str] | None = None) -> str:
        more = {
            "Open the whole report": self._report(grant),
            "In the console": self._console(grant),
        }
        return page.asking(grant, self._evidence(grant), wrong, kept, more)

    def _show(self, grant: Grant) -> Answer:
        about = grant.about
        match grant.verb:
            case Verb.REPORT if "run_id" in about:
                return self._open(layout.report(about["run_id"]), _HTML)
            case Verb.FILE if about.get("key", "").startswith(layout.REVIEWS):
                return self._open(about["key"], _HTML)
            case Verb.FILE if about.get("key", "").startswith(layout.RAW):
                return self._open(about["key"], "", about.get("version_id", ""))
            case Verb.RUN if "run_id" in about:
                run, model = about["run_id"], about.get("model_id", "")
                commands = (f"solar report {run}", f"solar watch {run}", f"solar why {model}")
                shown = page.showing(
                    f"Run {run}", self._evidence(grant), commands, self._console(grant)
                )
                return Answer(200, shown)
        raise RefusedError("malformed", "This link is of another version of the system.", 400)

    def _open(self, key: str, content_type: str, version_id: str = "") -> Answer:
        """Send the browser to an object; what is no page of ours is saved, never shown."""
        address = self.shown.address(key, content_type, version_id)
        if address is None:
            said = "It was deleted, or was never written: a run that failed leaves no report."
            return Answer(404, page.saying("This is gone", said))
        return Answer(302, location=address)

    def _console(self, grant: Grant) -> str:
        return console.run(grant.about, self.console_url)

    def _report(self, grant: Grant) -> str | None:
        run_id = grant.about.get("run_id")
        return self.shown.address(layout.report(run_id), _HTML) if run_id else None

    def _evidence(self, grant: Grant) -> Evidence | None:
        run_id = grant.about.get("run_id")
        if not run_id:
            return None
        try:
            return evidence(
                Evaluation.model_validate_json(self.shown.read(layout.evaluation(run_id)))
            )
        except NotFoundError:
            return None


_HTML = "text/html; charset=utf-8"
_BEGUN = "This was asked for, and could not be finished. Press the button again."
_HOW = "The command line does the same by your own identity: solar models shows what waits."
