"""Whether a new version answers the last day's real rows as the champion does, or better.

The reference rows say that an endpoint serves what was tested. Real rows say that what was tested fits the
plants as they are now: their weather sources, their units, their sizes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from services.deployer.domain.reference import Answer

Span = Literal["day", "week"]

MOST_SITES = 20  # of a deployment; others are asked at the next one
MOST_ROWS = 48  # of a site: half-hours of a day; the answer to all takes a twentieth of a second
DARK = 0.01  # share of AC capacity below which a row says nothing about a shift
# Of AC capacity: the energy to which a shift is compared at least. Dark days differ by chance.
LEAST_ENERGY = 0.1
LEAST_LIT = 4  # rows; fewer are dawn, or chance
_WORSE = 2.0  # times the champion's error that a new version's must be
# Times the bound, where nobody knows who is nearer: honest successors differ by 0.62 of a day's energy, and
# by 0.37 of a week's (`bench/successors.py`).
UNMEASURED: dict[Span, float] = {"day": 3.0, "week": 1.8}
_KNOWN = 0.5  # share of the lit rows whose power must be measured to say who is nearer
SLOW_SECONDS = 1.0  # a site's rows take a twentieth of that
_SHOWN = 5  # sites by name; a fleet has thousands
_SLOWER = 4.0  # times the champion's seconds; a busy neighbour slows both


@dataclass(frozen=True, slots=True)
class SiteDay:
    """A site's last day on the model's step.

    Attributes
    ----------
    rows
        As an endpoint is asked: `site_id`, `timestamp`, and the weather that is known.
    measured_kw
        What the plant gave, None where that is unknown or not believed. [kW]
    span
        Which time the rows are of: where no power is known, as many rows of a week.
    """

    site_id: str
    capacity_kw: float
    rows: tuple[dict[str, str | float], ...]
    measured_kw: tuple[float | None, ...]
    span: Span = "day"


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of some sites, and why others have none."""

    sites: tuple[SiteDay, ...]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A site's last day, and what the champion answered [kW] within which time [s].

    Without the champion's answer a new one is only held to be a number that changes with the weather.
    """

    day: SiteDay
    champion_kw: tuple[float, ...] = ()
    champion_seconds: float = 0.0

    @property
    def request(self) -> dict[str, Any]:
        """Return what an endpoint is asked."""
        return {"rows": list(self.day.rows)}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of a new version: the questions that its champion was asked before it began.

    Attributes
    ----------
    version, champion
        Who is asked, and who was; None where nothing served before.
    asked_at
        When the champion was asked.
    sites
        How many sites the version knows.
    untested
        Why a site is not asked about, by site.
    champion_failed
        Whether the champion failed an answer: an alarm may ring for that, a while later.
    passed
        Sites whose rows the version answered well.
    """

    version: int
    champion: int | None
    asked_at: datetime
    sites: int = 0
    questions: tuple[Question, ...] = ()
    untested: Mapping[str, str] = field(default_factory=dict)
    champion_failed: bool = False
    passed: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Question, ...]:
        """Return the questions that were not answered yet."""
        known = {*self.passed, *self.untested}
        return tuple(each for each in self.questions if each.day.site_id not in known)

    def with_passed(self, site_id: str) -> Inquiry:
        """Note that the version answered a site's rows well."""
        return replace(self, passed=(*self.passed, site_id))

    def with_untested(self, site_id: str, why: str) -> Inquiry:
        """Note that a site's rows cannot be asked about."""
        return replace(self, untested={**self.untested, site_id: why})

    def in_words(self) -> str:
        """Say what was tested, and what was not."""
        passed, said = len(self.passed), []
        if passed:
            of_all = f" of {self.sites}" if self.sites > passed else ""
            answers = (
                f"its answers to the last day's real rows of {passed}{of_all} "
                f"site{'s' if max(passed, self.sites) > 1 else ''}"
            )
            compared = (
                "are numbers that change with the weather; nothing served before that they could be compared "
                "with"
                if self.champion is None
                else f"agree with those of version {self.champion}, or are nearer to the measured power"
                f"{self._weeks()}"
            )
            said.append(f"{answers} {compared}")
        by_reason: dict[str, list[str]] = {}
        for site, why in sorted(self.untested.items()):
            by_reason.setdefault(why, []).append(site)
        said += [
            f"not tested on real rows of {_listed(sites)}: {why}"
            for why, sites in by_reason.items()
        ]
        return "; ".join(said)

    def _weeks(self) -> str:
        """Say of which sites a week was asked."""
        sites = [
            each.day.site_id
            for each in self.questions
            if each.day.span == "week" and each.day.site_id in self.passed
        ]
        return (
            f" (the last week's rows of {_listed(sites)}, whose power is not known)"
            if sites
            else ""
        )


def _listed(sites: Sequence[str]) -> str:
    shown = ", ".join(sites[:_SHOWN])
    return shown if len(sites) <= _SHOWN else f"{shown} and {len(sites) - _SHOWN} more"


