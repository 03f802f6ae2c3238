"""Where files of one kind keep their time stamps, and in which form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from console.drafting import ends, parts, row_times, serials
from console.drafting.guess import Changes, Guess, NotUnderstoodError
from console.drafting.layout import Sheet
from console.drafting.moments import Form, Times, is_day, joined
from console.drafting.spans import forms, is_clock, is_moment
from services.data_watcher.adapters.reading import stamp_text, zone_names
from services.data_watcher.domain.believable.stamps import ROWS_FOR_STEP
from services.data_watcher.domain.time_axis import stretches
from shared.solar.stamp_format import EXCEL, halves
from shared.solar.zones import tzinfo_of

_MOSTLY = 0.8  # of the cells of each file
_USUAL = 0.8  # of the distances between stamps
_OFFSET = re.compile(
    r"(?:-(?:0\d|1[0-2])|\+(?:0\d|1[0-4])):[0-5]\d"
)  # that some place on earth has
_ZONE_OF_HEADER = re.compile(r"[(\[](UTC|GMT|CET/CEST|MEZ/MESZ)[)\]]")
_CLOCK_WORD = re.compile(
    r"(ora|orario|time|zeit|uhrzeit|heure|hora|klo|kello|aika|tid|klokkeslett|czas|godzina|saat|tijd)\b"
)
_DOTTED = re.compile(r"\s*[0-2]?\d\.[0-5]\d(\.[0-5]\d)?\s*")
_LOOKED_AT = 100  # cells that show how a column is written
_NSRDB = "NSRDB"
CENTRAL_EUROPE = "Europe/Brussels"  # the clock of CET and CEST, whichever country's
MINUTE = np.timedelta64(1, "m")
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class Stamps:
    """The time stamps of some files.

    Attributes
    ----------
    guesses
        What the YAML says about them.
    times
        By the files' own clock, for each file; NaT where a row has none.
    offset
        The zone that the stamps carry; None where they carry none.
    step
        Length of an interval. [min]
    zoned
        For each file, whether its stamps carry a zone.
    label
        What a stamp names, whether or not a step is known.
    end
        The column of the ends, where stamps are beginnings.
    changes
        The zones whose changes of summer time the lengths of days show.
    """

    guesses: dict[str, Guess]
    times: list[Times]
    offset: str | None
    step: int
    zoned: list[bool]
    notes: tuple[str, ...] = ()
    label: Guess | None = None
    end: ends.End | None = None
    changes: tuple[Changes, ...] = ()

    @property
    def taken(self) -> set[str]:
        """Return the columns that hold stamps."""
        said = [each.value for key, each in self.guesses.items() if key.endswith("column")]
        return {name for each in said for name in ([each] if isinstance(each, str) else each)}


@dataclass(frozen=True, slots=True)
class _Candidate:
    column: str | tuple[str, ...]
    time_column: str | tuple[str, ...] | None
    forms: list[list[Form]]  # of each file, in the same order

    @property
    def name(self) -> str:
        """Return how the column of the time of day is called, or that of all."""
        said = self.time_column or self.column
        return said if isinstance(said, str) else " ".join(said)

    def fits(self, at: int) -> bool:
        """Whether a form fits nearly all stamps of every file."""
        return all(float((~np.isnat(each[at].times)).mean()) > _MOSTLY for each in self.forms)


def find(sheets: Sequence[Sheet]) -> Stamps:
    """Return the time stamps of files with the same columns.

    Raises
    ------
    NotUnderstoodError
        No column holds any.
    """
    candidates = [*_candidates(sheets), *_candidates_of_parts(sheets)]
    found = _best(candidates) or _best(_candidates_of_serials(sheets))
    if found is None:
        names = ", ".join(sheet.path.name for sheet in sheets)
        message = (
            f"{names}: no column holds time stamps in one form for most of its rows; split the file where "
            "the form changes, or export it again in one form"
        )
        raise NotUnderstoodError(message)
    return _described(sheets, *found, candidates)


def _best(candidates: Iterable[_Candidate]) -> tuple[_Candidate, int] | None:
    """Return the most likely stamps, and which of their forms; None where none fits."""
    best: tuple[tuple[float, ...], _Candidate, int] | None = None
    for number, candidate in enumerate(candidates):
        for at in range(len(candidate.forms[0])):
            if candidate.fits(at):
                rank = (*_rank(candidate, at), -number, -at)
                if best is None or rank > best[0]:
                    best = rank, candidate, at
    return best[1:] if best else None


def _candidates(sheets: Sequence[Sheet]) -> Iterator[_Candidate]:
    first = sheets[0].columns
    holding = [name for name, cells in first.items() if any(is_moment(each) for each in cells[:20])]
    for name in holding:
        found = _same_forms([forms(sheet.columns[name]) for sheet in sheets])
        if found:
            yield _Candidate(name, None, found)
    for day in first:
        if not any(is_day(each) for each in first[day][:5]):
            continue
        for clock, cells in first.items():
            if clock != day and (
                any(is_clock(each) for each in cells[:5]) or _is_dotted_clock(clock, cells)
            ):
                each_joined = [joined(sheet.columns[day], sheet.columns[clock]) for sheet in sheets]
                found = _same_forms([forms(each) for each in each_joined])
                if found:
                    yield _Candidate(day, clock, found)


def _is_dotted_clock(name: str, cells: Sequence[object]) -> bool:
    """Whether a column holds times of day with a point, which are numbers by their looks: 13.45."""
    if not _CLOCK_WORD.match(name.strip().casefold()):
        return False
    return all(isinstance(each, str) and _DOTTED.fullmatch(each) for each in cells[:_LOOKED_AT])


def _candidates_of_parts(sheets: Sequence[Sheet]) -> Iterator[_Candidate]:
    """Yield stamps whose parts are columns; for each date and clock the formats that all files may have."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[parts.Parts]] = {}
    for each in parts.find(sheets[0].columns):
        found.setdefault((each.days, each.clocks), []).append(each)
    for (days, clocks), some in found.items():
        each_file = [
            list(filter(None, (parts.form(sheet.columns, each) for each in some)))
            for sheet in sheets
        ]
        same = _same_forms(each_file) if all(each_file) else []
        if same:
            yield _Candidate(_alone(days), _alone(clocks) if clocks else None, same)


