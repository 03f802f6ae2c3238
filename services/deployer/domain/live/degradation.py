"""How a site's served model does on what came in: fine, degraded since when and why, or not to be told.

A pure function of the scored days. Days are walked through in order, so that what was found yesterday stands
today until days show that it is over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from services.deployer.domain.live import causes, faults, shifts
from services.deployer.domain.live.causes import Cause
from services.deployer.domain.live.evidence import Evidence, counted, effective, evidence, middle
from services.deployer.domain.live.faults import Fault
from services.deployer.domain.live.scores import DayScore, total
from services.deployer.domain.live.shifts import Shift
from shared.evaluation import Promise

Status = Literal["fine", "not_measured", "degraded", "data_fault"]
_LEAST_SCORED = 5  # days before anything is said
_SILENT = timedelta(days=14)
_LOOKED_AT = 10  # scored days whose figures are told
_BACK = 7  # scored days that show that a change is over
_BACK_AGREE = 4
_HALF = 0.5
_NEAR = 0.35  # share of a change that may be left when it is over
_WORSE = 1.8  # error over the promised one
_WORSE_DAYS = 8  # of the last ten
_BETTER = 1.3


@dataclass(frozen=True, slots=True)
class Figures:
    """The last scored days beside what was promised of them.

    Attributes
    ----------
    days
        How many there are.
    nmae, expected_nmae
        Mean absolute error over AC capacity, night included; None where nothing was promised. [unitless]
    energy_ratio, expected_energy_ratio
        Measured over predicted energy; None without energy. [unitless]
    promised_by
        What the promise was taken from where these months and skies were never seen, in words; else empty.
    """

    days: int = 0
    nmae: float | None = None
    expected_nmae: float | None = None
    energy_ratio: float | None = None
    expected_energy_ratio: float | None = None
    promised_by: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the served model of a site does.

    Attributes
    ----------
    why
        The verdict in words.
    since
        First day of a change, of a data fault, or of what is not measured; None where it is fine.
    change
        Level now over the level before, minus 1: -0.1 is a tenth less; None unless it is degraded by that.
        [unitless]
    agreeing, telling
        How many of the looked-at days show it, of how many that tell anything.
    cause
        Name of the likely cause (`causes`) or of the data fault (`faults`); empty where it is fine.
    retrain_helps
        Whether a retrain would mend it; never for a data fault.
    recovered
        Day on which the last change was over, where it is fine.
    """

    status: Status
    why: str
    since: date | None = None
    change: float | None = None
    agreeing: int = 0
    telling: int = 0
    cause: str = ""
    retrain_helps: bool = False
    recovered: date | None = None
    figures: Figures = field(default_factory=Figures)


def judge(
    days: Iterable[DayScore], promises: Mapping[int, Promise | None], today: date | None = None
) -> Verdict:
    """Return the verdict on a site after its last scored day.

    Parameters
    ----------
    days
        Scored days of one site, in any order, of any versions, with gaps; some four months of them are
        enough. Only those of measured weather count.
    promises
        Promise of each version; one without is held against what plants usually do.
    today
        Local day; with it, a site of which nothing was scored for two weeks is not measured.
    """
    days = list(days)
    walk, verdict = _Walk(), Verdict("not_measured", "nothing was scored yet")
    known = counted(days)
    for score in known:
        walk.take(evidence(score, promises))
    if known:
        verdict = walk.verdict()
    if verdict.status == "not_measured" or today is None:
        return verdict
    last = max(each.day for each in known if faults.has_data(each))
    if today - last <= _SILENT:
        return verdict
    return Verdict("not_measured", f"nothing was scored since {last}", since=last)


def verdicts(
    days: Iterable[DayScore], promises: Mapping[int, Promise | None]
) -> Iterator[tuple[date, Verdict]]:
    """Yield each day with the verdict that stood after it; parameters as `judge`."""
    walk = _Walk()
    for score in counted(days):
        walk.take(evidence(score, promises))
        yield score.day, walk.verdict()


