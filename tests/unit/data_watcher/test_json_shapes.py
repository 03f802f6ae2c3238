"""JSON whose measurements have no names, or lie inside of records, is refused with what to write instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.console.test_draft_samples import draft
from tests.unit.console.test_draft_samples import site as drafted
from tests.unit.data_watcher.plant_files import CAPACITY_W, HEALTHY, accepted, refused, site

PAIRS = [[int(moment.timestamp()), watt] for moment, watt in HEALTHY]
NAMED = [{"date": f"{moment:%Y-%m-%d %H:%M:%S}", "value": watt} for moment, watt in HEALTHY]
PROMETHEUS = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "pv"}, "values": [[at, str(watt)] for at, watt in PAIRS]}
        ],
    },
}
METERS = {
    "energyDetails": {
        "unit": "Wh",
        "meters": [{"type": name, "values": NAMED} for name in ("Production", "Consumption")],
    }
}
PLACE = ("--latitude", "52.1", "--longitude", "5.1", "--ac-capacity-kw", str(CAPACITY_W / 1000))


def read_by(time: str, power: str) -> dict[str, Any]:
    return {
        "format": "json",
        "timestamp": {"column": time, "step_minutes": 15},
        "columns": {"power_ac": {"column": power, "unit": "W"}},
    }


@pytest.mark.parametrize(
    ("content", "what", "todo"),
    [
        (
            PAIRS,
            "it holds 288 lists of 2 values without names",
            '[{"time": 1717200000, "value": 0.0}, …]',
        ),
        (
            {"name": "P", "data": PAIRS},
            "the list data holds 288 lists of 2 values without names, like [1717200000, 0.0]",
            '[{"time": 1717200000, "value": 0.0}, …]',
        ),
        (
            PROMETHEUS,
            "the list data.result[0].values holds 288 lists of 2 values without names",
            '[{"time": 1717200000, "value": "0.0"}, …]',
        ),
        (
            METERS,
            "the list energyDetails.meters[0].values holds 288 records",
            "write energyDetails.meters[0].values as a file of its own",
        ),
    ],
)
def test_what_is_no_list_of_records_is_said(
    tmp_path: Path, content: Any, what: str, todo: str
) -> None:
    body = json.dumps(content).encode()
    fault = refused(body, site(read_by("time", "value")))
    assert fault.code == "unreadable"
    assert what in fault.reason
    assert "JSON is read as a list of records" in fault.reason
    assert todo in fault.remedy

    path = tmp_path / "p.json"
    path.write_bytes(body)
    said = str(draft(path, options=PLACE).exception)
    assert what in said
    assert todo in said


def test_pairs_written_with_names_are_read(tmp_path: Path) -> None:
    body = json.dumps([{"time": at, "value": watt} for at, watt in PAIRS]).encode()
    accepted(body, site(read_by("time", "value")))
    path = tmp_path / "p.json"
    path.write_bytes(body)
    found = drafted(path, options=PLACE).sources[0]
    assert (found.timestamp.column, found.columns["power_ac"].column) == ("time", "value")


def test_a_list_of_records_alone_is_read(tmp_path: Path) -> None:
    body = json.dumps(METERS["energyDetails"]["meters"][0]["values"]).encode()  # type: ignore[index]
    accepted(body, site(read_by("date", "value")))
    path = tmp_path / "p.json"
    path.write_bytes(body)
    assert drafted(path, options=PLACE).sources[0].timestamp.column == "date"


def test_records_with_lists_beside_their_measurements_are_read(tmp_path: Path) -> None:
    records = [
        {
            "date": f"{moment:%Y-%m-%d %H:%M}",
            "value": watt,
            "phases": [[1, 2], [3, 4]],
            "x": [{"a": 1}],
        }
        for moment, watt in HEALTHY
    ]
    body = json.dumps({"outline": PAIRS, "values": records}).encode()
    accepted(body, site(read_by("date", "value")))
    path = tmp_path / "p.json"
    path.write_bytes(body)
    assert drafted(path, options=PLACE).sources[0].columns["power_ac"].column == "value"


def test_records_without_a_column_are_refused_as_such() -> None:
    body = json.dumps(NAMED).encode()
    assert refused(body, site(read_by("when", "value"))).code == "missing_column"


ROWS = [(f"{at:%Y-%m-%dT%H:%M:%S}Z", watt) for at, watt in HEALTHY]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"homes": [{"nodes": [{"t": at, "p": watt} for at, watt in ROWS]}]}, "homes[0].nodes"),
        ({"results": [{"series": [{"columns": ["t", "p"], "values": ROWS}]}]}, "results[0].series[0]"),
        ({"columns": ["t", "p"], "index": [*range(len(ROWS))], "data": ROWS}, None),
        ({"columns": ["p"], "index": [at for at, _ in ROWS], "data": [[watt] for _, watt in ROWS]}, None),
    ],
    ids=["a list inside a single record", "InfluxDB", "pandas", "pandas with times as index"],
)  # fmt: skip
@pytest.mark.parametrize("is_said", [False, True])
def test_records_of_services_and_databases_are_read(
    content: Any, path: str | None, *, is_said: bool
) -> None:
    stamp = "index" if content.get("columns") == ["p"] else "t"
    said = {"format": "json", "timestamp": {"column": stamp, "step_minutes": 15}}
    where = site(said | ({"records": path} if is_said and path else {}))
    assert accepted(json.dumps(content).encode(), where).rows.masks == {}


def test_a_place_of_a_list_that_does_not_exist_is_named() -> None:
    content = json.dumps({"homes": [{"nodes": [{"t": at, "p": watt} for at, watt in ROWS]}]})
    fault = refused(content.encode(), site({"format": "json", "records": "homes[1].nodes"}))
    assert "'[1]' is not there" in fault.reason


def test_values_whose_names_are_their_times_are_read() -> None:
    watts = {f"{at:%Y-%m-%d %H:%M:%S}": watt for at, watt in HEALTHY}
    energy = {at: watt / 4 for at, watt in watts.items()}
    stamp = {"column": "time", "step_minutes": 15}
    columns = {"power_ac": {"column": "value", "unit": "W"}}
    said = {"format": "json", "timestamp": stamp, "columns": columns}
    alone = json.dumps({"result": {"watts": watts, "place": "roof"}}).encode()
    assert accepted(alone, site(said)).rows.masks == {}
    both = json.dumps({"result": {"watts": watts, "watt_hours": energy}}).encode()
    assert (
        "2 lists of records (result.watts, result.watt_hours)" in refused(both, site(said)).reason
    )
    assert accepted(both, site(said | {"records": "result.watts"})).rows.masks == {}


def test_values_whose_names_are_their_times_are_drafted(tmp_path: Path) -> None:
    watts = {f"{at:%Y-%m-%d %H:%M:%S}": watt for at, watt in HEALTHY}
    path = tmp_path / "watts.json"
    path.write_text(json.dumps({"result": {"watts": watts}}))
    found = drafted(path).sources[0]
    assert (found.timestamp.column, found.columns["power_ac"].column) == ("time", "value")