def _candidates_of_serials(sheets: Sequence[Sheet]) -> Iterator[_Candidate]:
    """Yield columns of serial dates; they are numbers like others, and sought only where no stamps are."""
    for name in sheets[0].columns:
        found = [serials.form(sheet.columns[name]) for sheet in sheets]
        if all(found):
            yield _Candidate(name, None, [[each] for each in found if each])


def _alone(names: tuple[str, ...]) -> str | tuple[str, ...]:
    return names[0] if len(names) == 1 else names


def _same_forms(each_file: list[list[Form]]) -> list[list[Form]]:
    """Return the forms that every file may have, in one order."""
    written = [{_written(form): form for form in some} for some in each_file]
    common = [each for each in written[0] if all(each in some for some in written)]
    return [[some[each] for each in common] for some in written] if common else []


def _written(form: Form) -> str | None:
    """Return the format by which forms are told apart.

    The reader takes short and long months by either, and intervals without the zone that others name.
    """
    if form.format is None:
        return None
    plain = form.format if form.length is None else re.sub(r" ?\(?%Z\)?", "", form.format)
    return plain.replace("%B", "%b")


def _rank(candidate: _Candidate, at: int) -> tuple[float, ...]:
    """Return what speaks for a form: times of day, all cells, stamps that differ and follow each other."""
    some = [each[at] for each in candidate.forms]
    times = np.concatenate([each.times for each in some])
    known = times[~np.isnat(times)]
    regular, span = _regularity(some)
    return (
        float(any(each.has_clock for each in some)),
        round(len(known) / len(times), 2),
        -float(row_times.is_beside(candidate.name)),
        round(len(np.unique(known)) / len(known), 1),
        float(ends.rank(candidate.name)),
        regular,
        -span,
        float(candidate.time_column is None),
    )


