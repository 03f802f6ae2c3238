"""Time stamps that people have: intervals, dates in several columns, months in words, serial dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from services.data_watcher.adapters.reading import months, read, serials
from shared.solar.site import TimestampFormat
from tests.corpus import workbook
from tests.unit.data_watcher.plant_files import (
    CSV,
    HEALTHY,
    accepted,
    canonical,
    csv,
    plant,
    refused,
    site,
)

DAY_FIRST = "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M"
BY_CLOCK = "%d.%m.%Y %H:%M-%H:%M"
CAMS = "%Y-%m-%dT%H:%M:%S.%f/%Y-%m-%dT%H:%M:%S.%f"


def stamped(format_: str, **more: Any) -> dict[str, Any]:
    return CSV | {"timestamp": {"column": "t", "format": format_, **more}}


def later(moment: datetime, minutes: float = 15) -> datetime:
    return moment + timedelta(minutes=minutes)


# --- intervals ------------------------------------------------------------------------------------------


def entsoe(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M} - {later(moment):%d.%m.%Y %H:%M}"


@pytest.mark.parametrize(
    ("stamp", "format_"),
    [
        (entsoe, DAY_FIRST),
        (lambda each: f"{entsoe(each)} (UTC)", f"{DAY_FIRST} (%Z)"),
        (lambda each: f"{entsoe(each)} (CET/CEST)", f"{DAY_FIRST} (%Z)"),
        (
            lambda each: f"{each:%d.%m.%Y %H:%M} (UTC) - {later(each):%d.%m.%Y %H:%M} (UTC)",
            "%d.%m.%Y %H:%M (%Z) - %d.%m.%Y %H:%M (%Z)",
        ),
        (
            lambda each: f"{each:%Y-%m-%dT%H:%M:%S}.0/{later(each):%Y-%m-%dT%H:%M:%S}.0",
            CAMS,
        ),
        (
            lambda each: f"{each:%Y-%m-%dT%H:%M:%S}Z/{later(each):%Y-%m-%dT%H:%M:%S}Z",
            "%Y-%m-%dT%H:%M:%S%z/%Y-%m-%dT%H:%M:%S%z",
        ),
        (lambda each: f"{each:%d.%m.%Y %H:%M}-{later(each):%H:%M}", BY_CLOCK),
        (lambda each: f"{each:%d.%m.%Y %H:%M} \u2013 {later(each):%H:%M}", BY_CLOCK),
        (
            lambda each: f"{each:%m/%d/%Y %I:%M %p} - {later(each):%I:%M %p}",
            "%m/%d/%Y %I:%M %p - %I:%M %p",
        ),
        (
            lambda each: f"{each:%d.%m.%Y %H:%M}-{later(each):%H:%M}".replace("-00:00", "-24:00"),
            BY_CLOCK,
        ),
    ],
)
@pytest.mark.parametrize("step", [{}, {"step_minutes": 15}, {"step_minutes": 15, "label": "right"}])
def test_an_interval_begins_where_its_stamp_says(
    stamp: Callable[[datetime], str], format_: str, step: dict[str, Any]
) -> None:
    reading = accepted(csv(stamp=stamp), site(stamped(format_, **step)))

    assert reading.rows.masks == {}
    assert reading.rows.window_end == later(HEALTHY[-1][0])


def test_a_range_of_hours_beside_its_date_is_an_interval() -> None:
    data = csv(stamp=lambda each: f"{each:%d.%m.%Y};{each:%H:%M}-{later(each):%H:%M}")
    how = {"column": "day", "time_column": "t", "format": BY_CLOCK}

    accepted(data.replace(b"t;", b"day;t;", 1), site(CSV | {"timestamp": how}))


def around(day: datetime) -> list[tuple[datetime, float]]:
    """Return three days of a plant, the second of which is given; short enough for any season."""
    shift = day - datetime(2024, 6, 2)  # noqa: DTZ001
    return [(moment + shift, watt if 8 <= moment.hour < 15 else 0.0) for moment, watt in HEALTHY]


@pytest.mark.parametrize("day", [datetime(2025, 3, 30), datetime(2025, 10, 26)])  # noqa: DTZ001
def test_a_clock_that_changes_makes_no_interval_longer(day: datetime) -> None:
    rows = around(day)
    berlin = ZoneInfo("Europe/Berlin")

    def stamp(moment: datetime) -> str:
        begin, end = moment.astimezone(berlin), later(moment).astimezone(berlin)
        return f"{begin:%d.%m.%Y %H:%M} - {end:%d.%m.%Y %H:%M}"

    for format_, how in (
        (DAY_FIRST, stamp),
        (BY_CLOCK, lambda each: stamp(each).replace(" - ", "-")),
    ):
        text = csv(rows, stamp=how)
        if format_ == BY_CLOCK:
            text = b"\n".join(
                line if b"-" not in line else line.split(b"-")[0] + b"-" + line.split(b" ")[-1]
                for line in text.splitlines()
            )
        where = site(stamped(format_, timezone="Europe/Berlin"), timezone="Europe/Berlin")
        assert accepted(text, where, rows).rows.masks == {}


def test_the_names_of_zones_tell_an_hour_that_comes_twice_apart() -> None:
    rows = around(datetime(2025, 10, 26))  # noqa: DTZ001
    berlin = ZoneInfo("Europe/Berlin")

    def stamp(moment: datetime) -> str:
        begin, end = moment.astimezone(berlin), later(moment).astimezone(berlin)
        return f"{begin:%d.%m.%Y %H:%M (%Z)} - {end:%d.%m.%Y %H:%M (%Z)}"

    where = site(stamped("%d.%m.%Y %H:%M (%Z) - %d.%m.%Y %H:%M (%Z)"))
    accepted(csv(rows[::-1], stamp=stamp), where, rows)


def marked(moment: datetime, how: str) -> str:
    """Return a stamp of Berlin's clock, with a mark where its hour comes twice in autumn."""
    local = moment.astimezone(ZoneInfo("Europe/Berlin"))
    first = local.replace(fold=0).utcoffset() == local.utcoffset()
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if how == "*":
        return f"{local:%d.%m.%Y %H:%M}" + ("*" if twice and not first else "")
    hour = f"{local.hour}{'A' if first else 'B'}" if twice else f"{local:%H}"
    return f"{local:%d.%m.%Y} {hour}:{local:%M}" if how == "A" else f"{local:%d.%m.%Y} {hour}"


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("how", ["A", "*"])
def test_an_hour_that_comes_twice_may_be_marked(how: str, *, is_turned: bool) -> None:
    rows = around(datetime(2025, 10, 26))  # noqa: DTZ001
    data = csv(rows[::-1] if is_turned else rows, stamp=lambda moment: marked(moment, how))
    where = site(stamped("%d.%m.%Y %H:%M"), timezone="Europe/Berlin")
    assert accepted(data, where, rows).rows.masks == {}


