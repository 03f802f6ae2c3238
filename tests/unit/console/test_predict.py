"""A weather file is read by the source that its name or the user tells."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from console.commands.predict import read_rows
from console.errors import ConsoleError
from shared.active import ActiveSite
from shared.solar.site import Site
from tests.unit.console.systems import FakeSystem, system

__all__ = ["system"]  # the fixture


class Bucket:
    """A bucket with one site's configuration in force."""

    def __init__(self, site: Site) -> None:
        self.body = ActiveSite.of(site).model_dump_json().encode()

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.body)}


def site(*names: str) -> Site:
    column = {"column": "g", "unit": "W/m2"}
    return Site.model_validate(
        {
            "site_id": "golden",
            "model_id": "golden",
            "latitude": 39.7,
            "longitude": -105.2,
            "timezone": "UTC",
            "ac_capacity_kw": 100,
            "sources": [
                {
                    "name": name,
                    "files": f"{name}_*.csv",
                    "timestamp": {"column": "t"},
                    "columns": {column_name: column},
                }
                for name, column_name in zip(names, ("ghi", "poa_global"), strict=False)
            ],
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tomorrow.csv"
    path.write_text("t,g\n2024-06-01T10:00,800\n2024-06-01T10:15,810\n")
    return path


def test_the_only_source_reads_a_file_of_any_name(system: FakeSystem, file: Path) -> None:
    system.clients["s3"] = Bucket(site("weather"))
    assert [row["ghi"] for row in read_rows("golden", file)] == [800, 810]


def test_of_several_sources_the_user_names_one(system: FakeSystem, file: Path) -> None:
    system.clients["s3"] = Bucket(site("weather", "array"))
    assert [row["poa_global"] for row in read_rows("golden", file, "array")] == [800, 810]


@pytest.mark.parametrize("source", [None, "sky"])
def test_what_fits_no_source_is_said_with_those_there_are(
    system: FakeSystem, file: Path, source: str | None
) -> None:
    system.clients["s3"] = Bucket(site("weather", "array"))
    with pytest.raises(ConsoleError, match="name one by --source: weather, array"):
        read_rows("golden", file, source)
