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

QUARTER = timedelta(minutes=15)


def stamps(zone: str, first: str, days: int, step: timedelta = QUARTER) -> list[datetime]:
    """Return the stamps of a logger by a zone's clock, without the zone."""
    begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
    moments = (begin + number * step for number in range(days * int(timedelta(days=1) / step)))
    return [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in moments]


def seen(times: list[datetime]) -> tuple[str, str] | None:
    found = summer.seen(np.array(times, "M8[us]"))
    return (str(found.value), found.why) if found else None


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York"]
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
        stamps("UTC", "2024-01-01", 366), stamps(zone, "2024-01-01", 366), strict=True
    ):
        hour = true.hour + true.minute / 60 + longitude / 15 + 0.125
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
    assert "35136 rows, none masked" in done.stdout


def test_without_a_longitude_it_asks_for_the_zone(tmp_path: Path) -> None:
    said = solar("sites", "draft", str(logged(tmp_path, "Europe/Berlin", 11.6))).stdout
    assert "\ntimezone:  # FILL IN" in said
    assert "2024-10-27 has 02:00 to" in " ".join(said.replace("#", "").split())
    assert "35136 rows, none masked" in said
