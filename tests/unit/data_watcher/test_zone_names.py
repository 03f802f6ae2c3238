"""Names of zones, halves of a day and counts since 1970, as stamps of many countries have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.data_watcher.plant_files import CSV, accepted, csv, refused, site

ISO = "%Y-%m-%d %H:%M"


def local(hours: float, form: str) -> Callable[[datetime], str]:
    return lambda moment: f"{moment + timedelta(hours=hours):{form}}"


def by_clock(zone: str, form: str | None = None) -> Any:
    said = {"column": "t", "step_minutes": 15} | ({"format": form} if form else {})
    return site(CSV | {"timestamp": said}, timezone=zone)


@pytest.mark.parametrize(
    ("name", "hours", "zone"),
    [
        ("EST", -5, "-05:00"),
        ("EDT", -4, "America/New_York"),
        ("EDT", -4, "-04:00"),
        ("MST", -7, "America/Phoenix"),
        ("MST", -7, "-07:00"),
        ("BST", 1, "Europe/London"),
        ("IST", 5.5, "Asia/Kolkata"),
        ("IST", 5.5, "+05:30"),
        ("IST", 1, "Europe/Dublin"),
        ("AEST", 10, "Australia/Brisbane"),
        ("CST", 8, "Asia/Shanghai"),
        ("JST", 9, "+09:00"),
    ],
)
@pytest.mark.parametrize("form", [None, f"{ISO} %Z"])
def test_a_name_of_the_yamls_clock_is_that_clock(
    name: str, hours: float, zone: str, form: str | None
) -> None:
    data = csv(stamp=local(hours, f"{ISO} {name}"))
    assert accepted(data, by_clock(zone, form)).rows.masks == {}


@pytest.mark.parametrize(
    ("name", "zone", "said"),
    [
        ("EST", "America/New_York", 'timezone: "-05:00"'),
        ("EST", "UTC", "timezone: America/New_York"),
        ("BST", "+06:00", "timezone: Europe/London"),
        ("IST", "UTC", "timezone: Asia/Kolkata"),
        ("QQT", "Europe/Madrid", "no zone that is known"),
    ],
)
def test_a_name_of_another_clock_is_refused_with_what_it_may_be(
    name: str, zone: str, said: str
) -> None:
    fault = refused(csv(stamp=local(0, f"{ISO} {name}")), by_clock(zone))
    assert fault.code == "no_timestamps"
    assert said in fault.remedy


def test_both_remedies_for_a_name_of_another_clock_work() -> None:
    """In June New York lives by EDT: a clock that says EST stays at it, or the word means nothing."""
    assert accepted(csv(stamp=local(-5, f"{ISO} EST")), by_clock("-05:00")).rows.masks == {}
    as_word = by_clock("America/New_York", f"{ISO} EST")
    assert accepted(csv(stamp=local(-4, f"{ISO} EST")), as_word).rows.masks == {}
    unknown = by_clock("Europe/Madrid", f"{ISO} QQT")
    assert accepted(csv(stamp=local(2, f"{ISO} QQT")), unknown).rows.masks == {}


@pytest.mark.parametrize(
    ("halves", "form"),
    [
        (("AM", "PM"), "{date} {clock} {half}"),
        (("a.m.", "p.m."), "{date} {clock} {half}"),
        (("a. m.", "p. m."), "{date} {clock} {half}"),
        (("a.\u00a0m.", "p.\u00a0m."), "{date} {clock} {half}"),
        (("am", "pm"), "{date} {clock}{half}"),
        (("AM", "PM"), "{date} {clock}\u202f{half}"),
        (("\uc624\uc804", "\uc624\ud6c4"), "{date} {half} {clock}"),
        (("\u4e0a\u5348", "\u4e0b\u5348"), "{date} {half}{clock}"),
    ],
)
def test_halves_of_a_day_are_known_in_other_languages(halves: tuple[str, str], form: str) -> None:
    def stamp(moment: datetime) -> str:
        half = halves[moment.hour >= 12]
        return form.format(date=f"{moment:%d/%m/%Y}", clock=f"{moment:%I:%M}", half=half)

    said = form.format(date="%d/%m/%Y", clock="%I:%M", half="%p").replace("\u202f", " ")
    assert accepted(csv(stamp=stamp), by_clock("UTC", said)).rows.masks == {}


@pytest.mark.parametrize("parts", [1, 10**3, 10**6, 10**9])
def test_stamps_may_count_parts_of_seconds_since_1970(parts: int) -> None:
    data = csv(stamp=lambda moment: str(int(moment.timestamp()) * parts))
    assert accepted(data, by_clock("Europe/Madrid")).rows.masks == {}


@pytest.mark.parametrize(
    "form", ["%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M%S00", "%Y%m%d%H%M%S000"]
)
def test_dates_without_signs_are_no_counts_since_1970(form: str) -> None:
    assert refused(csv(stamp=local(0, form)), by_clock("UTC")).code == "no_timestamps"


# --- remedies of a wrong clock ----------------------------------------------------------------------------


def remedied(data: bytes, how: dict[str, str], **place: str) -> tuple[str, str]:
    """Return what is proposed for a wrong clock, and the offset that it names."""
    fault = refused(
        data, site(CSV | {"timestamp": {"column": "t", "step_minutes": 15} | how}, **place)
    )
    assert fault.code == "wrong_clock"
    offset = re.search(r'timezone: "([-+]\d\d:\d\d)"', fault.remedy)
    assert offset is not None
    return fault.remedy, offset[1]


@pytest.mark.parametrize(
    ("how", "zone", "where"),
    [
        ({}, "+04:00", "in the site's YAML (or under timestamp of the source)"),
        ({"timezone": "+04:00"}, "UTC", "under timestamp of the source in the site's YAML"),
        ({"timezone": "+04:00"}, "Asia/Tokyo", "under timestamp of the source in the site's YAML"),
    ],
)
def test_the_proposed_zone_mends_the_clock_whoever_stated_the_wrong_one(
    how: dict[str, str], zone: str, where: str
) -> None:
    remedy, offset = remedied(csv(), how, timezone=zone)

    assert (offset, where in remedy) == ("+00:00", True)
    mended = {"column": "t", "step_minutes": 15, "timezone": offset}
    assert accepted(csv(), site(CSV | {"timestamp": mended}, timezone=zone)).rows.masks == {}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Madrid"])
@pytest.mark.parametrize("parts", [1, 1000, 10**6, 10**9])
def test_counts_since_1970_by_a_local_clock_are_read_as_the_remedy_says(
    parts: int, zone: str
) -> None:
    data = csv(stamp=lambda at: str((int(at.timestamp()) + 7200) * parts))
    remedy, offset = remedied(data, {}, timezone=zone)

    assert (offset, "format: local_since_1970" in remedy) == ("+02:00", True)
    for mended in (offset, "Europe/Madrid"):
        how = {"column": "t", "step_minutes": 15, "format": "local_since_1970", "timezone": mended}
        assert accepted(data, site(CSV | {"timestamp": how}, timezone=zone)).rows.masks == {}


def test_local_times_that_are_called_utc_are_read_as_the_remedy_says() -> None:
    data = csv(stamp=lambda at: f"{at + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}")
    remedy, offset = remedied(data, {})

    assert (offset, "%Y-%m-%dT%H:%M:%SZ" in remedy) == ("+03:00", True)
    how = {"column": "t", "step_minutes": 15, "format": "%Y-%m-%dT%H:%M:%SZ", "timezone": offset}
    assert accepted(data, site(CSV | {"timestamp": how})).rows.masks == {}


def test_dates_are_no_counts_by_a_local_clock() -> None:
    how = {"column": "t", "step_minutes": 15, "format": "local_since_1970"}
    fault = refused(csv(), site(CSV | {"timestamp": how}))

    assert fault.code == "no_timestamps"
    assert "are no times in seconds since 1970 (format: local_since_1970)" in fault.reason


@pytest.mark.parametrize(
    ("behind", "form"),
    [
        (" CEST+0200", None),
        (" CEST+0200", f"{ISO} %Z%z"),
        (" (CEST) +02:00", f"{ISO} (%Z) %z"),
        (" GMT+0200 (Central European Summer Time)", f"{ISO} %Z%z"),
        ("+02:00[Europe/Berlin]", None),
    ],
)
def test_a_name_beside_an_offset_says_nothing_more(behind: str, form: str | None) -> None:
    data = csv(stamp=local(2, f"{ISO}{behind}"))
    assert accepted(data, by_clock("UTC", form)).rows.masks == {}


def test_an_offset_is_believed_before_the_name_beside_it() -> None:
    data = csv(stamp=lambda moment: f"{moment + timedelta(hours=2):{ISO}} CET+0200")
    assert accepted(data, by_clock("Europe/Berlin")).rows.masks == {}
