"""A draft knows which end of an interval a stamp is: by the order of the rows, and by a column beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from shared.solar.site import Site
from shared.solar.zones import tzinfo_of
from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_samples import PLACE, draft, said, site, written

JUNE = datetime(2024, 6, 27)  # noqa: DTZ001 - a plant's clock
QUARTER = timedelta(minutes=15)
OPTIONS = (*PLACE, "--ac-capacity-kw", "8")


def values(path: Path, found: Site) -> dict[datetime, float | None]:
    """Return the canonical power [kW] by the plant's own clock, as a site reads a file."""
    reading = read(path.read_bytes(), f"raw/my-site/{path.name}", found)
    assert reading.rows.masks == {}
    table = pq.read_table(pa.BufferReader(reading.parquet)).to_pydict()
    place = tzinfo_of(found.sources[0].timestamp.timezone or found.timezone)
    local = (each.astimezone(place).replace(tzinfo=None) for each in table["timestamp"])
    return dict(zip(local, table["power_ac"], strict=True))


def expected(days: int, start: datetime = JUNE) -> dict[datetime, float]:
    return {each: pytest.approx(power(each), abs=1e-3) for each in quarters(96 * days, start)}


# --- the order of the rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("days", [1, 4])
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y"])
@pytest.mark.parametrize(("label", "separator"), [("left", " "), ("left", ";"), ("end", ";")])
def test_a_draft_does_not_mind_which_row_comes_first(  # noqa: PLR0917 - one shape of file each
    tmp_path: Path, label: str, separator: str, form: str, days: int, order: int
) -> None:
    later = QUARTER if label == "end" else timedelta(0)
    rows = [
        f"{each:{form}}{separator}{each + later:%H:%M};{power(each)}"
        for each in quarters(96 * days, JUNE)
    ]
    header = f"Date{';Time' if separator == ';' else ''};P (kW)"
    path = written(tmp_path, "p.csv", [header, *rows[::order]])

    found = site(path, options=OPTIONS)

    assert found.sources[0].timestamp.label == label
    assert values(path, found) == expected(days)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("days", [1, 4])
def test_midnight_of_the_next_day_stays_there_whichever_row_comes_first(
    tmp_path: Path, days: int, order: int
) -> None:
    ends = [(each + QUARTER, power(each)) for each in quarters(96 * days, JUNE)]
    rows = [f"{each:%d.%m.%Y};{each:%H:%M};{watt}" for each, watt in ends]
    path = written(tmp_path, "p.csv", ["Date;Time;P (kW)", *rows[::order]])

    found = site(path, options=OPTIONS)

    assert found.sources[0].timestamp.label == "right"
    assert values(path, found) == expected(days)


@pytest.mark.parametrize("label", ["left", "right"])
def test_a_file_that_begins_a_step_after_midnight_and_ends_at_it_holds_ends(
    tmp_path: Path, label: str
) -> None:
    later = QUARTER if label == "right" else timedelta(0)
    rows = [f"{each + later:%Y-%m-%d %H:%M};{power(each)}" for each in quarters(96 * 3, JUNE)]
    path = written(tmp_path, "p.csv", ["Date;P (kW)", *rows])

    found = site(path, options=OPTIONS)

    assert found.sources[0].timestamp.label == label
    assert values(path, found) == expected(3)
    assert ("ends at midnight" in said(path, options=OPTIONS)) is (label == "right")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("behind", [[], ["Sum;;400"]])
@pytest.mark.parametrize("days", [1, 3])
def test_the_reader_finds_by_the_order_of_the_rows_that_midnight_ends_its_day(
    tmp_path: Path, days: int, behind: list[str], order: int
) -> None:
    rows = [
        f"{each:%Y-%m-%d};{each + QUARTER:%H:%M};{power(each)}"
        for each in quarters(96 * days, JUNE)
    ]
    lines = ["d;t;p", *rows[::order], *behind]
    path = written(tmp_path, "p.csv", lines)
    how = {"column": "d", "time_column": "t", "step_minutes": 15, "label": "right"}
    described = {
        "name": "power",
        "delimiter": ";",
        "timestamp": how,
        "columns": {"power_ac": {"column": "p", "unit": "kW"}},
    }
    place = {"latitude": 50, "longitude": 13.4, "timezone": "+01:00", "ac_capacity_kw": 8}
    said = {"site_id": "my-site", "model_id": "m", **place, "sources": [described]}

    reading = read(path.read_bytes(), "raw/my-site/p.csv", Site.model_validate(said))

    begins, last = reading.rows.window_start, reading.rows.window_end
    assert (begins, last - begins) == (
        datetime(2024, 6, 26, 23, tzinfo=UTC),
        timedelta(days=days),
    )


# --- a column for each end --------------------------------------------------------------------------------