def _regularity(some: Sequence[Form]) -> tuple[float, float]:
    """Return how many stamps follow each other at the usual distance, and over how many days all lie."""
    times = np.sort(np.concatenate([each.times[~np.isnat(each.times)] for each in some]))
    distances = np.diff(times)
    distances = distances[distances > np.timedelta64(0, "us")]
    if not len(distances):
        return 0.0, 0.0
    _, counts = np.unique(distances, return_counts=True)
    return float(counts.max()), float((times[-1] - times[0]) / _DAY)


def _described(
    sheets: Sequence[Sheet], candidate: _Candidate, at: int, others: Sequence[_Candidate]
) -> Stamps:
    chosen = [each[at] for each in candidate.forms]
    times = [each.times for each in chosen]
    cells = sum(map(len, times))
    good = sum(int((~np.isnat(each)).sum()) for each in times)
    guesses = {"column": Guess(_plain(candidate.column), f"{good} of {cells} cells are times")}
    if candidate.time_column:
        guesses["time_column"] = Guess(
            _plain(candidate.time_column), "the time of day stands apart from the date"
        )
    if chosen[0].format is not None:
        longest = max(
            (each.format or "" for each in chosen), key=len
        )  # with the zone, if one names it
        guesses["format"] = Guess(longest, _why_format(candidate, at))
    step, share, notes = _step(sheets, times)
    lengths = {each.length for each in chosen}
    if step:
        guesses["step_minutes"] = Guess(step, f"{share:.0%} of distances")
    if lengths != {None}:
        notes += [
            f"the stamps name intervals of {each:g} min, but {share:.0%} of them lie {step} min apart"
            for each in lengths
            if step and each != step
        ]
    label, end = (
        _labelled(sheets, candidate, chosen, others, step) if lengths == {None} else (None, None)
    )
    if label and (step or end):
        guesses["label"] = label
    zones = {zone for each in chosen for zone in each.zones if zone}
    offset = _zone(zones, times)
    named = _zone_named(sheets, candidate)
    if named is not None and offset is None:
        offset, guesses["timezone"] = named.value, named
    elif offset == CENTRAL_EUROPE:
        guesses["timezone"] = Guess(offset, "the cells say CET/CEST")
    elif zones & zone_names.PLACES.keys():
        names = "/".join(sorted(zones & zone_names.PLACES.keys()))
        why = f"GUESSED: the cells say {names}, which may be another clock, too"
        guesses["timezone"] = Guess(offset, why)
    if len(zones) > 1:
        notes.append(
            f"the stamps name several zones ({', '.join(sorted(zones))}); each is read by its own"
        )
    zoned = [bool(each.zones - {"", zone_names.SUMMER}) or "timezone" in guesses for each in chosen]
    return Stamps(guesses, times, offset, step or 60, zoned, tuple(notes), label, end)


def _labelled(
    sheets: Sequence[Sheet],
    candidate: _Candidate,
    chosen: Sequence[Form],
    others: Sequence[_Candidate],
    step: int | None,
) -> tuple[Guess | None, ends.End | None]:
    """Return what a stamp names, where something says so, and the column of the ends."""
    label = _label(candidate, chosen)
    if label is not None:
        return label, None
    times = np.concatenate([each.times for each in chosen])
    end = ends.find(times, _beside(candidate, others), step)
    if end is not None:
        return end.label, end
    if (
        step
        and ends.rank(candidate.name) == 0
        and all(ends.by_midnight(each.times, step) for each in chosen)
    ):
        why = (
            f"GUESSED: each file begins {step} min after midnight and ends at midnight, so stamps are the "
            "end of an interval"
        )
        return Guess("right", why), None
    if step and step % 30 == 0 and {sheet.service for sheet in sheets} == {_NSRDB}:
        why = "GUESSED: NSRDB gives values of a moment, the middle of an interval"
        return Guess("center", why), None
    return None, None


