"""A draft knows which end of an interval a stamp is: by the order of the rows, and by a column beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from shared.solar.site import Site
from shared.solar.zones import tzinfo_of
from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_samples import PLACE, site, written

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

    assert found.sources[0].timestamp.label == "left"
    assert list(values(path, found)) == quarters(96 * days, JUNE + QUARTER)


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
