"""Asks the version that serves about the rows of new files, and keeps what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from services.deployer.app.live.shelf import Shelf
from services.deployer.domain.live.book import Day, FileRef, Key, bounds
from services.deployer.domain.live.predicted import Answered, Predicted, SilentError, Weather
from services.deployer.domain.live.scores import Inputs
from services.deployer.domain.live.stamps import moment, stamp
from services.deployer.domain.live.unseen import Trained
from services.deployer.ports import Asking
from shared import layout
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.solar import runs
from shared.solar.position import Floats
from shared.solar.recipe import INPUTS
from shared.solar.site import FORECAST_PREFIX
from shared.solar.zones import tzinfo_of

MOST_ROWS = 8_000  # of one call: at most half a kilobyte each; a serverless endpoint takes 4 MB
BEFORE = timedelta(hours=1)  # a row is predicted from the sky of the hour before, too
_BEFORE = np.timedelta64(int(BEFORE.total_seconds()), "s")


@dataclass(frozen=True, slots=True)
class Job:
    """One file's rows to be asked about.

    Attributes
    ----------
    own
        Rows whose prediction is kept; the others are what these are predicted from, too: the hour before, or
        the rest of an issue.
    gain
        What the prediction of each row is to be multiplied by. [unitless]
    """

    file: FileRef
    inputs: Inputs
    asked: Weather
    own: NDArray[np.bool_]
    gain: Floats

    @property
    def sent(self) -> Weather:
        """What the endpoint is sent; an older one knows no gain, so that it is told of none unless needed."""
        if (self.gain == 1).all():
            return self.asked
        return replace(self.asked, columns={**self.asked.columns, "gain": self.gain})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was predicted, by key, and which files must wait, and why."""

    predicted: Mapping[str, Predicted]
    waits: Mapping[FileRef, str]