@pytest.mark.parametrize("zone", ["+02:00", "UTC", "America/New_York"])
@pytest.mark.parametrize("how", ["A", "*"])
def test_an_hour_that_is_marked_and_comes_once_in_the_zone_is_refused(how: str, zone: str) -> None:
    rows = around(datetime(2025, 10, 26))  # noqa: DTZ001
    data = csv(rows, stamp=lambda moment: marked(moment, how))
    fault = refused(data, site(stamped("%d.%m.%Y %H:%M"), timezone=zone))
    assert (fault.code, "follows summer time" in fault.reason) == ("wrong_clock", True)
    assert "timezone: Europe/Berlin" in fault.remedy


def by_berlin(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("zone", ["+01:00", "+02:00", "UTC", "America/New_York"])
def test_an_hour_that_comes_twice_and_once_in_the_zone_is_refused(
    zone: str, *, is_turned: bool
) -> None:
    """Half of the rows would be an hour off; at night nothing contradicts the first pass of the hour."""
    rows = around(datetime(2025, 10, 26))  # noqa: DTZ001
    data = csv(rows[::-1] if is_turned else rows, stamp=by_berlin)
    fault = refused(data, site(CSV, timezone=zone))

    assert fault.code == "wrong_clock"
    assert fault.reason.startswith("on 2025-10-26 the hour from 02:00 on comes twice")
    assert "timezone: Europe/Berlin (" in fault.remedy
    accepted(data, site(CSV, timezone="Europe/Berlin"), rows)


def test_an_hour_that_ends_twice_is_refused_as_well() -> None:
    rows = around(datetime(2025, 10, 26))  # noqa: DTZ001
    data = csv(rows, stamp=lambda moment: by_berlin(later(moment)))
    ends = {"column": "t", "label": "right", "step_minutes": 15}

    fault = refused(data, site(CSV | {"timestamp": ends}, timezone="+01:00"))
    assert fault.code == "wrong_clock"
    assert "timezone: Europe/Berlin (" in fault.remedy
    accepted(data, site(CSV | {"timestamp": ends}, timezone="Europe/Berlin"), rows)


@pytest.mark.parametrize("label", ["left", "right"])
def test_an_hourly_stamp_that_comes_twice_and_once_in_the_zone_is_refused(label: str) -> None:
    rows = [row for row in around(datetime(2025, 10, 26)) if row[0].minute == 0]  # noqa: DTZ001
    ahead = timedelta(hours=label == "right")
    data = csv(rows, stamp=lambda moment: by_berlin(moment + ahead))
    hours = {"column": "t", "label": label, "step_minutes": 60}

    fault = refused(data, site(CSV | {"timestamp": hours}, timezone="+01:00"))
    assert fault.code == "wrong_clock"
    assert "timezone: Europe/Berlin" in fault.remedy
    accepted(data, site(CSV | {"timestamp": hours}, timezone="Europe/Berlin"), rows)


def test_two_exports_that_share_an_hour_of_another_night_are_no_clock_of_summer_time() -> None:
    rows = around(datetime(2025, 10, 12))  # noqa: DTZ001
    at = next(n for n, (moment, _) in enumerate(rows) if (moment.day, moment.hour) == (12, 2))
    data = csv([*rows[: at + 4], *rows[at:]], stamp=lambda moment: f"{moment:%Y-%m-%d %H:%M}")

    assert accepted(data, site(CSV), rows).rows.masks["duplicate_stamp"] == 4


def test_a_mark_of_something_else_is_no_hour_that_comes_twice() -> None:
    data = csv().replace(b"2024-06-01 02:15;", b"2024-06-01 02:15*;")
    assert accepted(data, site(CSV)).rows.masks == {}


def test_a_number_of_an_hour_that_is_marked_and_comes_once_is_refused() -> None:
    rows = [row for row in around(datetime(2025, 10, 26)) if row[0].minute == 0]  # noqa: DTZ001
    data = csv(rows, stamp=lambda moment: marked(moment, "hour").replace(" ", ";"))
    said = {"column": "t", "time_column": "h", "format": "%d.%m.%Y %H", "step_minutes": 60}
    where = site(CSV | {"timestamp": said}, timezone="+02:00")
    assert refused(data.replace(b"t;p", b"t;h;p"), where).code == "wrong_clock"


def test_an_hour_that_is_a_number_may_be_marked() -> None:
    rows = [row for row in around(datetime(2025, 10, 26)) if row[0].minute == 0]  # noqa: DTZ001
    data = csv(rows, stamp=lambda moment: marked(moment, "hour").replace(" ", ";"))
    said = {"column": "t", "time_column": "h", "format": "%d.%m.%Y %H", "step_minutes": 60}
    where = site(CSV | {"timestamp": said}, timezone="Europe/Berlin")
    assert accepted(data.replace(b"t;p", b"t;h;p"), where, rows).rows.masks == {}


def test_a_mark_behind_other_hours_is_no_time() -> None:
    data = csv().replace(b"2024-06-01 12:00;", b"2024-06-01 12:00*;")
    assert canonical(data, site(CSV))[0].rows.masks == {"bad_timestamp": 1}


def test_intervals_of_inverters_below_each_other_are_added_up() -> None:
    lines = [
        f"{entsoe(moment)};{watt * part};{name}"
        for moment, watt in HEALTHY
        for name, part in (("1", 0.4), ("2", 0.6))
    ]
    data = "\n".join(["t;p;inverter", *lines]).encode()

    accepted(data, site(stamped(DAY_FIRST) | {"sum_by": "inverter"}))


@pytest.mark.parametrize(("label", "first"), [("right", 1), ("left", 0)])
def test_a_counter_beside_an_interval_is_read_where_the_yaml_says(label: str, first: int) -> None:
    totals = list(accumulate((watt / 4 for _, watt in HEALTHY), initial=50_000.0))
    readings = [(moment, totals[n + first]) for n, (moment, _) in enumerate(HEALTHY)]
    energy = {"columns": {"power_ac": {"column": "p", "unit": "Wh", "kind": "counter"}}}
    data = csv(readings, stamp=entsoe)

    _, found = canonical(data, site(stamped(DAY_FIRST, label=label) | energy))

    known = [(found[moment], watt) for moment, watt in HEALTHY[2:-2]]
    assert all(value is not None and abs(value * 1000 - watt) < 6 for value, watt in known)
    with pytest.raises(ValidationError, match="when it was read"):
        site(stamped(DAY_FIRST) | energy)


def test_intervals_of_a_forecast_begin_where_they_say() -> None:
    source = stamped(DAY_FIRST) | {
        "kind": "forecast",
        "issued": {"lead": "24h"},
        "columns": {"temp_air": {"column": "p", "unit": "C"}},
    }
    data = csv([(moment, 15 + moment.hour / 2) for moment, _ in HEALTHY], stamp=entsoe)

    rows = read(data, "raw/east/p.csv", site(source)).rows

    assert (rows.count, dict(rows.masks)) == (len(HEALTHY), {})
    assert (rows.window_start, rows.window_end) == (HEALTHY[0][0], later(HEALTHY[-1][0]))


def test_an_interval_of_another_length_than_the_step_is_refused() -> None:
    fault = refused(csv(stamp=entsoe), site(stamped(DAY_FIRST, step_minutes=30)))

    assert fault.code == "wrong_step"
    assert "one of 15 min in row 2 (01.06.2024 00:00 - 01.06.2024 00:15)" in fault.reason
    assert "step_minutes: 30" in fault.reason
    accepted(csv(stamp=entsoe), site(stamped(DAY_FIRST)))  # as the remedy says


def test_intervals_that_lie_over_each_other_are_refused() -> None:
    def hourly(moment: datetime) -> str:
        return f"{moment:%d.%m.%Y %H:%M} - {later(moment, 60):%d.%m.%Y %H:%M}"

    fault = refused(csv(stamp=hourly), site(stamped(DAY_FIRST)))

    assert fault.code == "wrong_step"
    assert "the stamps name intervals of 60 min, but begin 15 min apart" in fault.reason
    hours = list(plant(step=60))
    accepted(csv(hours, stamp=hourly), site(stamped(DAY_FIRST)), hours)


def test_an_interval_whose_end_is_wrong_is_no_time() -> None:
    lines = csv(stamp=entsoe).splitlines()
    lines[5] = lines[5].replace(b"- 01.06.2024 01:15", b"- 01.06.2024 02:15")
    lines[9] = lines[9].replace(b" - 01.06.2024 02:15", b"")

    reading, found = canonical(b"\n".join(lines), site(stamped(DAY_FIRST)))

    assert reading.rows.masks == {"bad_timestamp": 2}
    assert {moment for moment, _ in HEALTHY} - set(found) == {HEALTHY[4][0], HEALTHY[8][0]}


def test_stamps_without_an_end_are_no_intervals() -> None:
    data = csv(stamp=lambda each: f"{each:%d.%m.%Y %H:%M}")

    fault = refused(data, site(stamped(DAY_FIRST)))

    assert fault.code == "no_timestamps"
    assert f"{len(HEALTHY)} of {len(HEALTHY)} stamps" in fault.reason
    accepted(data, site(stamped("%d.%m.%Y %H:%M")))


@pytest.mark.parametrize(
    ("format_", "more", "says"),
    [
        (DAY_FIRST, {"label": "center", "step_minutes": 30}, "leave label out"),
        (DAY_FIRST, {"label": "end", "step_minutes": 30}, "leave label out"),
        ("%H:%M-%H:%M", {}, "the beginning with its date"),
        ("%d.%m.%Y - %d.%m.%Y", {}, "with their time of day"),
        ("%d.%m.%Y %H:%M - %d.%m. %H:%M", {}, "the same parts of the date"),
        ("%H:%M %d.%m.%Y - %H:%M %d.%m.%Y", {}, "the date before the time of day"),
        ("%A %d.%m.%Y %H:%M - %A %d.%m.%Y %H:%M", {}, "%A is not known there"),
    ],
)
def test_an_interval_that_cannot_be_read_is_refused_in_the_yaml(
    format_: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        site(stamped(format_, **more))


# --- dates in several columns ---------------------------------------------------------------------------


def in_columns(
    header: str, cells: Callable[[datetime], str], rows: list[tuple[datetime, float]] = HEALTHY
) -> bytes:
    return csv(rows, stamp=cells).replace(b"t;", f"{header};".encode(), 1)


def of_day(moment: datetime) -> int:
    return moment.timetuple().tm_yday


def ended(moment: datetime) -> tuple[datetime, int]:
    """Return a day and the end of an interval in it, as loggers have them: 2400, not 0 of the next day."""
    end = later(moment)
    clock = end.hour * 100 + end.minute
    return (end, clock) if clock else (moment, 2400)


NSRDB = {"column": ["Year", "Month", "Day"], "time_column": ["Hour", "Minute"]}
LOGGER = {"column": ["Year", "DOY"], "time_column": "HHMM", "format": "%Y %j %H%M"}


@pytest.mark.parametrize(
    ("header", "cells", "how"),
    [
        (
            "Year;Month;Day;Hour;Minute",
            lambda each: f"{each.year};{each.month};{each.day};{each.hour};{each.minute}",
            NSRDB | {"format": "%Y %m %d %H %M"},
        ),
        (
            "Year;Month;Day;Hour;Minute",
            lambda each: f"{each:%Y.0;%m.0;%d.0;%H.0;%M.0}",
            NSRDB | {"format": "%Y %m %d %H %M"},
        ),
        (
            "Year;Month;Day;Hour;Minute;Second",
            lambda each: f"{each:%y;%m;%d;%H;%M;%S}",
            {
                "column": ["Year", "Month", "Day", "Hour", "Minute", "Second"],
                "format": "%y %m %d %H %M %S",
            },
        ),
        (
            "Year;DOY;HHMM",
            lambda each: f"{each.year};{of_day(each)};{each.hour * 100 + each.minute}",
            LOGGER,
        ),
        (
            "Year;DOY;HHMM",
            lambda each: f"{each.year};{of_day(ended(each)[0])};{ended(each)[1]}",
            LOGGER | {"label": "right", "step_minutes": 15},
        ),
        (
            "Date;HHMM",
            lambda each: f"{each:%d.%m.%Y};{each.hour * 100 + each.minute}",
            {"column": "Date", "time_column": "HHMM", "format": "%d.%m.%Y %H%M"},
        ),
    ],
)
def test_the_parts_of_a_date_may_be_columns(
    header: str, cells: Callable[[datetime], str], how: dict[str, Any]
) -> None:
    reading = accepted(in_columns(header, cells), site(CSV | {"timestamp": how}))

    assert reading.rows.masks == {}


@pytest.mark.parametrize("label", ["right", "end"])
def test_the_24th_hour_ends_its_day(label: str) -> None:
    hours = list(plant(step=60))

    def cells(moment: datetime) -> str:
        return f"{moment.year};{moment.month};{moment.day};{moment.hour + 1}"

    how = {
        "column": ["Year", "Month", "Day"],
        "time_column": "Hour",
        "format": "%Y %m %d %H",
        "label": label,
        "step_minutes": 60,
    }
    data = in_columns("Year;Month;Day;Hour", cells, hours)

    assert accepted(data, site(CSV | {"timestamp": how}), hours).rows.masks == {}


@pytest.mark.parametrize(
    "wrong",
    [
        "2024;13;1;0;0",
        "2024;2;30;0;0",
        "2024;6;1;24;15",
        "2024;6;1;3;60",
        "2024;6;;3;0",
        "2024;6;0;3;0",
    ],
)
def test_parts_that_are_no_date_are_no_time(wrong: str) -> None:
    def cells(moment: datetime) -> str:
        return f"{moment.year};{moment.month};{moment.day};{moment.hour};{moment.minute}"

    lines = in_columns("Year;Month;Day;Hour;Minute", cells).splitlines()
    lines[1] = f"{wrong};0".encode()

    how = NSRDB | {"format": "%Y %m %d %H %M"}
    reading, found = canonical(b"\n".join(lines), site(CSV | {"timestamp": how}))

    assert reading.rows.masks == {"bad_timestamp": 1}
    assert len(found) == len(HEALTHY) - 1


def test_the_366th_day_is_one_of_leap_years() -> None:
    rows = [(moment.replace(month=12, day=31), watt) for moment, watt in HEALTHY[:96]]
    night = [(moment, 0.0) for moment, _ in rows]
    where = site(CSV | {"timestamp": LOGGER})

    def cells(year: int) -> Callable[[datetime], str]:
        return lambda each: f"{year};366;{each.hour * 100 + each.minute}"

    accepted(in_columns("Year;DOY;HHMM", cells(2024), night), where, night)
    fault = refused(in_columns("Year;DOY;HHMM", cells(2023), night), where)
    assert fault.code == "no_timestamps"
    assert "'Year', 'DOY', 'HHMM' are no times in the format '%Y %j %H%M'" in fault.reason
    assert "'2023 366 0'" in fault.reason


def test_numbers_of_a_spreadsheet_are_parts_of_a_date() -> None:
    cells = [
        ["Year", "Month", "Day", "Hour", "Minute", "p"],
        *([m.year, m.month, m.day, m.hour, m.minute, w] for m, w in HEALTHY),
    ]
    how = NSRDB | {"format": "%Y %m %d %H %M"}

    accepted(workbook.xlsx(cells), site({"format": "xlsx", "timestamp": how}))


def test_the_header_is_found_below_meta_data() -> None:
    def cells(moment: datetime) -> str:
        return f"{moment.year};{moment.month};{moment.day};{moment.hour};{moment.minute}"

    meta = b"Source;Location ID;Latitude;Time Zone;;\nNSRDB;146823;52.1;0;;\n"
    data = meta + in_columns("Year;Month;Day;Hour;Minute", cells)

    accepted(data, site(CSV | {"timestamp": NSRDB | {"format": "%Y %m %d %H %M"}}))


def test_several_columns_need_a_format() -> None:
    with pytest.raises(
        ValidationError, match=r"several columns \(Year, Month, Day, Hour, Minute\) need"
    ):
        site(CSV | {"timestamp": NSRDB})


@pytest.mark.parametrize("column", [5, [], ["Year", 5], {"Year": "Month"}])
def test_what_names_no_column_is_refused_with_one_sentence(column: Any) -> None:
    with pytest.raises(ValidationError, match="the name of a column, or a list of names") as caught:
        TimestampFormat.model_validate({"column": column, "format": "%Y %m %d"})

    assert caught.value.error_count() == 1


# --- months in words ------------------------------------------------------------------------------------

WORDS = {
    "de": "Jan. Feb März Apr Mai Juni Juli Aug. Sept. Okt Nov. Dez",
    "DE": "JANUAR FEBRUAR MRZ APRIL MAI JUN JUL AUGUST SEPTEMBER OKTOBER NOVEMBER DEZEMBER",
    "at": "Jänner Feber Mär April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "ES": "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "PT": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
}


@pytest.mark.parametrize("language", WORDS)
def test_months_are_known_in_seven_languages(language: str) -> None:
    assert [months.number(each) for each in WORDS[language].split()] == list(range(1, 13))


def test_a_word_that_may_be_two_months_is_none() -> None:
    assert [months.number(each) for each in ("jui", "ma", "ju", "lipca", "mon")] == [None] * 5


JUNE_JULY = [(moment + timedelta(days=28), watt) for moment, watt in HEALTHY]  # 29 June to 1 July


@pytest.mark.parametrize(
    ("june", "july", "stamp", "format_"),
    [
        ("Juni", "Juli", "{0.day}. {1} {0:%Y %H:%M}", "%d. %B %Y %H:%M"),
        ("juin", "juil.", "{0.day} {1} {0:%Y %H:%M}", "%d %b %Y %H:%M"),
        ("JUN", "JUL", "{0.day}-{1}-{0:%Y %H:%M:%S}", "%d-%b-%Y %H:%M:%S"),
        ("giu", "lug", "{0.day}/{1}/{0:%y %H:%M}", "%d/%b/%y %H:%M"),
        ("junio", "julio", "{0.day} de {1} de {0:%Y %H:%M}", "%d de %B de %Y %H:%M"),
        ("Juin", "Juillet", "{1} {0.day}, {0:%Y %I:%M %p}", "%B %d, %Y %I:%M %p"),
        ("June", "juli", "{0.day}.{1}.{0:%Y %H:%M}", "%d.%b.%Y %H:%M"),
        ("giugno", "luglio", "{0:%d} {1} {0:%Y %H:%M} UTC", "%d %B %Y %H:%M %Z"),
    ],
)
def test_months_may_be_words(june: str, july: str, stamp: str, format_: str) -> None:
    def written(moment: datetime) -> str:
        return stamp.format(moment, june if moment.month == 6 else july)

    reading = accepted(csv(JUNE_JULY, stamp=written), site(stamped(format_)), JUNE_JULY)

    assert reading.rows.masks == {}


def test_intervals_may_hold_words_and_hour_24() -> None:
    def written(moment: datetime) -> str:
        month = "Juni" if moment.month == 6 else "Juli"
        end = f"{later(moment):%H:%M}".replace("00:00", "24:00")
        return f"{moment.day}. {month} {moment:%Y %H:%M}-{end}"

    data = csv(JUNE_JULY, stamp=written)

    accepted(data, site(stamped("%d. %B %Y %H:%M-%H:%M")), JUNE_JULY)


def test_a_word_that_is_no_month_is_named() -> None:
    data = csv(JUNE_JULY, stamp=lambda each: f"{each.day} czerwca {each:%Y %H:%M}")

    fault = refused(data, site(stamped("%d %B %Y %H:%M")))

    assert fault.code == "no_timestamps"
    assert "'czerwca' is no month" in fault.reason
    assert "months as numbers" in fault.remedy


def test_a_word_that_is_no_month_is_named_however_few_its_days_are() -> None:
    rows = list(plant(days=8))
    july = [(moment + timedelta(days=29), watt) for moment, watt in rows]  # the last one of June

    def written(moment: datetime) -> str:
        return f"{moment.day} {'Brachet' if moment.month == 6 else 'Juli'} {moment:%Y %H:%M}"

    fault = refused(csv(july, stamp=written), site(stamped("%d %B %Y %H:%M")))

    assert fault.code == "no_timestamps"
    assert "96 of 768 stamps" in fault.reason
    assert "'Brachet' is no month" in fault.reason


# --- serial dates ---------------------------------------------------------------------------------------

EXCEL = {"timestamp": {"column": "t", "format": "excel"}}


def serial(moment: datetime) -> float:
    return (moment.replace(tzinfo=None) - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001


@pytest.mark.parametrize(
    "stamp",
    [
        lambda each: f"{serial(each):.5f}",
        lambda each: f"{serial(each):.10f}",
        lambda each: f"{serial(each):.6f}".replace(".", ","),
        lambda each: f"{serial(each) - 1e-7:.9f}",
    ],
)
def test_serial_dates_of_a_spreadsheet_are_read_to_the_second(
    stamp: Callable[[datetime], str],
) -> None:
    reading = accepted(csv(stamp=stamp), site(CSV | EXCEL))

    assert set(reading.rows.masks) <= {"snapped"}


def test_fractions_of_a_day_are_rounded_to_the_second() -> None:
    first = datetime(2021, 1, 1, 0, 15)  # noqa: DTZ001

    assert serials.times(np.array([44197.0104166])) == np.array([first], "M8[us]")
    assert np.isnat(serials.times(np.array([np.nan, np.inf, 0.0, -5.0, 1e12]))).all()


def test_numbers_of_a_spreadsheet_are_serial_dates() -> None:
    cells = [["t", "p"], *([serial(moment), watt] for moment, watt in HEALTHY)]

    accepted(workbook.xlsx(cells), site({"format": "xlsx"} | EXCEL))


def test_dates_beside_serial_dates_are_read_as_such() -> None:
    cells: list[list[Any]] = [["t", "p"], *([serial(moment), watt] for moment, watt in HEALTHY)]
    for row in cells[5:20]:
        row[0] = datetime(1899, 12, 30) + timedelta(seconds=round(row[0] * 86400))  # noqa: DTZ001

    accepted(workbook.xlsx(cells), site({"format": "xlsx"} | EXCEL))


def test_what_is_no_serial_date_is_no_time() -> None:
    fault = refused(csv(), site(CSV | EXCEL | {"timestamp": {"column": "p", "format": "excel"}}))

    assert fault.code == "no_timestamps"
    assert "(format: excel)" in fault.reason


def test_serial_dates_that_the_yaml_does_not_name_are_recognised() -> None:
    data = csv(stamp=lambda each: f"{serial(each):.6f}")

    fault = refused(data, site(CSV))

    assert fault.code == "no_timestamps"
    assert "format: excel" in fault.remedy
    assert (
        "format: excel" not in refused(csv(stamp=lambda each: f"{each:%d.%m.%Y}"), site(CSV)).remedy
    )


def test_intervals_that_the_yaml_does_not_name_are_recognised() -> None:
    fault = refused(csv(stamp=entsoe), site(CSV))

    assert fault.code == "no_timestamps"
    assert DAY_FIRST in fault.remedy
    moments = csv(stamp=lambda each: f"{each:%d.%m.%Y %H:%M:%S}")
    assert "interval" not in refused(moments, site(CSV)).remedy


def test_a_year_beyond_all_calendars_is_shown_as_it_is() -> None:
    fault = refused(csv(stamp=lambda each: f"{each:1%Y-%m-%d %H:%M}"), site(CSV))

    assert fault.code == "no_timestamps"
    assert "12024-06-01 00:00" in fault.reason


def test_a_date_in_the_first_row_of_its_day_alone_is_refused_with_what_to_do() -> None:
    rows = (
        f"{'' if at.hour or at.minute else f'{at:%d/%m/%Y}'};{at:%H:%M};{watt}"
        for at, watt in HEALTHY
    )
    how = {"column": "day", "time_column": "t", "format": "%d/%m/%Y %H:%M", "step_minutes": 15}
    fault = refused("\n".join(["day;t;p", *rows]).encode(), site(CSV | {"timestamp": how}))
    assert fault.code == "no_timestamps"
    assert "write the date into every row" in fault.remedy
