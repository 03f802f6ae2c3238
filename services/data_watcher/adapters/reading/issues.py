"""Where the rows of a forecast file lie: when each was issued, and which interval it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading import intervals, no_times, parsing, stamps
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain import issue_times, lead_steps
from services.data_watcher.domain.believable import leads, losses
from services.data_watcher.domain.believable import stamps as believable
from services.data_watcher.domain.lead_steps import Steps
from services.data_watcher.domain.time_axis import TimeAxis, Times
from shared.errors import UnreadableFileError
from shared.solar import issued as written
from shared.solar.issued import IssueFormat
from shared.solar.site import Site, SourceFormat, TimestampFormat
from shared.solar.zones import tzinfo_of

_NAT = np.datetime64("NaT", "us")
_MINUTE = np.timedelta64(1, "m")
_TOLD_ANEW = (
    "if an issue is told a second time with other values, put that into a file of its own and upload it "
    "later: of two files the later one counts in trainings after it"
)
_NEVER = -1.0  # min; a horizon that leaves nothing to ask
_UNKNOWN = Steps(60.0, is_known=False)  # of a single row
Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Lengths = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows of forecasts, ordered by issue and then by target; each pair is there once.

    Attributes
    ----------
    issued
        When each was issued, in UTC.
    time
        Whose `utc` are the beginnings of the intervals. They repeat where issues overlap.
    lengths
        How long each interval is. [s]
    shows_lengths
        Whether anything says so: a single row without a stated step does not.
    apart
        How far the rows of one issue were written apart at most, where each has a time of its own. [s]
    """

    issued: Times
    time: TimeAxis
    lengths: npt.NDArray[np.float64]
    shows_lengths: bool = True
    apart: float = 0.0

    @property
    def leads(self) -> npt.NDArray[np.timedelta64]:
        """Return how long after its issue each interval begins."""
        return self.time.utc - self.issued

    @property
    def ends(self) -> Times:
        """Return where each interval ends."""
        return np.asarray(self.time.utc + self.lengths.astype("m8[s]"), "M8[us]")

    def take(self, rows: npt.NDArray[np.bool_]) -> Placed:
        """Return some of the rows."""
        time = replace(
            self.time,
            utc=self.time.utc[rows],
            rows=self.time.rows[rows],
            doubtful={name: mask[rows] for name, mask in self.time.doubtful.items()},
        )
        return replace(self, issued=self.issued[rows], time=time, lengths=self.lengths[rows])


def place(
    table: Table, source: SourceFormat, site: Site, name: str, uploaded_at: datetime | None
) -> Placed:
    """Give each row of a forecast file its issue and its target.

    Parameters
    ----------
    name
        The file's name, without its folder.
    uploaded_at
        When the file was uploaded; needed where the YAML says `issued: {upload: true}`.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`, `no_issue`, `wrong_step` or `mixed_rows`.
    """
    assert source.issued is not None  # noqa: S101 - the schema sees to it
    how, zone = source.timestamp, source.timestamp.timezone or site.timezone
    table, how = intervals.begun(table, how, zone)
    local, is_utc, counts = stamps.parsed(table, how, zone, site, by_rows=False)
    stated, apart = _stated(table, source.issued, zone, name, uploaded_at), 0.0
    if stated is not None:
        stated, apart = issue_times.gather(stated, local)
    issue = np.zeros(table.rows, np.intp) if stated is None else _codes(stated)
    utc, never = (local, np.zeros(len(local), bool)) if is_utc else _utc(local, zone, issue)
    counts["no_such_local_time"] = int(never.sum())
    strays = believable.strays(utc)
    utc = np.where(strays, _NAT, utc)
    counts["bad_timestamp"] += int(strays.sum())
    utc, counts["snapped"] = stamps.snap(utc, _usual_step(utc, issue, how))
    steps = _steps(utc, stated, issue, source)
    lengths = _lengths(utc, stated, steps, how)
    begins = stamps.begins(utc, lengths, how)
    issued = _by_target(begins, source.issued, zone) if stated is None else stated
    known = ~np.isnat(begins)
    if not known.any():
        raise no_times.no_timestamps(table, how, ~known, zone)
    lost = known & ~leads.possible(begins, issued)
    counts["no_issue"] = int(lost.sum())
    _check_issues(lost, known, table, source.issued, site)
    known &= ~lost
    beyond = known & leads.beyond(begins, issued, source.horizon)
    counts["beyond_horizon"] = int(beyond.sum())
    known &= ~beyond
    if not known.any():
        raise UnreadableFileError(
            "empty",
            f"all {counts['beyond_horizon']} rows reach beyond the horizon of {source.horizon}",
            "correct the horizon of the source in the site's YAML, or how it says when a file was issued",
        )
    rows = np.flatnonzero(known)
    believable.check_swapped(np.unique(begins[rows]))
    leads_of_stamps, codes = _in_order(utc, stated, issue, rows)
    lead_steps.check(leads_of_stamps, codes, steps, is_stated=how.step_minutes is not None)
    placed = _ordered(table, begins, issued, rows, counts, lengths, steps)
    time = replace(placed.time, zone=source.timestamp.timezone, is_absolute=is_utc)
    return replace(placed, time=time, apart=apart)