def between(header: str, *, form: str = "%Y-%m-%d %H:%M") -> list[str]:
    """Return lines of a header, with the moment in its first column and the end in the second."""
    moments = quarters(96 * 4, JUNE)
    rows = [f"{each:{form}},{each + QUARTER:{form}},{power(each)}" for each in moments]
    return [header, *rows]


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
@pytest.mark.parametrize(
    "names",
    [
        ("Start", "End"),
        ("Date from", "Date to"),
        ("interval_start", "interval_end"),
        ("PeriodStart", "PeriodEnd"),
        ("StartTime", "EndTime"),
        ("Von", "Bis"),
        ("time", "end"),
    ],
)
def test_the_end_beside_the_begin_says_what_a_stamp_is(
    tmp_path: Path, names: tuple[str, str], form: str
) -> None:
    first, second = names
    lines = between(f"{first},{second},P (kW)", form=form)
    turned = [",".join((*line.split(",")[1::-1], *line.split(",")[2:])) for line in lines]
    for name, each in (("p.csv", lines), ("turned.csv", turned)):
        path = written(tmp_path, name, each)

        how = (found := site(path, options=OPTIONS)).sources[0].timestamp

        assert (how.column, how.label, how.step_minutes) == (first, "left", 15)
        assert values(path, found) == expected(4)
        text = said(path, options=OPTIONS)
        assert f'label: "left" {second!r} is the end, 15 min later in all rows' in text


def test_times_of_day_beside_a_date_are_begin_and_end(tmp_path: Path) -> None:
    rows = [
        f"{each:%d.%m.%Y};{each:%H:%M};{each + QUARTER:%H:%M};{power(each)}"
        for each in quarters(96 * 4, JUNE)
    ]
    path = written(tmp_path, "p.csv", ["Datum;Von;Bis;P (kW)", *rows])

    found = site(path, options=OPTIONS)

    assert values(path, found) == expected(4)
    assert "'Bis' is the end, 15 min later in all rows" in said(path, options=OPTIONS)


@pytest.mark.parametrize("name", ["End", "PeriodEnd", "interval_end", "EndTime", "Date to", "Bis"])
def test_an_end_alone_is_proposed_as_such(tmp_path: Path, name: str) -> None:
    rows = [f"{each + QUARTER:%Y-%m-%d %H:%M},{power(each)}" for each in quarters(96 * 4, JUNE)]
    path = written(tmp_path, "p.csv", [f"{name},P (kW)", *rows])

    found = site(path, options=OPTIONS)

    assert found.sources[0].timestamp.label == "right"
    assert values(path, found) == expected(4)
    assert f"GUESSED: by its name {name!r} is the end" in said(path, options=OPTIONS)


def test_an_end_that_contradicts_the_step_is_a_guess(tmp_path: Path) -> None:
    lines = between("Start,End,P (kW)")
    for at in range(40, 80):
        begin, _, watt = lines[at].split(",")
        lines[at] = f"{begin},{begin},{watt}"
    some = said(written(tmp_path, "p.csv", lines), options=OPTIONS)
    assert "GUESSED: 'End' is called the end, and is 15 min later in 90% of the rows" in some

    half_hours = [
        f"{each:%Y-%m-%d %H:%M},{each + 2 * QUARTER:%Y-%m-%d %H:%M},{power(each)}"
        for each in quarters(96 * 4, JUNE)
    ]
    path = written(tmp_path, "half.csv", ["Start,End,P (kW)", *half_hours])
    assert "but the beginnings lie 15 min apart" in said(path, options=OPTIONS)


def test_the_clock_of_another_zone_is_no_end(tmp_path: Path) -> None:
    hours = quarters(96 * 8, JUNE)[::4]
    rows = [
        f"{each:%Y-%m-%d %H:%M},{each + 4 * QUARTER:%Y-%m-%d %H:%M},{power(each)}" for each in hours
    ]
    path = written(tmp_path, "p.csv", ["time_utc,time_local,P (kW)", *rows])

    assert "# label: right" in draft(path, options=OPTIONS).stdout


def test_a_change_of_the_clock_makes_no_interval_a_guess(tmp_path: Path) -> None:
    place = ZoneInfo("Europe/Berlin")
    moments = [datetime(2024, 3, 25, tzinfo=UTC) + at * QUARTER for at in range(96 * 14)]
    rows = [
        f"{each.astimezone(place):%Y-%m-%d %H:%M},{(each + QUARTER).astimezone(place):%Y-%m-%d %H:%M},"
        f"{power(each + 4 * QUARTER)}"
        for each in moments
    ]
    path = written(tmp_path, "p.csv", ["Start,End,P (kW)", *rows])

    assert "'End' is the end, 15 min later in all rows" in said(path, options=OPTIONS)


def test_a_counter_between_begin_and_end_is_a_question(tmp_path: Path) -> None:
    total, rows = 1000.0, []
    for each in quarters(96 * 4, JUNE):
        total += power(each) / 4
        rows.append(f"{each:%Y-%m-%d %H:%M},{each + QUARTER:%Y-%m-%d %H:%M},{total:.3f}")
    path = written(tmp_path, "p.csv", ["Start,End,Total energy (kWh)", *rows])

    text = said(path, options=OPTIONS)

    assert 'kind: "counter"' in text
    assert "if it was read at the end, say column: End and label: right" in text
