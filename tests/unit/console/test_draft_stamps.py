"""A draft knows stamps that people have: intervals, dates in several columns, words, serial dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.corpus import workbook
from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_samples import PLACE, draft, said, site, written

JUNE = datetime(2024, 6, 27)  # noqa: DTZ001 - a plant's clock
MOMENTS = quarters(96 * 4, JUNE)
QUARTER = timedelta(minutes=15)
CAPACITY = (*PLACE, "--ac-capacity-kw", "8")


def test_the_radiation_service_of_cams_is_drafted(tmp_path: Path) -> None:
    lines = [
        "# Time reference: Universal time (UT)",
        "# 1. Observation period (ISO 8601)",
        "# 2. GHI. Global irradiation on horizontal plane at ground level (Wh/m2)",
        "# 3. BNI. Beam irradiation at normal incidence (Wh/m2)",
        "# Observation period;GHI;BNI",
    ]
    lines += [
        f"{each:%Y-%m-%dT%H:%M:%S}.0/{each + QUARTER:%Y-%m-%dT%H:%M:%S}.0;"
        f"{power(each) * 25:.4f};{power(each) * 20:.4f}"
        for each in MOMENTS
    ]
    path = written(tmp_path, "cams.csv", lines)

    source = site(path, options=CAPACITY).sources[0]

    assert source.timestamp.column == "# Observation period"
    assert source.timestamp.format == "%Y-%m-%dT%H:%M:%S.%f/%Y-%m-%dT%H:%M:%S.%f"
    assert (source.timestamp.step_minutes, source.timestamp.timezone) == (15, "UTC")
    assert {name: each.unit for name, each in source.columns.items()} == {
        "ghi": "Wh/m2",
        "dni": "Wh/m2",
    }
    text = said(path)
    assert "accepted by weather-1, 384 rows, none masked" in text
    assert "label: right" not in text


@pytest.mark.parametrize(
    ("header", "behind", "zone"),
    [
        ("MTU (UTC)", "", "UTC"),
        ("MTU (CET/CEST)", "", "Europe/Brussels"),
        ("MTU", " (UTC)", None),
        ("MTU", " (CET/CEST)", "Europe/Brussels"),
    ],
)
def test_the_platform_of_entsoe_is_drafted(
    tmp_path: Path, header: str, behind: str, zone: str | None
) -> None:
    lines = [f'"{header}","Solar - Actual Aggregated [MW]"']
    lines += [
        f'"{each:%d.%m.%Y %H:%M} - {each + QUARTER:%d.%m.%Y %H:%M}{behind}",'
        f'"{"n/e" if number in {3, 4} else power(each)}"'
        for number, each in enumerate(MOMENTS)
    ]
    path = written(tmp_path, "entsoe.csv", lines)

    found = site(path)

    how = found.sources[0].timestamp
    assert how.format == "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M" + (" (%Z)" if behind else "")
    assert (how.timezone, found.timezone) == (zone, zone or "UTC")
    assert found.sources[0].missing == ("n/e",)
    assert "accepted by power-1, 384 rows, sentinel 2" in said(path)


def test_a_zone_that_only_one_sample_names_makes_no_other_source(tmp_path: Path) -> None:
    paths = []
    for month, zone in ((6, ""), (10, " (CEST)")):
        moments = quarters(192, datetime(2024, month, 2))  # noqa: DTZ001
        lines = [
            f'"{each:%d.%m.%Y %H:%M} - {each + QUARTER:%d.%m.%Y %H:%M}{zone}","{power(each)}"'
            for each in moments
        ]
        name = f"entsoe_{month}.csv"
        paths.append(written(tmp_path, name, ['"MTU (CET/CEST)","Generation (MW)"', *lines]))

    (source,) = site(*paths).sources

    assert source.timestamp.format == "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M (%Z)"
    assert "entsoe_6.csv: accepted by power-1, 192 rows" in said(*paths)


def test_a_sign_between_quotes_is_no_delimiter(tmp_path: Path) -> None:
    lines = ['"MTU (UTC)","Area","Generation (MW)"']
    lines += [
        f'"{each:%d/%m/%Y %H:%M:%S} - {each + QUARTER:%d/%m/%Y %H:%M:%S}","BZN|DE-LU","{power(each)}"'
        for each in MOMENTS
    ]
    path = written(tmp_path, "entsoe.csv", lines)

    found = site(path).sources[0]

    assert (found.delimiter, found.timestamp.column) == (",", "MTU (UTC)")
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_a_range_of_hours_beside_its_date_is_drafted(tmp_path: Path) -> None:
    lines = [
        f"{each:%d.%m.%Y};{each:%H:%M}-{each + QUARTER:%H:%M};{power(each)}" for each in MOMENTS
    ]
    path = written(tmp_path, "range.csv", ["Datum;Zeit;Leistung (kW)", *lines])

    how = site(path).sources[0].timestamp

    assert (how.column, how.time_column) == ("Datum", "Zeit")
    assert (how.format, how.step_minutes) == ("%d.%m.%Y %H:%M-%H:%M", 15)
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_a_counter_beside_an_interval_is_read_at_its_end(tmp_path: Path) -> None:
    total, lines = 1000.0, []
    for each in MOMENTS:
        total += power(each) / 4
        lines.append(f"{each:%d.%m.%Y},{each:%H:%M}-{each + QUARTER:%H:%M},{total:.3f}")
    path = written(tmp_path, "meter.csv", ["date,time,Total energy (kWh)", *lines])

    source = site(path).sources[0]

    assert (source.columns["power_ac"].kind, source.timestamp.label) == ("counter", "right")
    text = said(path)
    assert "GUESSED: power_ac is a counter, read at the end" in text
    assert "accepted by power-1, 384 rows" in text


def test_a_few_ranges_of_hours_are_no_offsets(tmp_path: Path) -> None:
    lines = ["27.06.2024,06:45-07:00,1", "27.06.2024,07:00-07:15,2"]
    path = written(tmp_path, "range.csv", ["date,time,power (kW)", *lines])

    assert 'format: "%d.%m.%Y %H:%M-%H:%M"' in said(path)


def test_day_and_month_of_an_interval_that_cannot_be_told_apart_are_a_guess(tmp_path: Path) -> None:
    lines = [
        f"{each:%d/%m/%Y %H:%M} - {each + QUARTER:%d/%m/%Y %H:%M},{power(each)}"
        for each in quarters(60, datetime(2024, 6, 3))  # noqa: DTZ001
    ]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert "GUESSED: day and month cannot be told apart" in said(path)


@pytest.mark.parametrize(("was", "slip"), [("2024 00:15", "24 00:15"), ("2024 00:00", "24 00:00")])
def test_a_slip_in_the_first_cell_of_intervals_ends_no_draft(
    tmp_path: Path, was: str, slip: str
) -> None:
    lines = [
        f"{each:%d.%m.%Y %H:%M} - {each + QUARTER:%d.%m.%Y %H:%M},{power(each)}" for each in MOMENTS
    ]
    lines[0] = lines[0].replace(was, slip)
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert draft(path).exit_code == 0


def test_offsets_stay_offsets(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M}-07:00,{power(each)}" for each in MOMENTS]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert site(path, options=("--latitude", "40", "--longitude", "-105")).timezone == "-07:00"
    assert draft(path).exit_code == 0


def nsrdb(lines: list[str], zone: str = "1") -> list[str]:
    return [
        "Source,Location ID,City,Latitude,Longitude,Time Zone,Elevation,Local Time Zone",
        f"NSRDB,146823,-,50.0,13.4,{zone},1650,1",
        "Year,Month,Day,Hour,Minute,GHI,Temperature",
        *lines,
    ]


def test_a_file_of_nsrdb_is_drafted(tmp_path: Path) -> None:
    lines = [
        f"{each.year},{each.month},{each.day},{each.hour},{each.minute},"
        f"{power(each) * 90:.0f},{15 + power(each):.1f}"
        for each in quarters(96 * 4, JUNE)
        if each.minute in {0, 30}
    ]
    path = written(tmp_path, "nsrdb.csv", nsrdb(lines))

    how = site(path, options=CAPACITY).sources[0].timestamp

    assert how.names == ("Year", "Month", "Day", "Hour", "Minute")
    assert how.format == "%Y %m %d %H %M"
    assert (how.step_minutes, how.label, how.timezone) == (30, "center", "+01:00")
    text = said(path, options=CAPACITY)
    assert "GUESSED: NSRDB gives values of a moment" in text
    assert "accepted by weather-1, 192 rows, none masked" in text


def test_a_logger_that_counts_days_is_drafted(tmp_path: Path) -> None:
    ends = [each + QUARTER for each in MOMENTS]
    lines = [
        f"{(each - QUARTER).year},{(each - QUARTER).timetuple().tm_yday},"
        f"{each.hour * 100 + each.minute or 2400},{power(each - QUARTER) * 90:.1f}"
        for each in ends
    ]
    path = written(tmp_path, "logger.csv", ["Year,DOY,HHMM,GHI_Avg", *lines])

    how = site(path, options=CAPACITY).sources[0].timestamp

    assert (how.column, how.time_column) == (("Year", "DOY"), "HHMM")
    assert (how.format, how.label) == ("%Y %j %H%M", "right")
    text = said(path, options=CAPACITY)
    assert "GUESSED: the day ends at 24:00" in text
    assert "accepted by weather-1, 384 rows, none masked" in text


@pytest.mark.parametrize("first", [0, 1])
def test_a_date_beside_the_number_of_its_hour_is_drafted(tmp_path: Path, first: int) -> None:
    hours = [each for each in quarters(96 * 4, JUNE) if not each.minute]
    lines = [f"{each:%d/%m/%Y},{each.hour + first},{power(each)}" for each in hours]
    path = written(tmp_path, "hours.csv", ["Date,Hour,power (kW)", *lines])

    how = site(path).sources[0].timestamp

    assert (how.column, how.time_column, how.format) == ("Date", "Hour", "%d/%m/%Y %H")
    assert how.label == ("right" if first else "left")
    assert "accepted by power-1, 96 rows, none masked" in said(path)


def test_dates_of_a_spreadsheet_beside_the_number_of_their_hour_are_drafted(tmp_path: Path) -> None:
    hours = [each for each in MOMENTS if not each.minute]
    cells = [
        ["Date", "Hour", "power (kW)"],
        *([each.replace(hour=0), each.hour, power(each)] for each in hours),
    ]
    path = written(tmp_path, "power.xlsx", workbook.xlsx(cells))

    assert site(path).sources[0].timestamp.format == "%Y-%m-%d %H"
    assert "accepted by power-1, 96 rows, none masked" in said(path)


def test_columns_that_are_called_like_parts_but_hold_others_are_none(tmp_path: Path) -> None:
    lines = ["2024,6,27,0,999", "2024,6,27,1,1000"]
    path = written(tmp_path, "power.csv", ["Year,Month,Tag,Hour,power (kW)", *lines])
    other = written(
        tmp_path, "other.csv", ["Year,Tag,Hour,power (kW)", "2024,27,0,1", "2024,27,1,2"]
    )

    assert site(path, options=CAPACITY).sources[0].timestamp.format == "%Y %m %d %H"
    assert draft(other).exit_code == 1


@pytest.mark.parametrize(
    ("june", "july", "stamp", "format_"),
    [
        ("Juni", "Juli", "{0.day}. {1} {0:%Y %H:%M}", "%d. %B %Y %H:%M"),
        ("juin", "juil.", "{0.day} {1} {0:%Y %H:%M}", "%d %B %Y %H:%M"),
        ("JUN", "JUL", "{0.day}-{1}-{0:%Y %H:%M:%S}", "%d-%b-%Y %H:%M:%S"),
        ("giu", "lug", "{0.day}/{1}/{0:%y %H:%M}", "%d/%b/%y %H:%M"),
        ("junio", "julio", "{0.day} de {1} de {0:%Y %H:%M}", "%d de %B de %Y %H:%M"),
        ("Jun.", "Jul.", "{1} {0:%d, %Y %I:%M %p}", "%b %d, %Y %I:%M %p"),
        ("Juni", "Juli", "{0:%d}.{1}.{0:%Y %H:%M}", "%d.%b.%Y %H:%M"),
    ],
)
def test_months_in_words_are_drafted(
    tmp_path: Path, june: str, july: str, stamp: str, format_: str
) -> None:
    lines = [
        f'"{stamp.format(each, june if each.month == 6 else july)}",{power(each)}'
        for each in quarters(96 * 4, datetime(2024, 6, 29))  # noqa: DTZ001
    ]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert site(path).sources[0].timestamp.format == format_
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_long_and_short_months_are_one_form(tmp_path: Path) -> None:
    paths = []
    for number, word in ((6, "juin"), (2, "févr."), (5, "mai")):
        lines = [
            f"{each.day} {word} {each:%Y %H:%M},{power(each)}"
            for each in quarters(192, datetime(2024, number, 3))  # noqa: DTZ001
        ]
        paths.append(written(tmp_path, f"power_{number}.csv", ["time,power (kW)", *lines]))

    assert len(site(*paths).sources) == 1
    assert said(*paths).count("192 rows, none masked") == 3


def test_a_word_that_is_no_month_is_named_in_a_draft(tmp_path: Path) -> None:
    lines = [f"{each.day} czerwca {each:%Y %H:%M},{power(each)}" for each in MOMENTS]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    done = draft(path)

    assert done.exit_code == 1
    assert "'czerwca' is no month" in str(done.exception)


def serial(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001


@pytest.mark.parametrize("digits", [5, 10])
def test_serial_dates_are_a_guess(tmp_path: Path, digits: int) -> None:
    lines = [f"{serial(each):.{digits}f},{power(each)}" for each in MOMENTS]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    how = site(path).sources[0].timestamp

    assert (how.column, how.format, how.step_minutes) == ("time", "excel", 15)
    text = said(path)
    assert "GUESSED: all cells are days since 1899-12-30" in text
    assert "look at the first date, 2024-06-27 00:00" in text
    assert "accepted by power-1, 384 rows" in text


def test_serial_dates_of_a_spreadsheet_are_a_guess(tmp_path: Path) -> None:
    cells = [["time", "power (kW)"], *([serial(each), power(each)] for each in MOMENTS)]
    path = written(tmp_path, "power.xlsx", workbook.xlsx(cells))

    assert site(path).sources[0].timestamp.format == "excel"
    assert "accepted by power-1, 384 rows, none masked" in said(path)


@pytest.mark.parametrize("way", ["a row without", "irregular"])
def test_numbers_that_may_be_serial_dates_are_none_unless_all_rows_fit(
    tmp_path: Path, way: str
) -> None:
    lines = [
        f"{serial(each) + (number * number % 7 if way == 'irregular' else 0):.6f},{power(each)}"
        for number, each in enumerate(MOMENTS)
    ]
    if way == "a row without":
        lines[100] = f"total,{power(MOMENTS[100])}"
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert draft(path).exit_code == 1


def test_power_that_may_be_serial_dates_is_none_beside_stamps(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{44_000 + n}" for n, each in enumerate(MOMENTS)]
    path = written(tmp_path, "power.csv", ["time,power (W)", *lines])

    text = said(path)

    assert 'column: "time"' in text
    assert "excel" not in text


@pytest.mark.parametrize(
    ("names", "zone"),
    [
        (("GMT", "BST"), "Europe/London"),
        (("AEST", "AEDT"), "Australia/Sydney"),
        (("EDT",), "America/New_York"),
        (("EST",), "-05:00"),
        (("JST",), "Asia/Tokyo"),
    ],
)
def test_names_of_zones_are_drafted_as_the_clock_that_they_are_of(
    tmp_path: Path, names: tuple[str, ...], zone: str
) -> None:
    """In June a clock that says EST stays at it all year."""
    lines = ["time,power (kW)"]
    lines += [
        f"{each:%Y-%m-%d %H:%M} {names[number * len(names) // len(MOMENTS)]},{power(each)}"
        for number, each in enumerate(MOMENTS)
    ]
    path = written(tmp_path, "power.csv", lines)

    how = site(path).sources[0].timestamp

    assert how.timezone == zone
    assert f"GUESSED: the cells say {'/'.join(sorted(set(names) - {'GMT'}))}" in said(path)


@pytest.mark.parametrize("parts", [1, 10**3, 10**6, 10**9])
def test_counts_of_parts_of_seconds_are_drafted(tmp_path: Path, parts: int) -> None:
    lines = ["time,power (kW)"]
    lines += [
        f"{int(each.replace(tzinfo=UTC).timestamp()) * parts},{power(each)}" for each in MOMENTS
    ]
    path = written(tmp_path, "power.csv", lines)
    assert site(path).timezone == "UTC"
    assert "accepted by power-1, 384 rows, none masked" in said(path)


@pytest.mark.parametrize(
    ("form", "format_", "zone"),
    [
        ("%Y-%m-%d %H:%M:%S+02", None, "+02:00"),
        ("%Y-%m-%d %H:%M:%S.000+01", None, "+01:00"),
        ("%Y-%m-%d %H:%M:%S,000", None, None),
        ("%Y%m%dT%H%M%SZ", None, "UTC"),
        ("%Y.%m.%d. %H:%M:%S", "%Y.%m.%d. %H:%M:%S", None),
        ("%a %d.%m.%Y %H:%M", "%a %d.%m.%Y %H:%M", None),
        ("%A, %d.%m.%Y %H:%M", "%A, %d.%m.%Y %H:%M", None),
        ("%d.%m.%Y %H:%M Uhr", "%d.%m.%Y %H:%M Uhr", None),
        ("%Y-%m-%d %H:%M Uhr", "%Y-%m-%d %H:%M Uhr", None),
        ("%d/%m/%Y %I:%M a. m.", "%d/%m/%Y %I:%M %p", None),
    ],
)
def test_stamps_of_databases_and_of_other_countries_are_drafted(
    tmp_path: Path, form: str, format_: str | None, zone: str | None
) -> None:
    lines = ["time;power (kW)"]
    for each in MOMENTS:
        said_so = form.replace("a. m.", "a. m." if each.hour < 12 else "p. m.")
        lines.append(f"{each:{said_so}};{power(each)}")
    path = written(tmp_path, "power.csv", lines)

    found = site(path)

    assert found.sources[0].timestamp.format == format_
    assert "accepted by power-1, 384 rows, none masked" in said(path)
    if zone is not None:
        assert found.timezone in {zone, zone.replace("UTC", "+00:00")}


@pytest.mark.parametrize(
    ("form", "format_"),
    [
        ("%a %b {day} %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y"),
        ("%Y年%m月%d日 %H時%M分", "%Y年%m月%d日 %H時%M分"),
        ("%Y년 %m월 %d일 %H:%M", "%Y년 %m월 %d일 %H:%M"),
        ("%Y%m%d {hour}:%M", "%Y%m%d %H:%M"),
        ("{day}.%m.%Y klo {hour}.%M", "%d.%m.%Y klo %H.%M"),
        ("%d.%m.%Y kl. %H:%M", "%d.%m.%Y kl. %H:%M"),
        ("%m/%d/%Y %H:%M (UTC+02:00)", "%m/%d/%Y %H:%M %Z%z"),
        ("%m/%d/%Y, %I:%M:%S\u202f%p", "%m/%d/%Y, %I:%M:%S %p"),
        ("%Y-%m-%d %H:%M:%S CEST+0200", None),
        ("%d.%m.%Y %H:%M CEST+0200", "%d.%m.%Y %H:%M %Z%z"),
        ("%Y-%m-%dT%H:%M+02:00[Europe/Berlin]", None),
        (
            "%a %b %d %Y %H:%M:%S GMT+0200 (Central European Summer Time)",
            "%a %b %d %Y %H:%M:%S %Z%z",
        ),
    ],
)
def test_stamps_of_programs_and_of_east_asia_are_drafted(
    tmp_path: Path, form: str, format_: str | None
) -> None:
    lines = ["time;power (kW)"]
    for each in MOMENTS:
        written_so = form.format(day=f"{each.day:2d}", hour=each.hour)
        lines.append(f"{each:{written_so}};{power(each)}")
    path = written(tmp_path, "power.csv", lines)

    found = site(path)

    assert found.sources[0].timestamp.format == format_
    assert "accepted by power-1, 384 rows, none masked" in said(path)
    assert ("+0200" in form or "+02:00" in form) == (found.timezone == "+02:00")


def test_short_dates_with_points_in_two_columns_are_no_numbers(tmp_path: Path) -> None:
    lines = ["Ab-Datum;Ab-Zeit;Bis-Datum;Bis-Zeit;Leistung kW"]
    for each in MOMENTS:
        begin, end = (f"{at:%d.%m.%y;%H:%M:%S}" for at in (each, each + QUARTER))
        lines.append(f"{begin};{end};{power(each):.2f}".replace(".00", ",00"))
    found = site(written(tmp_path, "edm.csv", lines)).sources[0].timestamp
    assert (found.column, found.time_column) == ("Ab-Datum", "Ab-Zeit")
    assert (found.format, found.label) == ("%d.%m.%y %H:%M:%S", "left")


def test_times_of_day_with_a_point_are_no_numbers(tmp_path: Path) -> None:
    lines = [f"{each:%d/%m/%Y;%H.%M};{power(each):.2f}".replace(".00;", ".00;") for each in MOMENTS]
    path = written(tmp_path, "potenza.csv", ["Data;Ora;Potenza [kW]", *lines])
    found = site(path).sources[0].timestamp
    assert (found.column, found.time_column, found.format) == ("Data", "Ora", "%d/%m/%Y %H.%M")
    assert "384 rows, none masked" in said(path)


@pytest.mark.parametrize("each_day", [24, 48, 96])
def test_the_number_of_an_interval_of_the_day_is_its_time(tmp_path: Path, each_day: int) -> None:
    lines = [
        f"{each:%Y-%m-%d},{at % each_day + 1},{power(each)}"
        for at, each in enumerate(MOMENTS[:: 96 // each_day])
    ]
    path = written(tmp_path, "elexon.csv", ["SettlementDate,SettlementPeriod,Generation", *lines])
    stamp = site(path, options=CAPACITY).sources[0].timestamp
    assert (stamp.column, stamp.interval_column) == ("SettlementDate", "SettlementPeriod")
    assert (stamp.step_minutes, stamp.label) == (1440 // each_day, "left")
    assert f"{len(lines)} rows, none masked" in said(path, options=CAPACITY)


@pytest.mark.parametrize(
    ("month", "day", "early"), [(3, 26, timedelta(0)), (10, 23, timedelta(minutes=30))]
)
def test_days_of_another_length_name_the_zone(
    tmp_path: Path, month: int, day: int, early: timedelta
) -> None:
    zone, lines = ZoneInfo("Europe/London"), []
    start = datetime(2024, month, day, tzinfo=zone).astimezone(UTC)
    counts: dict[str, int] = {}
    for at in range(8 * 48):
        moment = start + timedelta(minutes=30 * at)
        date = f"{moment.astimezone(zone):%Y-%m-%d}"
        counts[date] = counts.get(date, 0) + 1
        sun = moment.replace(tzinfo=None) + early
        lines.append(f"{date},{counts[date]},{power(sun)}")
    path = written(tmp_path, "elexon.csv", ["SettlementDate,SettlementPeriod,Generation", *lines])
    options = ("--latitude", "51.5", "--longitude", "-1", "--ac-capacity-kw", "8")
    assert site(path, options=options).timezone == "Europe/London"
    assert f"{len(lines)} rows, none masked" in said(path, options=options)


@pytest.mark.parametrize("word", ["", "HE ", "HE"])
def test_hours_that_end_and_their_intervals_are_known(tmp_path: Path, word: str) -> None:
    lines = [
        f"{each:%m/%d/%Y},{word}{each.hour + 1:02},{each.minute // 15 + 1},{power(each)}"
        for each in MOMENTS
    ]
    path = written(tmp_path, "market.csv", ["Date,Hour Ending,Interval,kW", *lines])
    stamp = site(path, options=CAPACITY).sources[0].timestamp
    assert (stamp.format, stamp.interval_column) == (f"%m/%d/%Y {word}%H", "Interval")
    assert (stamp.step_minutes, stamp.label) == (15, "right")
    assert f"{len(lines)} rows, none masked" in said(path, options=CAPACITY)


def side_by_side(stamp: str, names: list[str], factor: float = 1.0) -> list[str]:
    lines = [",".join(["t", *names])]
    for at in range(0, len(MOMENTS), len(names)):
        some = [f"{power(each) * factor:.3f}" for each in MOMENTS[at : at + len(names)]]
        lines.append(",".join([f"{MOMENTS[at]:{stamp}}", *some]))
    return lines


@pytest.mark.parametrize(
    ("stamp", "names"),
    [
        ("%Y-%m-%d %H:%M", ["00", "15", "30", "45"]),
        ("%Y-%m-%d %H:%M", ["Q1", "Q2", "Q3", "Q4"]),
        ("%Y-%m-%d", [f"{at // 4:02}:{15 * (at % 4):02}" for at in range(96)]),
    ],
)
def test_intervals_side_by_side_are_read_in_turn(
    tmp_path: Path, stamp: str, names: list[str]
) -> None:
    path = written(tmp_path, "p.csv", side_by_side(stamp, names))
    source = site(path, options=CAPACITY).sources[0]
    found = source.columns["power_ac"]
    assert (list(found.columns), found.combine, found.unit) == (names, "in_turn", "kW")
    assert (source.timestamp.step_minutes, source.timestamp.interval_column) == (15, None)
    assert f"{len(MOMENTS)} rows, none masked" in said(path, options=CAPACITY)


def test_a_unit_that_no_name_of_an_interval_says_is_asked(tmp_path: Path) -> None:
    lines = side_by_side("%Y-%m-%d %H:%M", ["Q1", "Q2", "Q3", "Q4"], 0.25)
    path = written(tmp_path, "p.csv", lines)
    text = said(path, options=CAPACITY)
    assert "FILL IN: no name says whether it is power or energy; with kW the peak is 2" in text
    assert "the samples are read here with kW, which may be wrong" in text
    assert "power or energy; values go up to" in said(path)


@pytest.mark.parametrize("second", [1900000001, 1900000500])
def test_serial_numbers_above_the_names_are_no_stamps(tmp_path: Path, second: int) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M},{power(each)},50.0" for each in MOMENTS]
    head = [",SUNNY 8,SUNNY 8", f",1900000001,{second}", "time,Power (kW),Frequency (Hz)"]
    path = written(tmp_path, "p.csv", [*head, *lines])
    assert site(path, options=CAPACITY).sources[0].columns["power_ac"].column == "Power (kW)"


def test_beginning_and_end_that_count_from_1970_are_stamps(tmp_path: Path) -> None:
    lines = []
    for each in MOMENTS:
        begin = round(each.replace(tzinfo=UTC).timestamp() * 1000)
        lines.append(f"{begin},{begin + 900_000},{power(each)}")
    path = written(tmp_path, "p.csv", ["startTime,endTime,kW", *lines])
    assert site(path, options=CAPACITY).sources[0].timestamp.column == "startTime"


@pytest.mark.parametrize(
    ("form", "header", "expected"),
    [
        ("%y%m%d%H%M", "t,kW", "%y%m%d%H%M"),
        ("%Y%m%d%H%M,%Y%m%d%H%M", "begin,end,kW", "%Y%m%d%H%M"),
        ("%d/%m/%Y %Hh%M", "t,kW", "%d/%m/%Y %Hh%M"),
    ],
)
def test_stamps_without_signs_or_with_a_letter_are_known(
    tmp_path: Path, form: str, header: str, expected: str
) -> None:
    lines = [f"{each:{form}},{power(each)}" for each in MOMENTS]
    path = written(tmp_path, "p.csv", [header, *lines])
    assert site(path, options=CAPACITY).sources[0].timestamp.format == expected
    assert f"{len(MOMENTS)} rows, none masked" in said(path, options=CAPACITY)


def test_dates_that_come_again_and_again_are_no_stamps(tmp_path: Path) -> None:
    lines = [
        f"{each:%Y-%m-%d},{each.hour + each.minute / 60:.2f},{power(each)}" for each in MOMENTS
    ]
    done = draft(written(tmp_path, "p.csv", ["Date,Hour,kW", *lines]), options=CAPACITY)
    assert done.exit_code == 1
    assert "each comes again and again" in str(done.exception)


def test_a_clock_that_says_dst_is_an_hour_ahead_of_the_drafted_zone(tmp_path: Path) -> None:
    hours = [each for each in quarters(96 * 8, JUNE) if not each.minute]
    ahead = timedelta(hours=2)  # of the sun: an hour by the zone, and one by summer
    lines = [f"{each:%Y-%m-%d %H:%M:%S} DST,{power(each - ahead)}" for each in hours]
    path = written(tmp_path, "neteco.csv", ["Period,Yield (kWh)", *lines])
    options = ("--latitude", "50", "--longitude", "0", "--ac-capacity-kw", "8")
    assert site(path, options=options).timezone == "+01:00"
    assert "middle of the day" in said(path, options=options)
    assert "192 rows, none masked" in said(path, options=options)


@pytest.mark.parametrize(
    ("header", "form", "told"),
    [
        ("Time,PV Power(W)", "%H:%M,{}", "a time of day and no date"),
        ("Month,Day,Hour,Power (kW)", "%m,%d,%H,{}", "no year; write a column year"),
        ("Date       Time   Power", "%Y-%m-%d %H:%M   {}", "set apart by blanks"),
    ],
)
def test_what_rows_lack_is_named_with_what_to_do(
    tmp_path: Path, header: str, form: str, told: str
) -> None:
    lines = [f"{each:{form}}".format(power(each)) for each in MOMENTS]
    done = draft(written(tmp_path, "p.csv", [header, *lines]), options=CAPACITY)
    assert done.exit_code == 1
    assert told in str(done.exception)
