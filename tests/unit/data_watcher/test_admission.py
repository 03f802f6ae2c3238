"""By which source a file is read, and what need not even be read."""

from __future__ import annotations

import pytest

from services.data_watcher.domain import admission
from services.data_watcher.domain.versions import Fault
from shared.solar.site import Site, source_of
from tests.unit.data_watcher.fakes import site

GIB = 1024**3


def source(name: str, files: str) -> dict[str, object]:
    columns = {"power_ac": {"column": "p", "unit": "kW"}}
    return {"name": name, "files": files, "timestamp": {"column": "t"}, "columns": columns}


TWO = site(sources=[source("power", "power-*.csv"), source("rest", "*.csv")])


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("raw/east/power-1.csv", "power"),
        ("raw/east/2024/power-1.csv", "power"),
        ("raw/east/power-1.csv.gz", "power"),
        ("raw/east/other.csv", "rest"),
        ("raw/east/POWER-1.CSV", None),
        ("raw/east/power-1.xlsx", None),
    ],
)
def test_the_first_source_whose_glob_fits_the_name_reads_a_file(key: str, name: str | None) -> None:
    found = source_of(TWO, key)

    assert (found.name if found else None) == name


def test_many_readings_are_the_same_as_one_by_one() -> None:
    keys = ["raw/east/power-1.csv", "raw/east/x.csv", "raw/east/power-2.csv", "raw/east/x.pdf"]
    for described in (TWO, None):
        reading = admission.readings_of(described)
        assert [reading(key) for key in keys] == [
            admission.reading_of(described, key) for key in keys
        ]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"timezone": "America/Denver"}, False),
        ({"ac_capacity_kw": 7}, False),
        ({"sources": [source("power", "*.csv") | {"missing": [-999]}]}, False),
        ({"surface_tilt": 30}, True),
        ({"model_id": "other"}, True),
    ],
)
def test_a_file_is_read_again_only_by_what_decides_its_rows(
    changed: dict[str, object], *, same: bool
) -> None:
    def reading(described: Site) -> str:
        return admission.reading_of(described, "raw/east/a.csv")

    before, after = (
        site(sources=[source("power", "*.csv")]),
        {"sources": [source("power", "*.csv")]},
    )

    assert (reading(before) == reading(site(**after | changed))) is same


@pytest.mark.parametrize(
    ("size", "code"), [(0, "empty"), (1, None), (GIB, None), (GIB + 1, "too_large")]
)
def test_a_file_has_at_least_a_byte_and_at_most_a_gibibyte(size: int, code: str | None) -> None:
    found = admission.admit(TWO, "raw/east/a.csv", size)

    assert (found.code if isinstance(found, Fault) else None) == code


def test_a_file_that_is_too_large_says_its_size_and_the_limit_in_mib() -> None:
    found = admission.admit(TWO, "raw/east/a.csv", 3 * GIB)

    assert isinstance(found, Fault)
    assert "3072 MiB" in found.reason
    assert "1024" in found.reason


@pytest.mark.parametrize(
    ("site_id", "remedy"),
    [
        ("west", "upload config/sites/west.yaml"),
        ("west", "dismiss this one"),
        ("West", "at most 32"),
        ("w" * 33, "at most 32"),
    ],
)
def test_an_unknown_site_is_told_what_to_upload_or_how_sites_are_called(
    site_id: str, remedy: str
) -> None:
    found = admission.admit(None, f"raw/{site_id}/a.csv", 1)

    assert isinstance(found, Fault)
    assert found.code == "unknown_site"
    assert remedy in found.remedy
