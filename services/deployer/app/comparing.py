"""Asks a new version for the last day's real rows, and compares its answers with the champion's.

The champion is asked before the update begins, when nobody else answers; the new version during its canary,
and for what is still open before it counts as deployed. What cannot be asked is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta

from services.deployer.domain import real_rows as rules
from services.deployer.domain.deployment import InProgress, Version
from services.deployer.domain.real_rows import Inquiry, Question, SiteDay
from services.deployer.domain.reference import Answer
from services.deployer.ports import (
    Configuration,
    Endpoints,
    Inquiries,
    RealRows,
    References,
    Registry,
)
from shared.clock import Clock
from shared.errors import NotReadyError

FRESH = timedelta(hours=1)  # after which the champion is asked anew
QUIET = timedelta(minutes=5)  # in which an alarm rings for what the champion failed
TRIES = 3  # a fleet that has just started may stumble once
PROBES = 8  # for one site: at half the traffic, enough for three answers of the new version; at a tenth, one
MOST_SECONDS = 12.0  # of answers at one look; the next look goes on


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares what a new version says to real rows with what serves, and with what was measured."""

    registry: Registry
    references: References
    real_rows: RealRows
    endpoints: Endpoints
    inquiries: Inquiries
    configuration: Configuration
    clock: Clock

    def prepare(self, version: Version, champion: int | None) -> None:
        """Choose what is asked, and ask the champion, once for each deployment.

        Without a champion a version's answers must be numbers that change with the weather, and be quick.

        Raises
        ------
        NotReadyError
            The champion failed to answer. An alarm may ring for that, and the new version would be blamed.
        """
        model_id, now = version.model_id, self.clock()
        inquiry = self._of(model_id, version.number, champion)
        if inquiry is None or now - inquiry.asked_at > FRESH:
            inquiry = self._ask_champion(version, champion)
            self.inquiries.keep(model_id, inquiry)
        if inquiry.champion_failed and now < inquiry.asked_at + QUIET:
            message = (
                f"version {champion} failed to answer real rows; its alarm must be silent first"
            )
            raise NotReadyError(message)

    def probe(self, model_id: str, progress: InProgress) -> str | None:
        """During a canary, return why the new version's answers speak against it; None for nothing so far."""
        inquiry = self._of(model_id, progress.version, progress.previous)
        if inquiry is None:
            return None
        try:
            return self._asked(model_id, inquiry, PROBES, alone=False)[0]
        except NotReadyError:
            return None  # AWS watches the fleet itself; the next look asks again

    def finish(
        self, model_id: str, progress: InProgress, *, candidate: bool = False
    ) -> tuple[str | None, str]:
        """Ask a version in service for what is open; return why it fails or None, and what was tested.

        Parameters
        ----------
        candidate
            Whether it is asked beside what serves, before anybody else is.

        Raises
        ------
        NotReadyError
            The endpoint does not answer, or did not answer to everything yet.
        """
        if progress.configuration:
            return None, "only how it is served changed"
        if progress.goes_back:
            return None, ""
        inquiry = self._of(model_id, progress.version, progress.previous)
        if inquiry is None:
            return None, "not tested on real rows: what served before was not asked"
        fault, inquiry = self._asked(model_id, inquiry, TRIES, alone=True, candidate=candidate)
        if fault is None and inquiry.open:
            message = f"version {progress.version} has yet to answer real rows"
            raise NotReadyError(message)
        return fault, inquiry.in_words()

    def _of(self, model_id: str, version: int, champion: int | None) -> Inquiry | None:
        inquiry = self.inquiries.inquiry(model_id)
        if inquiry is None or (inquiry.version, inquiry.champion) != (version, champion):
            return None
        return inquiry

    def _ask_champion(self, version: Version, champion: int | None) -> Inquiry:
        now = self.clock()
        sites = self._sites(version, champion)
        chosen = rules.sample(sites, version.number)
        inquiry = Inquiry(version.number, champion, now, len(sites))
        if not chosen:
            return inquiry.with_untested("any site", "it has no reference rows that name its sites")
        found = self.real_rows.last_day(version.model_id, chosen, now)
        inquiry = Inquiry(version.number, champion, now, len(sites), untested=found.missing)
        for day in found.sites:
            if sum(each.champion_seconds for each in inquiry.questions) > MOST_SECONDS:
                why = "what serves took all the time there is to answer the others"
                inquiry = inquiry.with_untested(day.site_id, why)
            else:
                inquiry = self._with_champions_answer(version.model_id, day, inquiry)
        return inquiry

    def _sites(self, version: Version, champion: int | None) -> tuple[str, ...]:
        """Return the sites that a version was tested on; of one without an evaluation, the champion's."""
        reference = self.references.of_run(version.run_id) if version.run_id else None
        if reference is None and champion is not None:
            serving = self.registry.version(version.model_id, champion)
            run_id = serving.run_id if serving is not None else None
            reference = self.references.of_run(run_id) if run_id else None
        return reference.sites if reference is not None else ()

    def _with_champions_answer(self, model_id: str, day: SiteDay, inquiry: Inquiry) -> Inquiry:
        """Add a question; a champion that failed once is not asked again, because that rings an alarm."""
        question, failed = Question(day), inquiry.champion_failed
        if inquiry.champion is not None and not failed:
            try:
                answer = self.endpoints.invoke(model_id, question.request)
            except NotReadyError:
                failed = True
            else:
                failed = answer.error is not None and not answer.is_refused
                if answer.version == inquiry.champion and _answers(question, answer):
                    question = Question(day, answer.power_kw, answer.seconds)
        return replace(inquiry, questions=(*inquiry.questions, question), champion_failed=failed)

    def _asked(
        self,
        model_id: str,
        inquiry: Inquiry,
        probes: int,
        *,
        alone: bool,
        candidate: bool = False,
    ) -> tuple[str | None, Inquiry]:
        """Ask for what is open; return why the version fails, and what is known now.

        Parameters
        ----------
        alone
            Whether nobody else can have answered; in a canary the champion may have.
        """
        before, bound, spent = inquiry, self.configuration.endpoint(model_id).live_shift, 0.0
        try:
            for question in inquiry.open:
                fault, inquiry, seconds = self._answered(
                    model_id, question, inquiry, bound, probes, alone=alone, candidate=candidate
                )
                spent += seconds
                if fault is not None or spent > MOST_SECONDS:
                    return fault, inquiry
            return None, inquiry
        finally:
            if inquiry is not before:
                self.inquiries.keep(model_id, inquiry)

    def _answered(
        self,
        model_id: str,
        question: Question,
        inquiry: Inquiry,
        bound: float,
        probes: int,
        *,
        alone: bool,
        candidate: bool,
    ) -> tuple[str | None, Inquiry, float]:
        """Ask for one site until it is answered well, or badly as often as counts, or not at all."""
        site, spent, faults, refusal = question.day.site_id, 0.0, 0, ""
        for _ in range(probes):
            answer = self.endpoints.invoke(model_id, question.request, candidate=candidate)
            spent += answer.seconds
            if answer.is_refused:
                refusal = answer.error or ""
            elif answer.version == inquiry.version or (alone and answer.version is None):
                found = rules.fault(question, answer, bound)
                if found is None:
                    return None, inquiry.with_passed(site), spent
                faults += 1
                if faults == TRIES or not rules.may_be_chance(question, answer):
                    return found, inquiry, spent
            if not alone and spent > MOST_SECONDS:
                break  # the next look asks again
        if alone and refusal:
            return None, inquiry.with_untested(site, f"it is refused: {refusal}"), spent
        return None, inquiry, spent


def _answers(question: Question, answer: Answer) -> bool:
    return len(answer.power_kw) == len(question.day.rows) and all(
        map(math.isfinite, answer.power_kw)
    )