@dataclass(frozen=True, slots=True)
class Predicting:
    """Turns files with weather into objects of the prediction log."""

    asking: Asking
    clock: Clock

    def predict(
        self,
        model_id: str,
        trained: Trained,
        files: Sequence[FileRef],
        *,
        days: Mapping[FileRef, Sequence[Day]],
        gains: Mapping[Key, float],
        shelf: Shelf,
    ) -> Outcome:
        """Predict the rows of files that the version has not seen.

        Parameters
        ----------
        days
            The days that each file has rows of.
        gains
            What the adjuster makes of days of sites; a day without is taken as it is predicted.
        """
        beside = {file: _beside(file, days[file]) for file in files}
        shelf.fetch_files(each for found in beside.values() for each in found)
        jobs = [
            job
            for file in files
            if (job := _job(file, beside[file], trained, gains, shelf)) is not None
        ]
        predicted: dict[str, Predicted] = {}
        waits: dict[FileRef, str] = {}
        try:
            for round_ in _rounds(jobs):
                self._ask(model_id, trained, round_, predicted, waits)
        except SilentError as error:
            answered = {each.file_id for each in predicted.values()}
            left = [job.file for job in jobs if job.file.file_id not in answered]
            waits = dict.fromkeys(left, str(error)) | waits
        kept = shelf.log.keep(predicted)
        shelf.put(kept)
        return Outcome(kept, waits)

    def _ask(
        self,
        model_id: str,
        trained: Trained,
        jobs: Sequence[Job],
        predicted: dict[str, Predicted],
        waits: dict[FileRef, str],
    ) -> None:
        """Ask about jobs in one call; one by one where that fails, so that one site holds up no other."""
        try:
            answers = self._answers(model_id, [job.sent for job in jobs])
        except SilentError:
            raise
        except NotReadyError as error:
            if len(jobs) == 1:
                waits[jobs[0].file] = str(error)
                return
            for job in jobs:
                self._ask(model_id, trained, [job], predicted, waits)
            return
        for job, answer in zip(jobs, answers, strict=True):
            if answer.version != trained.version:
                waits[job.file] = f"version {answer.version} is being deployed"
                continue
            found = self._predicted(job, answer, trained)
            first = moment(found.times.min())
            key = layout.predictions(
                model_id, job.file.site_id, first, job.file.file_id, trained.version
            )
            predicted[key] = found

    def _answers(self, model_id: str, asked: Sequence[Weather]) -> list[Answered]:
        """Ask in one call, but in parts about a site of more rows than a call takes."""
        if len(asked) > 1 or len(asked[0].times) <= MOST_ROWS:
            return self.asking.ask(model_id, asked)
        (rows,) = asked
        parts = list(_parts(rows))
        answers = [self.asking.ask(model_id, [part.rows])[0] for part in parts]
        if len({each.version for each in answers}) > 1:
            message = f"several versions of {model_id} answer"
            raise NotReadyError(message)
        return [_together(parts, answers)]

    def _predicted(self, job: Job, answer: Answered, trained: Trained) -> Predicted:
        own, weather = job.own, job.asked.take(job.own)
        if job.inputs == "forecast" and not job.file.provider:
            # Nobody said when it was issued: it was known when it was uploaded.
            issued_at = np.full(len(weather.times), stamp(job.file.uploaded_at))
            weather = replace(weather, issued_at=issued_at.astype("datetime64[s]"))
        return Predicted(
            file_id=job.file.file_id,
            version=trained.version,
            inputs=job.inputs,
            uploaded_at=job.file.uploaded_at,
            made_at=self.clock(),
            step_minutes=trained.step_minutes,
            weather=weather,
            power_ac=answer.power_ac[own],
            p10=answer.p10[own],
            p90=answer.p90[own],
            missing=_missing(weather, answer.inputs),
            gain=job.gain[own],
            unadjusted=answer.unadjusted[own],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of a call that is too large; the last `own` of them are answered for."""

    rows: Weather
    own: int


def _parts(rows: Weather) -> Iterator[_Part]:
    """Yield rows in parts: whole issues, or of measured weather with the hour before each part."""
    places = np.arange(len(rows.times))
    if len(rows.issued_at):
        starts = runs.starts(rows.issued_at)
        edges = np.unique(starts[np.searchsorted(starts, places[::MOST_ROWS], side="right") - 1])
        for start, end in zip(edges, [*edges[1:], len(places)], strict=True):
            yield _Part(rows.take((places >= start) & (places < end)), int(end - start))
        return
    for start in range(0, len(places), MOST_ROWS):
        before = np.searchsorted(rows.times, rows.times[start] - _BEFORE) if start else 0
        end = min(start + MOST_ROWS, len(places))
        yield _Part(rows.take((places >= before) & (places < end)), end - start)


def _together(parts: Sequence[_Part], answers: Sequence[Answered]) -> Answered:
    """Return the answers to parts as one, without what each was asked with besides."""

    def joined(values: Sequence[Floats]) -> Floats:
        return np.concatenate(
            [each[len(each) - part.own :] for each, part in zip(values, parts, strict=True)]
        )

    return replace(
        answers[0],
        power_ac=joined([each.power_ac for each in answers]),
        p10=joined([each.p10 for each in answers]),
        p90=joined([each.p90 for each in answers]),
        unadjusted=joined([each.unadjusted for each in answers]),
    )


def _beside(file: FileRef, days: Sequence[Day]) -> list[FileRef]:
    """Return the files from which a file's rows are predicted: itself, and what else is known of its time.

    A forecast is predicted from forecasts that were there when it was uploaded, and from nothing else.
    """
    known = {each.file_id: each for day in days for each in day.files if each.inputs is not None}
    known[file.file_id] = file
    near = [
        each for each in known.values() if each.start < file.end and each.end > file.start - BEFORE
    ]
    if file.inputs == "forecast":
        near = [each for each in near if each.inputs == "forecast" and each.rank <= file.rank]
    return [each for each in near if each.provider == file.provider]


def _job(
    file: FileRef,
    beside: Sequence[FileRef],
    trained: Trained,
    gains: Mapping[Key, float],
    shelf: Shelf,
) -> Job | None:
    """Return what to ask about a file; None where the version has seen all its rows, or it has no weather."""
    inputs = file.inputs
    if inputs is None or not trained.predicts_from(file.provider):
        return None
    if file.provider:
        return _job_of_issues(file, beside, trained, gains, shelf)
    wanted, step = _wanted(inputs), trained.step_minutes
    own = shelf.on_step(file.site_id, [file], step, wanted)
    known = _any_known(own)
    times = own.times[known & trained.unseen(file.site_id, own.times)]
    if not len(times):
        return None
    is_alone = [each.file_id for each in beside] == [file.file_id]
    weather = own if is_alone else shelf.on_step(file.site_id, beside, step, wanted)
    is_own = np.isin(weather.times, times)
    before = (weather.times < times[0]) & (weather.times >= times[0] - _BEFORE)
    asked = weather.take(is_own | before)
    return Job(file, inputs, asked, np.isin(asked.times, times), _gain(asked, trained, gains))


def _wanted(inputs: Inputs) -> frozenset[str]:
    """Return which columns a version is asked with."""
    if inputs == "measured":
        return frozenset(INPUTS)
    return frozenset(name for name in INPUTS if name.startswith(FORECAST_PREFIX))


def own_weather(file: FileRef, trained: Trained, step_minutes: int, shelf: Shelf) -> Weather | None:
    """Return what a file that was read says by itself on a step; None where it is gone or says nothing."""
    if file.inputs is None:
        return None
    if file.provider:
        return shelf.issues([file], trained.places[file.site_id], step_minutes)
    found = shelf.on_step(file.site_id, [file], step_minutes, _wanted(file.inputs))
    return found.take(_any_known(found)) if len(found.times) else None


def _job_of_issues(
    file: FileRef,
    beside: Sequence[FileRef],
    trained: Trained,
    gains: Mapping[Key, float],
    shelf: Shelf,
) -> Job | None:
    """Return what to ask about a provider's file: the issues that it brings, each as a whole.

    An issue may come in several files. Its rows that the version has seen are sent along, for a row is
    predicted from its whole issue.
    """
    place, step = trained.places[file.site_id], trained.step_minutes
    own = shelf.issues([file], place, step)
    weather = shelf.issues(beside, place, step)
    if own is None or weather is None or not len(own.times):
        return None
    asked = weather.take(np.isin(weather.issued_at, np.unique(own.issued_at)))
    kept = trained.unseen(file.site_id, asked.times) & np.isin(_rows_of(asked), _rows_of(own))
    if not kept.any():
        return None
    asked, kept = _only_issues(asked, kept)
    return Job(file, "forecast", asked, kept, _gain(asked, trained, gains))


def _rows_of(weather: Weather) -> NDArray[np.int64]:
    """Return a number for each row of forecasts by its issue and time; leads are below a month."""
    lead = (weather.times - weather.issued_at).astype("timedelta64[s]").astype(np.int64)
    return weather.issued_at.astype("datetime64[s]").astype(np.int64) * 4_000_000 + lead


def _only_issues(weather: Weather, kept: NDArray[np.bool_]) -> tuple[Weather, NDArray[np.bool_]]:
    """Return those issues of which a row is kept, and which rows of these are."""
    which = np.isin(weather.issued_at, np.unique(weather.issued_at[kept]))
    return weather.take(which), kept[which]


def _gain(asked: Weather, trained: Trained, gains: Mapping[Key, float]) -> Floats:
    found = np.ones(len(asked.times))
    zone = tzinfo_of(trained.places[asked.site_id].timezone)
    for (site_id, day), gain in gains.items():
        if site_id == asked.site_id:
            start, end = map(stamp, bounds(day, zone))
            found[(asked.times >= start) & (asked.times < end)] = gain
    return found


def _any_known(weather: Weather) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    known = np.zeros(len(weather.times), dtype=bool)
    for values in weather.columns.values():
        known |= np.isfinite(values)
    return known


def _missing(weather: Weather, inputs: Sequence[str]) -> tuple[str, ...]:
    """Return, for each row, which inputs of the model were not there."""
    lacking: list[list[str]] = [[] for _ in range(len(weather.times))]
    for name in inputs:
        values = weather.columns.get(name)
        gone = np.ones(len(lacking), dtype=bool) if values is None else ~np.isfinite(values)
        for place in np.flatnonzero(gone).tolist():
            lacking[place].append(name)
    return tuple(map(",".join, lacking))


def _rounds(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield jobs in calls: at most one per site in each, for the same time twice is one row to a model."""
    left = list(jobs)
    while left:
        chosen: list[Job] = []
        later: list[Job] = []
        sites: set[str] = set()
        rows = 0
        for job in left:
            count = len(job.asked.times)
            if job.file.site_id in sites or (chosen and rows + count > MOST_ROWS):
                later.append(job)
                continue
            chosen.append(job)
            sites.add(job.file.site_id)
            rows += count
        yield chosen
        left = later
