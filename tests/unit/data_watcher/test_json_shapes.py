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
        "meters": [{"type": name, "values": NAMED} for name in ("Consumption", "Production")],
    }
}
PLACE = ("--latitude", "52.1", "--longitude", "5.1", "--ac-capacity-kw", str(CAPACITY_W / 1000))


def read_by(time: str, power: str) -> dict[str, Any]:
    return {
        "format": "json",
        "timestamp": {"column": time, "step_minutes": 15},
        "columns": {"power_ac": {"column": power, "unit": "W"}},
    }


UNNAMED = [[*pair, 0] for pair in PAIRS]


@pytest.mark.parametrize(
    ("content", "what", "todo"),
    [
        (
            UNNAMED,
            "it holds 288 lists of 3 values without names",
            '[{"time": 1717200000, "value": 0.0, "value1": 0}, …]',
        ),
        (
            {"name": "P", "data": UNNAMED},
            "the list data holds 288 lists of 3 values without names, like [1717200000, 0.0, 0]",
            '[{"time": 1717200000, "value": 0.0, "value1": 0}, …]',
        ),
        (
            {"homes": [{"values": NAMED}, {"values": NAMED}]},
            "the list homes[0].values holds 288 records",
            "write homes[0].values as a file of its own",
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


TURNED = [[watt, at] for at, watt in PAIRS]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (PAIRS, None),
        ({"name": "P", "data": [[at * 1000, watt] for at, watt in PAIRS]}, "data"),
        (PROMETHEUS, "data.result"),
        (PROMETHEUS, "data.result[0].values"),
        ([{"target": "pv", "datapoints": TURNED}], None),
        (
            {
                "metric": {"job": "pv"},
                "timestamps": [at for at, _ in PAIRS],
                "values": [watt for _, watt in PAIRS],
            },
            None,
        ),
    ],
    ids=["alone", "ms", "Prometheus", "values of Prometheus", "Graphite", "VictoriaMetrics"],
)
@pytest.mark.parametrize("is_said", [False, True])
def test_pairs_of_a_time_and_a_value_are_read(
    tmp_path: Path, content: Any, path: str | None, *, is_said: bool
) -> None:
    is_columns = isinstance(content, dict) and "timestamps" in content
    said = read_by("timestamps", "values") if is_columns else read_by("time", "value")
    where = site(said | ({"records": path} if is_said and path else {}))
    body = json.dumps(content).encode()
    assert accepted(body, where).rows.masks == {}
    sample = tmp_path / "p.json"
    sample.write_bytes(body)
    found = drafted(sample, options=PLACE).sources[0]
    assert found.timestamp.column == said["timestamp"]["column"]


def of_inverters(share: float) -> dict[str, Any]:
    values = [[at, str(share * watt)] for at, watt in PAIRS]
    return {"metric": {"inverter": f"{share}"}, "values": values}


def test_series_with_labels_are_added_up_or_told_apart() -> None:
    content = {"data": {"result": [of_inverters(0.4), of_inverters(0.6)]}}
    body = json.dumps(content).encode()
    said = read_by("time", "value")
    accepted(body, site(said | {"sum_by": "metric.inverter"}))
    half = [(moment, 0.6 * watt) for moment, watt in HEALTHY]
    accepted(body, site(said | {"where": {"metric.inverter": 0.6}}), half)
    assert refused(body, site(said)).code == "mixed_rows"


def test_meters_below_each_other_are_told_apart_by_their_labels() -> None:
    body = json.dumps(METERS).encode()
    said = read_by("date", "value") | {"where": {"type": "Production"}}
    assert accepted(body, site(said)).rows.masks == {}


def archive(start: str = "2024-06-01T00:00:00+00:00") -> bytes:
    watts = {str(900 * at): watt for at, (_, watt) in enumerate(HEALTHY)}
    energy = {at: watt / 4 for at, watt in watts.items()}
    channels = {
        "Energy": {"Unit": "Wh", "Values": energy},
        "Power": {"Unit": "W", "Values": watts},
    }
    data = {"inverter/1": {"Start": start, "Data": channels}}
    return json.dumps({"Body": {"Data": data}, "Head": {"Status": {"Code": 0}}}).encode()


@pytest.mark.parametrize(("channel", "unit"), [("Power", "W"), ("Energy", "Wh")])
@pytest.mark.parametrize("start", ["2024-06-01T00:00:00Z", "2024-06-01T02:00:00+02:00"])
def test_values_by_seconds_since_a_start_are_read(channel: str, unit: str, start: str) -> None:
    said = read_by("time", "value") | {"records": f"Body.Data.inverter/1.Data.{channel}.Values"}
    said["columns"] = {"power_ac": {"column": "value", "unit": unit}}
    assert accepted(archive(start), site(said)).rows.masks == {}


def test_the_unit_beside_values_is_believed_more_than_the_yaml() -> None:
    said = read_by("time", "value") | {"records": "Body.Data.inverter/1.Data.Energy.Values"}
    assert refused(archive(), site(said)).code == "wrong_unit"


def test_values_by_seconds_are_drafted_with_their_unit(tmp_path: Path) -> None:
    path = tmp_path / "archive.json"
    path.write_bytes(archive())
    found = drafted(path, options=PLACE).sources[0]
    assert found.records == "Body.Data.inverter/1.Data.Energy.Values"
    assert found.columns["power_ac"].unit == "Wh"


def of_two_inverters() -> bytes:
    def channel(share: float) -> dict[str, Any]:
        watts = {str(900 * at): share * watt for at, (_, watt) in enumerate(HEALTHY)}
        return {"Start": "2024-06-01T00:00:00Z", "Data": {"P": {"Unit": "W", "Values": watts}}}

    meters = {"Start": "2024-06-01T00:00:00Z", "Data": {"U": {"Values": {}}}}
    data = {"inverter/1": channel(0.4), "inverter/2": channel(0.6), "meter:0": meters}
    return json.dumps({"Body": {"Data": data}}).encode()


def test_a_star_in_a_path_is_any_name() -> None:
    said = read_by("time", "value") | {"records": "Body.Data.*.Data.P.Values"}
    both = site(said | {"sum_by": "series"})
    assert accepted(of_two_inverters(), both).rows.masks == {}
    one = site(said | {"where": {"series": "inverter/2"}})
    accepted(of_two_inverters(), one, [(moment, 0.6 * watt) for moment, watt in HEALTHY])
    nowhere = site(said | {"records": "Body.*.Values"})
    assert "has a list" in refused(of_two_inverters(), nowhere).reason


@pytest.mark.parametrize("path", ["Body.*", "*", "Body.Data.*"])
def test_a_star_that_leads_to_several_lists_of_a_name_is_asked_about(path: str) -> None:
    content = json.loads(of_two_inverters())
    for each in content["Body"][
        "Data"
    ].values():  # of one name two lists, of which the first is power
        each["Data"]["Q"] = each["Data"].get("P", {"Values": {}})
    said = read_by("time", "value") | {"records": path, "sum_by": "series"}
    fault = refused(json.dumps(content).encode(), site(said))
    assert (fault.code, "more than one list" in fault.reason) == ("unreadable", True)
    assert "records: Body.Data.*.Data.P.Values" in fault.remedy


def test_a_remedy_for_several_inverters_names_the_star_that_adds_them_up() -> None:
    fault = refused(of_two_inverters(), site(read_by("time", "value")))
    assert "2 lists of records" in fault.reason
    assert "records: Body.Data.*.Data.P.Values with sum_by: series" in fault.remedy
    star = {"records": "Body.Data.*.Data.P.Values", "sum_by": "series"}
    accepted(of_two_inverters(), site(read_by("time", "value") | star))


@pytest.mark.parametrize("how", [{"sum_by": "series"}, {"where": {"series": "inverter/1"}}])
def test_a_series_without_a_star_is_told_of_the_star(how: dict[str, Any]) -> None:
    said = read_by("time", "value") | {"records": "Body.Data.inverter/1.Data.P.Values"}
    fault = refused(of_two_inverters(), site(said | how))
    assert (fault.code, "write a star in records" in fault.remedy) == ("missing_column", True)
    fault = refused(of_two_inverters(), site(said | {"sum_by": "inverter"}))
    assert (fault.code, "star" in fault.remedy) == ("missing_column", False)


def test_lists_of_different_quantities_are_not_added_up_by_a_remedy() -> None:
    fault = refused(archive(), site(read_by("time", "value")))
    assert "2 lists of records" in fault.reason  # energy and power of one inverter
    assert "sum_by" not in fault.remedy


def test_a_path_that_leads_nowhere_is_corrected_in_the_yaml() -> None:
    said = read_by("time", "value") | {"records": "Body.Daten.inverter/1"}
    fault = refused(of_two_inverters(), site(said))
    assert "'Daten' is not there, only 'Data'" in fault.reason
    assert "correct records of the source in the site's YAML" in fault.remedy


def test_inverters_beside_each_other_are_drafted_with_a_star(tmp_path: Path) -> None:
    path = tmp_path / "archive.json"
    path.write_bytes(of_two_inverters())
    found = drafted(path, options=PLACE).sources[0]
    assert (found.records, found.sum_by) == ("Body.Data.*.Data.P.Values", "series")
    assert found.columns["power_ac"].unit == "W"


def test_a_unit_beside_meters_is_drafted(tmp_path: Path) -> None:
    path = tmp_path / "details.json"
    path.write_text(json.dumps(METERS))
    found = drafted(path, options=PLACE).sources[0]
    assert found.where == {"type": "Production"}
    assert found.columns["power_ac"].unit == "Wh"


def test_numbers_without_a_start_are_no_times() -> None:
    assert refused(archive(start="today"), site(read_by("time", "value"))).code == "unreadable"


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