@dataclass(slots=True)
class _Walk:
    """What is known after each day.

    Attributes
    ----------
    healthy, recent
        Scored days before and after the last change that is over.
    shift, cause, since
        The change that stands.
    """

    seen: list[DayScore] = field(default_factory=list)
    healthy: list[Evidence] = field(default_factory=list)
    recent: list[Evidence] = field(default_factory=list)
    shift: Shift | None = None
    cause: Cause | None = None
    since: date | None = None
    recovered: date | None = None
    fault: Fault | None = None
    last: Evidence | None = None

    def take(self, day: Evidence) -> None:
        """Take in one more day."""
        self.last = day
        if not faults.has_data(day.score):
            return
        self.seen.append(day.score)
        self.fault = faults.standing(self.seen, self.fault)
        if day.score.state != "scored":
            return
        self.recent.append(day)
        if self.cause is None:
            self._look()
        elif self._is_over(self.shift):
            self._recover(day.day)
        elif self.shift is not None:
            self._look_closer(self.shift)

    def _look(self) -> None:
        shift = shifts.find(self.healthy, self.recent)
        if shift is not None:
            self.shift, self.cause = shift, causes.of_shift(shift)
            self.since = shift.first
        elif _errs(self.recent[-_LOOKED_AT:], _WORSE, _WORSE_DAYS):
            self.cause = causes.of_errors(self.recent[-1])
            self.since = self.recent[-_LOOKED_AT:][0].day

    def _look_closer(self, shift: Shift) -> None:
        """Say more surely what happened, while the days before the change still lie before the window."""
        since = [each for each in self.recent if self.since is None or each.day >= self.since]
        if len(since) > _LOOKED_AT:
            return
        closer = shifts.find(self.healthy, self.recent)
        if closer is not None and not closer.slow and closer.size * shift.size > 0:
            cause = causes.of_shift(closer)
            was_slow = self.cause is causes.SLOW and cause is causes.SHARE
            self.shift, self.cause = closer, causes.SLOW if was_slow else cause

    def _is_over(self, shift: Shift | None) -> bool:
        if shift is None:
            return not _errs(self.recent[-_BACK:], _BETTER, _BACK_AGREE)
        changed = shift.window[-1]
        days = [each for each in self.recent[-_BACK:] if each.day > changed.day]
        telling = [each.shift for each in days if each.shift is not None]
        learnt = days[-1].score.version != changed.score.version if days else False
        back = [level for level in telling if _is_back(level, shift, learnt=learnt)]
        if len(back) < max(_BACK_AGREE, _HALF * len(telling)) or effective(days) <= 1:
            return False
        return _is_back(middle(days), shift, learnt=learnt, left=_NEAR)

    def _recover(self, day: date) -> None:
        since = self.since
        self.healthy += [each for each in self.recent if since is not None and each.day < since]
        self.recent = self.recent[-_BACK_AGREE:]
        self.shift, self.cause, self.since, self.recovered = None, None, None, day

    def verdict(self) -> Verdict:
        """Say what is known."""
        if self.fault is not None:
            return _of_fault(self.fault, self._figures())
        if self.cause is not None:
            return self._of_change(self.cause)
        known = [*self.healthy, *self.recent]
        if len(known) < _LEAST_SCORED:
            return self._too_few(len(known))
        figures = self._figures()
        said = f"the last {figures.days} scored days are as promised"
        if self.last is not None and self.last.score.version not in {
            each.score.version for each in known
        }:
            said += f"; version {self.last.score.version} itself was not scored yet"
        return Verdict("fine", said, recovered=self.recovered, figures=figures)

    def _too_few(self, scored: int) -> Verdict:
        last = self.last.score if self.last is not None else None
        said = f"{scored} of {_LEAST_SCORED} days are scored"
        if last is not None and last.state != "scored":
            said += f"; {last.day}: {last.state.replace('_', ' ')}"
        return Verdict("not_measured", said, since=last.day if last else None)

    def _of_change(self, cause: Cause) -> Verdict:
        figures = self._figures()
        change = None if self.shift is None else math.exp(self.shift.size) - 1
        agreeing = len(self.shift.agreeing) if self.shift else _WORSE_DAYS
        telling = len(self.shift.telling) if self.shift else _LOOKED_AT
        size = f"{_size(change, figures)} since {self.since}"
        return Verdict(
            "data_fault" if cause is causes.PART_OFF else "degraded",
            f"{size}, on {agreeing} of {telling} days that tell: {cause.words}",
            since=self.since,
            change=change,
            agreeing=agreeing,
            telling=telling,
            cause=cause.name,
            retrain_helps=cause.retrain_helps,
            figures=figures,
        )

    def _figures(self) -> Figures:
        days = self.recent[-_LOOKED_AT:]
        if self.since is not None:
            days = [each for each in days if each.day >= self.since]
        return _figures(days)


def _is_back(level: float, shift: Shift, *, learnt: bool, left: float = _HALF) -> bool:
    """Return whether a level is back where it was before a change.

    Parameters
    ----------
    learnt
        Whether another version predicts since; then it may also be back at what that one promised.
    left
        Share of the change that may be left. [unitless]
    """
    nearer = (level - shift.reference) / shift.size < left
    return nearer or (learnt and abs(level) < left * abs(shift.size))


def _errs(days: list[Evidence], times: float, least: int) -> bool:
    """Return whether days err so many times more than was promised, in the mean and most of them."""
    known = [each for each in days if each.expected.nmae and each.sums.daylight]
    if len(known) < max(least, 1):
        return False
    ratios = [
        each.sums.absolute / each.sums.daylight / (each.expected.nmae or 1.0) for each in known
    ]
    return sum(ratio > times for ratio in ratios) >= least


def _figures(days: list[Evidence]) -> Figures:
    sums = total(each.sums for each in days)
    known = [each for each in days if each.expected.nmae is not None]
    promised = sum((each.expected.nmae or 0.0) * each.sums.daylight for each in known)
    rows = sum(each.sums.n for each in known)
    energy = sum(
        each.expected.energy_ratio * each.sums.predicted_kwh
        for each in days
        if each.sums.predicted_kwh > 0
    )
    ratio = sums.measured_kwh / sums.predicted_kwh if sums.predicted_kwh > 0 else None
    return Figures(
        days=len(days),
        nmae=sums.nmae,
        expected_nmae=promised / rows if rows else None,
        energy_ratio=ratio,
        expected_energy_ratio=energy / sums.predicted_kwh if sums.predicted_kwh > 0 else None,
        promised_by="; ".join(sorted({each.expected.wider for each in days} - {""})),
    )


def _size(change: float | None, figures: Figures) -> str:
    if change is not None:
        return f"{abs(change):.0%} {'less' if change < 0 else 'more'} power than before"
    now, then = figures.nmae, figures.expected_nmae
    return f"errors of {now or 0.0:.1%} of capacity instead of {then or 0.0:.1%}"


def _of_fault(fault: Fault, figures: Figures) -> Verdict:
    return Verdict(
        "data_fault",
        f"since {fault.since}: {faults.WORDS[fault.name]}",
        since=fault.since,
        agreeing=fault.days,
        telling=fault.days,
        cause=fault.name,
        figures=figures,
    )