def _beside(candidate: _Candidate, others: Sequence[_Candidate]) -> Iterator[ends.Beside]:
    """Yield other stamps of the same rows that are called an end."""
    for each in others:
        if each.name != candidate.name and ends.rank(each.name) < 0:
            read = [
                np.concatenate([one.times for one in some])
                for some in zip(*each.forms, strict=True)
            ]
            same_date = bool(candidate.time_column) and each.column == candidate.column
            yield ends.Beside(each.name, read, same_date)


def _plain(column: str | tuple[str, ...]) -> str | list[str]:
    """Return columns as the YAML has them."""
    return column if isinstance(column, str) else list(column)


def _zone_named(sheets: Sequence[Sheet], candidate: _Candidate) -> Guess | None:
    """Return the zone that the header or a comment above it names."""
    for name in (candidate.name, str(candidate.column)):
        said = _ZONE_OF_HEADER.search(name)
        if said is not None:
            return Guess(_zone({said[1]}), f"the header says {said[1]}")
    zones = {sheet.zone for sheet in sheets}
    zone = zones.pop() if len(zones) == 1 else None
    return Guess(zone, "a line above the header says so") if zone else None


def _why_format(candidate: _Candidate, at: int) -> str:
    """Say why this form and no other, or that both fit."""
    chosen = [each[at] for each in candidate.forms]
    others = [
        n
        for n, each in enumerate(candidate.forms[0])
        if n != at and each.order and candidate.fits(n)
    ]
    fitting = sum(int((~np.isnat(each.times)).sum()) for each in chosen)
    if chosen[0].format == EXCEL:
        return serials.WHY.format(first=str(chosen[0].times.min())[:16].replace("T", " "))
    if not chosen[0].order:
        return "by their shape"
    for n in others:
        rivals = [each[n] for each in candidate.forms]
        if sum(int((~np.isnat(each.times)).sum()) for each in rivals) < fitting:
            continue
        said = rivals[0].format
        if _regularity(rivals) == _regularity(chosen):
            return (
                f"GUESSED: day and month cannot be told apart, {said} fits as well; check it, or give a "
                "sample with a day after the 12th"
            )
        days, less = _regularity(rivals)[1], _regularity(chosen)[1]
        return (
            f"with it the stamps lie within {less:.0f} days and follow each other most regularly; with "
            f"{said} they lie over {days:.0f} days"
        )
    return "only in this order all stamps are dates"


def counted_at_end(found: Stamps, columns: Mapping[str, Mapping[str, Guess]]) -> Stamps:
    """Return stamps that say when a counter beside an interval was read."""
    form = found.guesses.get("format")
    counters = [
        name for name, each in columns.items() if "kind" in each and each["kind"].value == "counter"
    ]
    if counters and found.end is not None and "label" in found.guesses:
        why = (
            f"GUESSED: {found.end.column!r} is the end, but {counters[0]} is a counter; if it was read at "
            f"the end, say column: {found.end.column} and label: right"
        )
        return replace(found, guesses={**found.guesses, "label": Guess("left", why)})
    if not counters or form is None or halves(form.value) is None:
        return found
    why = f"GUESSED: {counters[0]} is a counter, read at the end of the interval beside it"
    return replace(found, guesses={**found.guesses, "label": Guess("right", why)})