def _ordered(  # noqa: PLR0917 - what a row is, and what was done to others
    table: Table,
    begins: Times,
    issued: Times,
    rows: Codes,
    counts: dict[str, int],
    lengths: Lengths,
    steps: Steps,
) -> Placed:
    order = rows[np.lexsort((begins[rows], issued[rows]))]
    is_new = (np.diff(issued[order]) != np.timedelta64(0, "us")) | (
        np.diff(begins[order]) != np.timedelta64(0, "us")
    )
    chosen = order[np.append(is_new, True)]
    counts["duplicate_stamp"] = len(order) - len(chosen)
    doubtful = {}
    if counts["duplicate_stamp"]:
        pair = np.zeros(table.rows, np.int64)
        pair[order] = np.append(0, np.cumsum(is_new))
        doubtful = believable.contradicting(
            table.values, pair, order, chosen, said=table.said, otherwise=_TOLD_ANEW
        )
    found = {reason: count for reason, count in counts.items() if count}
    time = TimeAxis(begins[chosen], chosen, steps.first * 60.0, found, doubtful=doubtful)
    return Placed(issued[chosen], time, lengths[chosen], steps.is_known)


# --- the issue ------------------------------------------------------------------------------------------


def _stated(
    table: Table, how: IssueFormat, zone: str, name: str, uploaded_at: datetime | None
) -> Times | None:
    """Return when each row was issued; None where only its target says so."""
    if how.column is not None:
        return _of_column(table, how, how.timezone or zone)
    if how.file_name is not None:
        return np.full(table.rows, _of_name(name, how, how.timezone or zone), "M8[us]")
    if how.upload:
        if uploaded_at is None:
            message = "the time of the upload is needed, and nobody gave it"
            raise ValueError(message)
        return np.full(table.rows, _plain(uploaded_at), "M8[us]")
    return None


def _of_column(table: Table, how: IssueFormat, zone: str) -> Times:
    assert how.column is not None  # noqa: S101 - for the type checker
    assert table.issues is not None  # noqa: S101
    form = TimestampFormat(column=how.column, format=how.format, timezone=zone)
    local, is_utc = parsing.parse(table.issues, form, zone)
    stamps.forget_absurd(local)
    if how.at is not None:
        midnight = local.astype("M8[D]").astype("M8[us]")
        local = np.asarray(midnight + np.timedelta64(written.clock(how.at)), "M8[us]")
    if is_utc:
        return local
    each, where = np.unique(local, return_inverse=True)  # an issue's rows share its moment
    found: Times = to_utc(each, zone)[0][where]
    return found


def _of_name(name: str, how: IssueFormat, zone: str) -> np.datetime64:
    assert how.file_name is not None  # noqa: S101 - for the type checker
    plain = name.removesuffix(".gz")
    moment = written.in_name(how.file_name, plain)
    if moment is None:
        raise UnreadableFileError(
            "unknown_issue",
            f"the name {plain!r} does not say when the forecast was issued: it is not like "
            f"{how.file_name!r}",
            "rename the file, or correct issued.file_name of the source in the site's YAML",
        )
    if how.at is not None:
        moment += written.clock(how.at)
    return _plain(moment if moment.tzinfo else moment.replace(tzinfo=tzinfo_of(zone)))


def _by_target(begins: Times, how: IssueFormat, zone: str) -> Times:
    """Return when intervals were issued, where that is a matter of when they are."""
    if how.lead is not None:
        return np.asarray(begins - np.timedelta64(written.span(how.lead)), "M8[us]")
    place = tzinfo_of(how.timezone or zone)
    each, where = np.unique(begins, return_inverse=True)
    found = [_NAT if np.isnat(one) else _of_day(one, how, place) for one in each]
    by_day: Times = np.array(found, "M8[us]")[where]
    return by_day


def _of_day(begin: np.datetime64, how: IssueFormat, place: tzinfo) -> np.datetime64:
    """Return the issue of the day before an interval, or the last daily one that is not after its begin."""
    moment: datetime = begin.astype("M8[us]").item()
    day = moment.replace(tzinfo=UTC).astimezone(place).date()
    before = day - timedelta(days=1)
    if how.daily_at is None:
        assert how.day_before_at is not None  # noqa: S101 - the last of the ways
        return _at(before, how.day_before_at, place)
    today = _at(day, how.daily_at, place)
    return today if today <= begin else _at(before, how.daily_at, place)


def _at(day: date, hour: str, place: tzinfo) -> np.datetime64:
    return _plain(datetime(day.year, day.month, day.day, tzinfo=place) + written.clock(hour))


