"""Joins what was measured with what was predicted, day by day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.deployer.app.live.shelf import Shelf
from services.deployer.domain.live import book, predicted
from services.deployer.domain.live.book import ONE_DAY, Day, FileRef, Key, Power
from services.deployer.domain.live.daily import score_day
from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.predicted import Predicted
from services.deployer.domain.live.scores import NO_LEAD, DayScore, Inputs
from services.deployer.domain.live.stamps import moment, stamp
from services.deployer.domain.live.unseen import Place, Trained
from shared.solar import clock_check, leads
from shared.solar.lookup import values_at
from shared.solar.position import Floats, Times, ephemeris, position
from shared.solar.site import POWER
from shared.solar.zones import tzinfo_of

_A_DAY = np.timedelta64(86_400, "s")


@dataclass(frozen=True, slots=True)
class Scored:
    """Days with their power, the scores of those days, and files whose predictions somebody deleted."""

    days: Mapping[Key, Day]
    scores: Mapping[Key, tuple[DayScore, ...]]
    lost: frozenset[FileRef] = frozenset()


@dataclass(frozen=True, slots=True)
class _Group:
    """What is scored together: one version's predictions from one kind of input, of one lead.

    What was made from forecasts when their intervals were over is apart.
    """

    version: int
    step_minutes: int
    inputs: Inputs
    provider: str
    lead: str
    hindsight: bool = False


def score(
    trained: Trained, days: Mapping[Key, Day], touched: Collection[Key], shelf: Shelf
) -> Scored:
    """Score days anew from what stands: power, and the predictions whose weather stands.

    Parameters
    ----------
    days
        The days that are touched, and the day before and after each.
    touched
        Days of which a file or a prediction came or went.
    """
    found = dict(days)
    shelf.fetch_files(file for key in touched for file in days[key].files if file.has_power)
    changed = set(touched)
    for key in touched:
        power = _power(trained.step_minutes, found[key], trained.places[key[0]], shelf)
        if power != found[key].power:
            found[key] = replace(found[key], power=power)
            after = (key[0], key[1] + ONE_DAY)
            if after in found and found[after].is_scored:
                changed.add(after)  # its baseline is this day's power
    shelf.fetch_predictions({made.key: key[0] for key in changed for made in found[key].counted})
    lost: set[FileRef] = set()
    for key in changed:
        gone = {made for made in found[key].counted if not shelf.predictions([made.key])}
        named = {made.file_id for made in gone}
        lost |= {file for file in found[key].files if file.file_id in named}
        kept = tuple(made for made in found[key].made if made not in gone)
        found[key] = replace(found[key], made=kept)
    scores = {key: tuple(_scores(trained, found, key, shelf)) for key in changed}
    for key, new in scores.items():
        found[key] = replace(found[key], is_scored=bool(new))
    return Scored({key: found[key] for key in changed}, scores, frozenset(lost))


def _scores(
    trained: Trained, days: Mapping[Key, Day], key: Key, shelf: Shelf
) -> Iterable[DayScore]:
    """Yield how each version did on a day; that there was no weather where power has nothing beside it."""
    day, place = days[key], trained.places[key[0]]
    start, end = book.bounds(day.day, tzinfo_of(place.timezone))
    kept = shelf.predictions(made.key for made in day.counted)
    groups = _grouped(kept)
    if not groups:
        if day.power is not None and _is_unseen(trained, day):
            yield DayScore(day.site_id, day.day, trained.version, "no_weather")
        return
    yesterday = days.get((day.site_id, day.day - ONE_DAY), Day(day.site_id, day.day - ONE_DAY))
    for group in sorted(
        groups, key=lambda each: (each.version, each.inputs, each.lead, each.hindsight)
    ):
        best = predicted.best(_of_group(groups[group], group), stamp(start), stamp(end))
        if not len(best.times):
            continue  # nothing of this lead
        step = group.step_minutes
        powers = (_power_on(step, day, place, shelf), _power_on(step, yesterday, place, shelf))
        rows = _rows(best, place, powers, step)
        yield _score(trained, day, group, best, rows)


def _score(
    trained: Trained, day: Day, group: _Group, best: predicted.Best, rows: DayRows
) -> DayScore:
    """Score a day; where the adjuster changed it, as it was without, too."""
    gain = float(np.median(best.gain)) if len(best.gain) else 1.0

    def scored(rows: DayRows, gain: float) -> DayScore:
        return score_day(
            day.site_id,
            day.day,
            group.version,
            rows,
            capacity_kw=trained.places[day.site_id].ac_capacity_kw,
            step_minutes=group.step_minutes,
            inputs=group.inputs,
            provider=group.provider,
            lead=group.lead,
            gain=gain,
            timezone=trained.places[day.site_id].timezone,
        )

    score = replace(scored(rows, gain), hindsight=group.hindsight)
    if (best.gain == 1).all():
        return score
    plain = replace(rows, predicted=values_at(rows.times, best.times, best.unadjusted))
    return replace(score, unadjusted=scored(plain, 1.0).sums)


def _is_unseen(trained: Trained, day: Day) -> bool:
    power = day.power
    if power is None:
        return False
    times = _grid(power)[[value is not None for value in power.values]]
    return bool(trained.unseen(day.site_id, times).any())


def _grouped(kept: Iterable[Predicted]) -> dict[_Group, list[Predicted]]:
    groups: dict[_Group, list[Predicted]] = {}
    for each in kept:
        names = leads.BUCKETS if each.inputs == "forecast" else (NO_LEAD,)
        for name in names:
            group = _Group(each.version, each.step_minutes, each.inputs, each.provider, name)
            groups.setdefault(group, []).append(each)
            if each.in_hindsight.any():
                groups.setdefault(replace(group, hindsight=True), []).append(each)
    return groups


def _of_group(kept: Iterable[Predicted], group: _Group) -> list[Predicted]:
    """Return the rows of predictions that are in a group; all of them for measured weather."""
    if group.lead == NO_LEAD:
        return list(kept)
    found = []
    for each in kept:
        inside = (_buckets(each) == group.lead) & (each.in_hindsight == group.hindsight)
        if inside.any():
            found.append(each.take(inside))
    return found


def _buckets(kept: Predicted) -> NDArray[np.str_]:
    return np.array(leads.BUCKETS)[np.searchsorted(leads.HOURS, kept.lead_hours, side="right")]


def _rows(
    best: predicted.Best,
    place: Place,
    powers: tuple[Power | None, Power | None],
    step_minutes: int,
) -> DayRows:
    """Return the rows of a day: every time of which a prediction or power is known.

    Parameters
    ----------
    powers
        Of the day, and of the day before.
    """
    power, yesterday = powers
    measured = _grid(power) if power is not None else best.times[:0]
    times = np.union1d(best.times, measured)
    centres = times + np.timedelta64(step_minutes * 30, "s")
    before = [each for each in (yesterday, power) if each is not None]
    a_day_ago = np.full(len(times), np.nan)
    for each in before:
        known = values_at(times - _A_DAY, _grid(each), _values(each))
        a_day_ago = np.where(np.isfinite(known), known, a_day_ago)
    return DayRows(
        times=times,
        weather={
            name: values_at(times, best.times, values) for name, values in best.columns.items()
        },
        sun=position(ephemeris(centres), place.latitude, place.longitude),
        predicted=values_at(times, best.times, best.power_ac),
        p10=values_at(times, best.times, best.p10),
        p90=values_at(times, best.times, best.p90),
        power_ac=np.full(len(times), np.nan)
        if power is None
        else values_at(times, measured, _values(power)),
        power_ac_24h_ago=a_day_ago,
    )


def _power_on(step: int, day: Day, place: Place, shelf: Shelf) -> Power | None:
    """Return the power of a day on the step of who predicted it; the book has it on that of who serves."""
    if day.power is None or day.power.step_minutes == step:
        return day.power
    shelf.fetch_files(each for each in day.files if each.has_power)
    return _power(step, day, place, shelf)


def _power(step: int, day: Day, place: Place, shelf: Shelf) -> Power | None:
    """Return the power of a day as its standing files say it together; None where none says anything."""
    files = [each for each in day.files if each.has_power]
    found = shelf.on_step(day.site_id, files, step, frozenset((POWER,)))
    start, end = map(stamp, book.bounds(day.day, tzinfo_of(place.timezone)))
    stated = found.times
    if place.corrects_clock and len(stated):
        stated = clock_check.true_times(stated, place.timezone)
    true, first_of = np.unique(stated, return_index=True)  # an hour may come twice in autumn
    inside = (true >= start) & (true < end)
    times = true[inside]
    if not len(times):
        return None
    values = found.columns[POWER][first_of[inside]]
    if not np.isfinite(values).any():
        return None
    grid = times[0] + np.arange(
        int((times[-1] - times[0]) / np.timedelta64(step * 60, "s")) + 1
    ) * np.timedelta64(step * 60, "s")
    spread = values_at(grid, times, values)
    return Power(
        moment(times[0]),
        step,
        tuple(None if np.isnan(each) else round(float(each), 6) for each in spread),
    )


def _grid(power: Power) -> Times:
    step = np.timedelta64(power.step_minutes * 60, "s")
    times: Times = stamp(power.start) + np.arange(len(power.values)) * step
    return times


def _values(power: Power) -> Floats:
    return np.array([np.nan if each is None else each for each in power.values])