def _step(sheets: Sequence[Sheet], times: Sequence[Times]) -> tuple[int | None, float, list[str]]:
    """Return the usual distance of stamps [min], its share, and what speaks against it."""
    usual: dict[int, list[str]] = {}
    counts: Counter[int] = Counter()
    changes: set[int] = set()
    for sheet, each in zip(sheets, times, strict=True):
        known = np.unique(each[~np.isnat(each)])
        minutes = np.round(np.diff(known) / MINUTE).astype(int)
        own = Counter(minutes[minutes > 0].tolist())
        counts.update(own)
        steps = {int(minutes[start]) for start, _ in stretches(minutes, ROWS_FOR_STEP)}
        changes |= steps if len(steps) > 1 else set()
        if own:
            (most, count), *_ = own.most_common(1)
            if count > _USUAL * own.total():
                usual.setdefault(most, []).append(sheet.path.name)
    if not counts:
        return None, 0.0, []
    (step, count), *_ = counts.most_common(1)
    share = count / counts.total()
    if changes:
        said = ", ".join(f"{each} min" for each in sorted(changes))
        return (
            None,
            0.0,
            [f"step_minutes is left out: stretches of the file have other steps ({said})"],
        )
    if len(usual) > 1:
        said = "; ".join(f"{each} min in {', '.join(names[:3])}" for each, names in usual.items())
        return None, 0.0, [f"step_minutes is left out: the samples contradict one another ({said})"]
    if share <= _USUAL or not usual:
        return (
            None,
            0.0,
            [
                f"step_minutes is left out: the stamps lie irregularly ({share:.0%} of them {step} min apart)"
            ],
        )
    return (step if step <= 1440 else None), share, []  # noqa: PLR2004 - a day


def _label(candidate: _Candidate, chosen: Sequence[Form]) -> Guess | None:
    """Return what a stamp names, where a name or midnight says it is the end of an interval."""
    name = candidate.name
    if candidate.time_column and _midnight_behind(chosen):
        return Guess(
            "end", f"GUESSED: in {name!r} 00:00 comes last of its date, so it ends the day"
        )
    if any(each.ends_at_24 for each in chosen):
        return Guess(
            "right", "GUESSED: the day ends at 24:00, so stamps are the end of an interval"
        )
    if ends.rank(name) < 0:
        return Guess("right", f"GUESSED: by its name {name!r} is the end of an interval")
    return None


def _midnight_behind(chosen: Sequence[Form]) -> bool:
    """Whether midnight follows the last interval of the date that it carries."""
    behind = total = 0
    for each in chosen:
        times = each.times[::-1] if stamp_text.is_newest_first(each.times) else each.times
        at = np.flatnonzero(~np.isnat(times) & (times == times.astype("M8[D]")))
        at = at[at > 0]
        total += len(at)
        before = times[at - 1]
        behind += int(((before.astype("M8[D]") == times[at]) & (before > times[at])).sum())
    return total > 0 and behind > total / 2


def _of_place(zones: set[str], times: Sequence[Times]) -> str | None:
    """Return the zone whose clock names are of, or its offset where the names contradict that clock."""
    names = sorted(zones & zone_names.PLACES.keys())
    known = [each[~np.isnat(each)] for each in times]
    moments = [each[len(each) // 2].item() for each in known if len(each)]
    if not names or not moments:
        return None
    place = zone_names.PLACES[names[0]]
    clock = zone_names.ZoneNames(tzinfo_of(place))
    if len(names) > 1 or clock.offset(names[0], moments[0]) is not None:
        return place
    usual = zone_names.usual_offset(names[0])
    return zone_names.as_offset(usual) if usual is not None else None


def _zone(zones: set[str], times: Sequence[Times] = ()) -> str | None:
    """Return the zone that stamps carry as the site's YAML says it; a name of a zone is none there."""
    named = _of_place(zones, times)
    if named:
        return named
    if "since 1970" in zones:
        return "UTC"
    offsets = sorted(each for each in zones if _OFFSET.fullmatch(each))
    if zones & {"UTC", "GMT"}:
        return "UTC"
    if zones & {"CET/CEST", "MEZ/MESZ"}:
        return CENTRAL_EUROPE
    return offsets[0] if offsets else None