def _plain(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _check_issues(lost: Mask, known: Mask, table: Table, how: IssueFormat, site: Site) -> None:
    if not lost[known].all():
        losses.check_rows("the issue", "no_issue", lost, None, site, table.said)
        return
    said = f"the column {how.column!r}" if how.column else "the YAML's way (issued)"
    example = table.issues[int(np.flatnonzero(lost)[0])].as_py() if table.issues else None
    raise UnreadableFileError(
        "unknown_issue",
        f"of no row {said} says when it was issued"
        + (f", for example {example!r} in row {table.said(0)}" if example is not None else ""),
        "correct issued in the site's YAML (column, format), or the file",
    )


# --- the grid -------------------------------------------------------------------------------------------


def _codes(issued: Times) -> Codes:
    codes: Codes = np.unique(issued, return_inverse=True)[1]
    return codes


def _utc(local: Times, zone: str, issue: Codes) -> tuple[Times, Mask]:
    """Convert clock times to UTC, each issue for itself: an hour that comes twice does so in each of them."""
    order = np.argsort(issue, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(issue[order]) != 0))
    if len(starts) == 1:
        return to_utc(local, zone)
    utc, never = local.copy(), np.zeros(len(local), bool)
    for rows in np.split(order, starts[1:]):
        utc[rows], never[rows] = to_utc(local[rows], zone)
    return utc, never


def _in_order(utc: Times, issued: Times | None, issue: Codes, rows: Codes) -> tuple[Lengths, Codes]:
    """Return the leads of the stamps of some rows by issue and time, each once [min], and their issues.

    Where only its target says when a row was issued, all rows are one series.
    """
    order = rows[np.lexsort((utc[rows], issue[rows]))]
    since = np.datetime64(0, "us") if issued is None else issued[order]
    minutes: Lengths = (utc[order] - since) / _MINUTE
    fresh = np.append(True, (lead_steps.apart(minutes) != 0) | (np.diff(issue[order]) != 0))
    fresh = fresh[: len(order)]
    return minutes[fresh], issue[order][fresh]


def _usual_step(utc: Times, issue: Codes, how: TimestampFormat) -> float:
    """Return how far the stamps of an issue usually lie apart, or what is said of it. [s]"""
    minutes, codes = _in_order(utc, None, issue, np.flatnonzero(~np.isnat(utc)))
    found = lead_steps.usual(lead_steps.apart(minutes)[np.diff(codes) == 0])
    return (how.step_minutes or found or _UNKNOWN.first) * 60.0


def _steps(utc: Times, issued: Times | None, issue: Codes, source: SourceFormat) -> Steps:
    """Return the step: as the YAML says, or as the stamps lie in each issue.

    Raises
    ------
    UnreadableFileError
        `wrong_step`: where stamps are no beginnings, nobody can say where their intervals begin.
    """
    how, stated = source.timestamp, source.timestamp.step_minutes
    horizon = written.span(source.horizon) / timedelta(minutes=1) if source.horizon else np.inf
    if stated is not None and (issued is None or source.horizon is None):
        return Steps(float(stated))
    known = ~np.isnat(utc)
    if issued is not None:
        known &= leads.possible(utc, issued)
    minutes, codes = _in_order(utc, issued, issue, np.flatnonzero(known))
    if stated is not None:
        return _until(horizon, lead_steps.find(minutes, codes, _NEVER), float(stated))
    if issued is None:  # a lead that is the same everywhere becomes no coarser
        one = lead_steps.usual(lead_steps.apart(minutes))
        found = None if one is None else Steps(one)
    else:
        found = lead_steps.find(minutes, codes, horizon)
    _check_label(found, how)
    return found or _UNKNOWN


def _until(horizon: float, found: Steps | None, stated: float) -> Steps:
    """Return a stated step that a horizon makes true: the row that begins there may be a coarser one."""
    is_true = found and found.first == stated and found.changes and found.changes[0][0] >= horizon
    return found if found and is_true else Steps(stated)


def _check_label(steps: Steps | None, how: TimestampFormat) -> None:
    """Refuse stamps that are no beginnings, where the length of their intervals is not known or no use."""
    if how.label == "left":
        return
    if steps is None:
        raise UnreadableFileError(
            "wrong_step",
            f"the stamps are the {'middle' if how.label == 'center' else 'end'} of intervals, and no issue "
            "of the file has two of them, which would show how long these are",
            "say step_minutes in the site's YAML, the length of an interval",
        )
    odd = [step for step in steps.each if step % 30]
    if how.label == "center" and odd:
        raise UnreadableFileError(
            "wrong_step",
            f"the stamps lie {odd[0]:g} min apart, and label: center is for steps of whole half-hours",
            "correct timestamp.label in the site's YAML",
        )


def _lengths(utc: Times, issued: Times | None, steps: Steps, how: TimestampFormat) -> Lengths:
    """Return how long the interval of each stamp is. [s]"""
    if issued is None or not steps.changes:
        return np.full(len(utc), steps.first * 60.0)
    minutes = (utc - issued) / _MINUTE
    at = steps.beginning_at(minutes) if how.label == "left" else steps.stamped_at(minutes)
    return at * 60.0