def sample(sites: Sequence[str], turn: int) -> tuple[str, ...]:
    """Return at most `MOST_SITES`, evenly spread; each turn begins at another one."""
    step = max(1, math.ceil(len(sites) / MOST_SITES))
    return tuple(sorted(sites)[turn % step :: step])


def fault(question: Question, answer: Answer, bound: float) -> str | None:
    """Return why a version's answer speaks against it, with site, time and both answers; None for nothing.

    Parameters
    ----------
    bound
        How much farther from the measured power its answers may be than the champion's, as a share of the
        champion's energy. [unitless]
    """
    site = f"the last {question.day.span}'s rows of site {question.day.site_id}"
    if answer.error is not None:
        return f"it answers {site} with an error: {answer.error}"
    if len(answer.power_kw) != len(question.day.rows):
        return f"it answers {len(answer.power_kw)} of {len(question.day.rows)} of {site}"
    for place, power in enumerate(answer.power_kw):
        if not math.isfinite(power):
            return f"it predicts what is no number for {site}: {_row(question, answer, place)}"
    if _is_constant(question, answer):
        return f"it predicts the same {answer.power_kw[0]:.4g} kW for all of {site}"
    return _shifted(question, answer, bound, site) or _slow(question, answer, site)


def _is_constant(question: Question, answer: Answer) -> bool:
    """Whether an answer never changes although the champion's does, or the power that was measured."""
    if max(answer.power_kw) - min(answer.power_kw) > 0:
        return False
    known = [power for power in question.day.measured_kw if power is not None]
    changes = DARK * question.day.capacity_kw
    return any(
        max(others) - min(others) > changes for others in (question.champion_kw, known) if others
    )


def _shifted(question: Question, answer: Answer, bound: float, site: str) -> str | None:
    """Return how much farther from the measured power an answer is than the champion's, if that is too much.

    Where power is not measured, only a gross distance from the champion's answer counts: an honest successor
    may be the better one of the two.
    """
    lit = list(_lit(question, answer))
    if len(lit) < LEAST_LIT:
        return None
    known = [place for place in lit if question.day.measured_kw[place] is not None]
    if len(known) >= _KNOWN * len(lit):
        if _error(question, answer.power_kw, known) <= _WORSE * _error(
            question, question.champion_kw, known
        ):
            return None  # where the champion is far off as well, as under snow, the day says little
        lit, apart = known, {place: _farther(question, answer, place) for place in known}
        how, times = "farther from the measured power than the champion's, more than", 1.0
    else:
        apart = {place: abs(answer.power_kw[place] - question.champion_kw[place]) for place in lit}
        times = UNMEASURED[question.day.span]
        how = f"away from the champion's, more than {times:g} times"
    least = LEAST_ENERGY * question.day.capacity_kw * len(lit)
    shift = sum(apart.values()) / max(sum(question.champion_kw[place] for place in lit), least)
    if shift <= times * bound:
        return None
    worst = max(lit, key=lambda place: apart[place])
    return (
        f"its answers to {site} are {shift:.0%} {how} endpoint.live_shift of {bound:.0%}: "
        f"{_row(question, answer, worst)}"
    )


def _farther(question: Question, answer: Answer, place: int) -> float:
    """Return how much farther than the champion an answer is from what was measured. [kW]"""
    new, champion = (
        _error(question, each, [place]) for each in (answer.power_kw, question.champion_kw)
    )
    return new - champion


def _error(question: Question, power_kw: tuple[float, ...], known: list[int]) -> float:
    """Return the sum of absolute errors over rows whose power is known. [kW]"""
    return sum(abs(power_kw[place] - (question.day.measured_kw[place] or 0.0)) for place in known)


def _lit(question: Question, answer: Answer) -> Iterator[int]:
    """Yield the rows for which one of both predicts more than nothing."""
    dark = DARK * question.day.capacity_kw
    for place, champion in enumerate(question.champion_kw):
        if max(champion, answer.power_kw[place]) > dark:
            yield place


def may_be_chance(question: Question, answer: Answer) -> bool:
    """Whether a fleet that has just started may answer like that once: with an error, or slowly."""
    return answer.error is not None or _is_slow(question, answer)


def _is_slow(question: Question, answer: Answer) -> bool:
    bound = max(SLOW_SECONDS, _SLOWER * question.champion_seconds)
    return answer.seconds > bound


def _slow(question: Question, answer: Answer, site: str) -> str | None:
    if not _is_slow(question, answer):
        return None
    champion = f", for which the champion took {question.champion_seconds:.1f} s"
    return (
        f"it is slow: {answer.seconds:.1f} s for {site}{champion if question.champion_kw else ''}"
    )


def _row(question: Question, answer: Answer, place: int) -> str:
    measured = question.day.measured_kw[place]
    others = [f"it predicts {_kw(answer.power_kw[place])}"]
    if question.champion_kw:
        others.append(f"the champion {_kw(question.champion_kw[place])}")
    if measured is not None:
        others.append(f"measured {_kw(measured)}")
    return f"at {question.day.rows[place]['timestamp']} {', '.join(others)}"


def _kw(power: float) -> str:
    return f"{power:.4g} kW" if math.isfinite(power) else "no number"
