"""A draft sees a clock that follows summer time: an hour is missing in spring, or there twice in autumn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from console.drafting import summer
from services.data_watcher.domain import validation
from shared.solar.site import Site
from tests.unit.console.systems import solar

QUARTER, HALF = timedelta(minutes=15), timedelta(minutes=30)


def stamps(zone: str, first: str, days: int, step: timedelta = QUARTER) -> list[datetime]:
    """Return the stamps of a logger by a zone's clock, without the zone."""
    begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
    moments = (begin + number * step for number in range(days * int(timedelta(days=1) / step)))
    return [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in moments]


def seen(times: list[datetime]) -> tuple[str, str] | None:
    found = summer.seen(np.array(times, "M8[us]"))
    return (found[0].zone, found[0].why) if found else None


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "Europe/London",
        "Europe/Athens",
        "America/New_York",
        "Australia/Sydney",
        "Pacific/Auckland",
        "America/Santiago",
    ],
)
@pytest.mark.parametrize("step", [QUARTER, timedelta(hours=1)])
@pytest.mark.parametrize("ended", [False, True])
def test_the_hour_that_a_clock_skips_or_repeats_names_its_zone(
    zone: str, step: timedelta, *, ended: bool
) -> None:
    times = [each + step * ended for each in stamps(zone, "2024-01-10", 340, step)]
    if ended:  # a stamp at the end is of the clock at the end
        times = stamps(
            zone, "2024-01-10T00:15" if step == QUARTER else "2024-01-10T01:00", 340, step
        )
    found = seen(times)
    assert found is not None
    assert found[0] == zone


@pytest.mark.parametrize(("month", "longitude"), [(2, 78.5), (11, 78.5), (5, 72.8)])
def test_a_month_of_half_an_hours_zone_is_known_though_the_sun_is_early_or_late(
    tmp_path: Path, month: int, longitude: float
) -> None:
    """In February noon is a quarter of an hour late, in November a quarter early."""
    late = {2: 14, 11: -16, 5: -4}[month] / 60
    rows = ["time,power_kw"]
    for number in range(28 * 96):
        true = datetime(2024, month, 1, tzinfo=UTC) + number * QUARTER
        hour = true.hour + true.minute / 60 + longitude / 15 + 0.125 - late
        power = max(0.0, 8.0 * np.cos(2 * np.pi * (hour % 24 - 12) / 24))
        rows.append(f"{true + timedelta(hours=5.5):%Y-%m-%d %H:%M},{power:.3f}")
    path = tmp_path / "power.csv"
    path.write_text("\n".join(rows) + "\n")
    plant = ["--latitude", "17", "--longitude", str(longitude), "--ac-capacity-kw", "10"]
    assert '\ntimezone: "+05:30"' in solar("sites", "draft", str(path), *plant).stdout


@pytest.mark.parametrize("true", [False, True])
@pytest.mark.parametrize("first", ["2024-03-10", "2024-10-10"])
@pytest.mark.parametrize(
    ("zone", "longitude"),
    [("Europe/Madrid", -3.7), ("Europe/Berlin", 11.6), ("Europe/London", -1.0)],
)
def test_which_hour_is_missing_of_ends_is_told_by_the_sun(
    tmp_path: Path, zone: str, longitude: float, first: str, *, true: bool
) -> None:
    """Hours that end: by the clock at their end, or an hour after the clock at their beginning."""
    rows, hour = ["Hour ending,kWh"], timedelta(hours=1)
    for begin, end, local in zip(
        stamps("UTC", first, 40, hour),
        stamps(zone, f"{first}T01:00", 40, hour),
        stamps(zone, first, 40, hour),
        strict=True,
    ):
        noon = begin.hour + 0.5 + longitude / 15
        power = max(0.0, 8.0 * np.cos(2 * np.pi * (noon % 24 - 12) / 24))
        rows.append(f"{end if true else local + hour:%Y-%m-%d %H:%M},{power:.3f}")
    path = tmp_path / "power.csv"
    path.write_text("\n".join(rows) + "\n")
    plant = ["--latitude", "45", "--longitude", str(longitude), "--ac-capacity-kw", "10"]
    done = solar("sites", "draft", str(path), *plant).stdout
    clocks = {"Europe/Berlin", "Europe/Madrid"} if zone != "Europe/London" else {zone}
    assert any(f'timezone: "{each}"' in done for each in clocks), done


def test_what_is_seen_is_said() -> None:
    assert seen(stamps("Europe/Berlin", "2024-01-01", 360)) == (
        "Europe/Berlin",
        "2024-03-31 has no 02:00 to 03:00, 2024-10-27 has 02:00 to 03:00 twice",
    )
    assert seen(stamps("America/Denver", "2024-03-01", 30)) == (
        "America/New_York",
        "2024-03-10 has no 02:00 to 03:00",
    )


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT-1", "Etc/GMT+7", "America/Phoenix", "Asia/Tokyo"])
def test_a_clock_without_summer_time_shows_none(zone: str) -> None:
    assert seen(stamps(zone, "2024-01-01", 366)) is None


def test_an_outage_is_no_summer_time() -> None:
    whole = stamps("UTC", "2024-01-01", 366)
    night = [each for each in whole if not (each.day == 31 and each.hour < 5)]
    assert seen(night) is None
    only_by_day = [
        each for each in stamps("Europe/Berlin", "2024-01-01", 366) if 5 < each.hour < 22
    ]
    assert seen(only_by_day) is None
    assert seen([]) is None


def logged(folder: Path, zone: str, longitude: float) -> Path:
    """Write power of a year by a zone's clock, centred on the sun's noon."""
    rows = []
    for true, local in zip(
        stamps("UTC", "2024-01-01", 366, HALF), stamps(zone, "2024-01-01", 366, HALF), strict=True
    ):
        hour = true.hour + true.minute / 60 + longitude / 15 + 0.25
        power = max(0.0, 8.0 * np.cos(2 * np.pi * (hour % 24 - 12) / 24))
        rows.append(f"{local:%Y-%m-%d %H:%M},{power:.3f}")
    path = folder / "power_2024.csv"
    path.write_text("\n".join(["time,power_kw", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("zone", "longitude", "drafted"),
    [
        ("Europe/Berlin", 11.6, "Europe/Berlin"),
        ("America/Denver", -105.2, "America/Denver"),
        ("America/New_York", -86.2, "America/New_York"),
        ("Australia/Sydney", 151.1, "Australia/Sydney"),
        ("Australia/Adelaide", 138.6, "Australia/Adelaide"),
        ("Pacific/Auckland", 174.8, "Pacific/Auckland"),
        ("America/Santiago", -70.4, "America/Santiago"),
        ("Asia/Kolkata", 72.8, "+05:30"),
        ("Asia/Kolkata", 88.4, "+05:30"),
        ("Asia/Karachi", 67.0, "+05:00"),
        ("Etc/GMT-13", 174.8, "+13:00"),
        ("Etc/GMT-12", 174.8, "+12:00"),
        ("Etc/GMT+10", -157.9, "-10:00"),
        ("UTC", 174.8, "+00:00"),
        ("UTC", -157.9, "+00:00"),
        ("Etc/GMT+8", 174.8, "-08:00"),
        ("Etc/GMT-1", 11.6, "+01:00"),
        ("Etc/GMT+7", -105.2, "-07:00"),
    ],
)
def test_a_draft_proposes_the_zone_of_a_clock_that_follows_summer_time(
    tmp_path: Path, zone: str, longitude: float, drafted: str
) -> None:
    path = logged(tmp_path, zone, longitude)
    plant = ["--latitude", "45", "--longitude", str(longitude), "--ac-capacity-kw", "10"]
    done = solar("sites", "draft", str(path), *plant)
    site = validation.read("config/sites/my-site.yaml", done.stdout.encode())
    assert isinstance(site, Site)
    assert site.timezone == drafted, done.stdout
    assert ("follows summer time: " in done.stdout) is ("/" in drafted)
    assert "17568 rows, none masked" in done.stdout


def test_without_a_longitude_it_asks_for_the_zone(tmp_path: Path) -> None:
    said = solar("sites", "draft", str(logged(tmp_path, "Europe/Berlin", 11.6))).stdout
    assert "\ntimezone:  # FILL IN" in said
    assert "2024-10-27 has 02:00 to" in " ".join(said.replace("#", "").split())
    assert "17568 rows, none masked" in said


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("label", ["Meter reading", "Hour ending"])
def test_a_counters_growth_lies_between_its_readings(
    tmp_path: Path, label: str, order: int
) -> None:
    """The name says that stamps are ends; an hour of the counter begins at its stamp nevertheless."""
    header, rows, total = f"{label},E total (kWh)", [], 500.0
    for local in stamps("Etc/GMT-1", "2024-06-01", 14, timedelta(hours=1)):
        rows.append(f"{local:%Y-%m-%d %H:%M},{total:.3f}")
        hour = local.hour - 1 + 11.6 / 15 + 0.5
        total += max(0.0, 8.0 * np.cos(2 * np.pi * (hour % 24 - 12) / 24))
    path = tmp_path / "meter.csv"
    path.write_text("\n".join([header, *rows[::order]]) + "\n")
    plant = ["--latitude", "45", "--longitude", "11.6", "--ac-capacity-kw", "10"]
    done = solar("sites", "draft", str(path), *plant).stdout
    assert 'timezone: "+01:00"' in done, done
    assert 'kind: "counter"' in done
    assert "336 rows, counter_gap 1" in done


@pytest.mark.parametrize(
    ("zone", "longitude", "drafted"),
    [
        ("Europe/Berlin", 11.6, "Europe/Berlin"),
        ("Europe/London", -1.0, "Europe/London"),
        ("Europe/Athens", 23.7, "Europe/Athens"),
        ("America/Los_Angeles", -121.9, "America/Los_Angeles"),
        ("Australia/Sydney", 151.1, "Australia/Sydney"),
        ("Etc/GMT-1", 11.6, "+01:00"),
        ("Etc/GMT-2", 11.6, "+02:00"),
        ("Asia/Tokyo", 139.7, "+09:00"),
    ],
)
def test_the_sun_shows_a_change_where_the_rows_of_the_night_are_left_out(
    tmp_path: Path, zone: str, longitude: float, drafted: str
) -> None:
    logger = logged(tmp_path, zone, longitude)
    header, *rows = logger.read_text().splitlines()
    by_day = [row for row in rows if float(row.rpartition(",")[2]) > 0]
    path = tmp_path / "portal.csv"
    path.write_text("\n".join([header, *by_day]) + "\n")
    plant = ["--latitude", "45", "--longitude", str(longitude), "--ac-capacity-kw", "10"]
    done = solar("sites", "draft", str(path), *plant)
    site = validation.read("config/sites/my-site.yaml", done.stdout.encode())
    assert isinstance(site, Site)
    assert site.timezone == drafted, done.stdout
    said = " ".join(done.stdout.replace("#", "").split())
    assert ("later in summer by it" in said) is ("/" in drafted)


def test_a_night_without_a_change_is_believed_before_the_sun() -> None:
    times = np.array(stamps("Etc/GMT-1", "2024-10-10", 40), "M8[us]")
    turned = times >= np.datetime64("2024-10-27")
    hours = (times - times.astype("M8[D]")) / np.timedelta64(1, "h") + turned
    light = np.clip(np.cos(2 * np.pi * (hours - 12.5) / 24), 0.0, None)
    assert summer.by_the_sun(times, light) == ()
    (found, *_) = summer.by_the_sun(times[light > 0], light[light > 0])
    assert found.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "longitude", "drafted"),
    [
        ("Europe/Berlin", 11.6, "Europe/Berlin"),
        ("America/New_York", -74.0, "America/New_York"),
        ("Australia/Sydney", 151.1, "Australia/Sydney"),
        ("Etc/GMT-1", 11.6, "+01:00"),
        ("Asia/Tokyo", 139.7, "+09:00"),
    ],
)
def test_samples_of_january_and_july_show_summer_time_by_the_sun(
    tmp_path: Path, zone: str, longitude: float, drafted: str
) -> None:
    header, *rows = logged(tmp_path, zone, longitude).read_text().splitlines()
    paths = []
    for month in ("2024-01", "2024-07"):
        paths.append(tmp_path / f"pv_{month}.csv")
        own = [row for row in rows if row.startswith(month)]
        paths[-1].write_text("\n".join([header, *own]) + "\n")
    plant = ["--latitude", "45", "--longitude", str(longitude), "--ac-capacity-kw", "10"]
    done = solar("sites", "draft", *map(str, paths), *plant)
    site = validation.read("config/sites/my-site.yaml", done.stdout.encode())
    assert isinstance(site, Site)
    assert site.timezone == drafted, done.stdout
