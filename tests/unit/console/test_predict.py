"""A weather file is read by the source that its name or the user tells."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console import trainer
from console.commands import predict
from console.commands.predict import ask_endpoint, read_rows
from console.errors import ConsoleError
from shared.active import ActiveSite
from shared.solar.site import Site
from tests.unit.console.systems import FakeSystem, solar, system

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


def test_what_is_predicted_need_not_be_in_the_file(system: FakeSystem, file: Path) -> None:
    described = site("weather").model_dump()
    described["sources"][0]["columns"]["power_ac"] = {"column": "p", "unit": "kW"}
    system.clients["s3"] = Bucket(Site.model_validate(described))

    assert [set(row) for row in read_rows("golden", file)] == [{"timestamp", "ghi"}] * 2

    file.write_text("t,g,p\n2024-06-01T10:00,800,55\n")
    assert [set(row) for row in read_rows("golden", file)] == [{"timestamp", "ghi"}]


def test_the_only_source_of_weather_reads_a_file_of_any_name(
    system: FakeSystem, file: Path
) -> None:
    described = site("weather", "power").model_dump()
    described["sources"][1]["columns"] = {"power_ac": {"column": "p", "unit": "kW"}}
    system.clients["s3"] = Bucket(Site.model_validate(described))

    assert len(read_rows("golden", file)) == 2


class Runtime:
    """An endpoint that predicts the number of rows that it sees before each row."""

    def __init__(self) -> None:
        self.requests: list[int] = []
        self.questions: list[dict[str, Any]] = []
        self.missing: Iterator[list[str]] = itertools.repeat([])
        self.providers: list[str] = []

    def invoke_endpoint(self, **said: Any) -> dict[str, Any]:
        question = json.loads(said["Body"])
        rows = question["rows"]
        self.requests.append(len(rows))
        self.questions.append(question)
        answer = {
            "model": {"model_package_version": 3, "providers": self.providers},
            "predictions": [
                {"timestamp": row["timestamp"], "power_ac": seen, "p10": 0.0, "p90": 1.0}
                | ({"quantiles": question["quantiles"]} if "quantiles" in question else {})
                for seen, row in enumerate(rows)
            ],
            "warnings": [f"ghi is missing in 1 of {len(rows)} rows and was estimated"],
            "inputs_missing": next(self.missing),
        }
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


def test_more_rows_than_a_request_takes_are_asked_for_in_parts(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "_MOST_ROWS", 10)
    monkeypatch.setattr(predict, "_EARLIER_ROWS", 4)
    runtime = system.clients["sagemaker-runtime"] = Runtime()
    rows = [{"timestamp": str(number)} for number in range(25)]

    answer = ask_endpoint("golden", "golden", rows)

    assert runtime.requests == [10, 14, 9]
    assert [each["timestamp"] for each in answer["predictions"]] == [str(n) for n in range(25)]
    seen = [each["power_ac"] for each in answer["predictions"]]
    assert min(seen[10:]) == 4, "the first rows of a further part must not stand alone"
    assert len(answer["warnings"]) == 3


def test_what_was_estimated_is_said_beside_the_table(system: FakeSystem, file: Path) -> None:
    system.clients |= {"s3": Bucket(site("weather")), "sagemaker-runtime": Runtime()}

    done = solar("predict", "golden", "golden", str(file))

    assert "ghi is missing in 1 of 2 rows and was estimated" in done.stderr
    assert "[kW]" in done.stdout


@pytest.fixture
def forecasts(tmp_path: Path, system: FakeSystem) -> Path:
    """Two issues of hourly forecasts, of a site whose YAML reads them."""
    source = {
        "name": "nwp",
        "kind": "forecast",
        "provider": "ecmwf",
        "issued": {"column": "run", "timezone": "UTC"},
        "timestamp": {"column": "t", "step_minutes": 60},
        "columns": {"ghi": {"column": "g", "unit": "W/m2"}},
    }
    plain = site("weather").model_dump(mode="json")
    system.clients["s3"] = Bucket(Site.model_validate({**plain, "sources": [source]}))
    path = tmp_path / "nwp.csv"
    lines = [
        f"2024-06-01T{issue:02}:00Z,2024-06-02T{hour:02}:00,{hour * 10}"
        for issue in (0, 12)
        for hour in range(15, 20)
    ]
    path.write_text("run,t,g\n" + "\n".join(lines) + "\n")
    return path


def test_forecasts_are_asked_issue_by_issue_on_the_models_step(forecasts: Path) -> None:
    rows = read_rows("golden", forecasts, step=lambda: 30)
    assert len(rows) == 2 * 5 * 2
    assert rows[0]["timestamp"] == "2024-06-02T15:00:00Z"
    assert rows[1]["timestamp"] == "2024-06-02T15:30:00Z"
    assert {row["issued_at"] for row in rows} == {"2024-06-01T00:00:00Z", "2024-06-01T12:00:00Z"}
    assert {row["provider"] for row in rows} == {"ecmwf"}
    assert "forecast_ghi" in rows[0]


@pytest.mark.parametrize(
    ("issues", "expected"),
    [
        ("aaabbbbcc", [(0, 3), (3, 7), (7, 9)]),
        ("aaaaabb", [(0, 5), (5, 7)]),
        ("aaaaaaabc", [(0, 7), (7, 9)]),  # an issue that is longer than a question
        ("baaaaaaaaa", [(0, 1), (1, 10)]),
    ],
)
def test_a_long_question_divides_no_issue(
    monkeypatch: pytest.MonkeyPatch, issues: str, expected: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(predict, "_MOST_ROWS", 5)
    rows = [{"issued_at": issue} for issue in issues]
    spans = itertools.islice(predict._spans(rows), len(rows))
    assert [(start, end) for _, start, end in spans] == expected


def test_quantiles_are_asked_for_and_shown(system: FakeSystem, file: Path) -> None:
    runtime = Runtime()
    system.clients |= {"s3": Bucket(site("weather")), "sagemaker-runtime": runtime}
    words = ("predict", "golden", "golden", str(file), "--quantiles", "0.2,0.7")

    assert [each in solar(*words).stdout for each in ("0.2", "0.7")] == [True, True]
    assert runtime.questions[0]["quantiles"] == [0.2, 0.7]
    lines = solar(*words, "--csv", "-").stdout.splitlines()
    assert lines[0] == "timestamp,power_ac,p10,p90,quantile_0.2,quantile_0.7"
    assert lines[1].endswith(",0.0,1.0,0.2,0.7")
    assert len(lines) == 3
    said = solar(*words[:-1], "most").exception
    assert "'most' are no quantiles; write them like 0.05,0.95" in str(said)


def test_inputs_that_no_row_has_are_named_with_what_that_does(
    system: FakeSystem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime()
    system.clients |= {"s3": Bucket(site("weather")), "sagemaker-runtime": runtime}
    monkeypatch.setattr(predict, "_MOST_ROWS", 1)
    monkeypatch.setattr(predict, "_EARLIER_ROWS", 0)

    runtime.missing = iter([["dni", "temp_air"], ["temp_air"]])
    done = solar("predict", "golden", "golden", str(file), "--json")
    assert json.loads(done.stdout)["inputs_missing"] == ["temp_air"]
    assert "no row has temp_air, which the model learnt from: P10 and P90 are wider" in done.stderr

    runtime.missing = itertools.repeat(["temp_air"])
    runtime.providers = ["ecmwf"]  # a model of forecasts; its range is not wider
    assert "no row has" not in solar("predict", "golden", "golden", str(file)).stderr


def test_a_model_that_does_not_exist_is_said_with_those_there_are(
    system: FakeSystem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nobody:
        def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "InvokeEndpoint")

        def invoke(self, **_: Any) -> dict[str, Any]:
            return {"Payload": io.BytesIO(b'{"status": 404, "said": {}}')}

    nobody = Nobody()
    system.clients |= {
        "s3": Bucket(site("weather")),
        "sagemaker-runtime": nobody,
        "lambda": nobody,
    }
    monkeypatch.setattr(trainer, "models", lambda _: ["golden"])
    assert "nothing serves golden yet" in str(
        solar("predict", "golden", "golden", str(file)).exception
    )
    refused = str(solar("predict", "silver", "golden", str(file)).exception)
    assert "no model 'silver'; known: golden" in refused


def test_what_json_says_of_all_rows_is_sent(system: FakeSystem, tmp_path: Path) -> None:
    runtime = system.clients["sagemaker-runtime"] = Runtime()
    rows = [{"timestamp": "2024-06-01T10:00Z", "ghi": 812.0}]
    of_all = {"issued_at": "2024-05-31T12:00Z", "provider": "icon", "quantiles": [0.3]}
    file = tmp_path / "rows.json"

    file.write_text(json.dumps({"site_id": "golden", **of_all, "rows": rows}))
    shown = solar("predict", "golden", "golden", str(file)).stdout
    assert runtime.questions == [{**of_all, "site_id": "golden", "rows": rows}]
    assert "2024-05-31 12:00" in shown

    file.write_text(json.dumps(rows))
    assert solar("predict", "golden", "golden", str(file)).exit_code == 0
    assert runtime.questions[-1] == {"site_id": "golden", "rows": rows}

    file.write_text(json.dumps({"site_id": "east", "rows": rows}))
    refused = solar("predict", "golden", "golden", str(file)).exception
    assert "rows.json is of another site than golden" in str(refused)


@pytest.mark.parametrize("said", [{"hourly": {"time": []}}, [], [1], [{"time": "2024"}]])
def test_json_of_another_shape_is_read_as_the_sites_yaml_says(tmp_path: Path, said: Any) -> None:
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(said))
    assert predict._in_json("golden", file) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no JSON"),
        ('[{"timestamp": "2024-06-01T10:00Z"}, {"ghi": 1}]', "row 2 has no timestamp"),
        ('[{"timestamp": "noon"}]', "row 1 has no timestamp"),
        ('[{"timestamp": "2024-06-01T10:00Z", "ghi": "812"}]', "row 1: ghi is '812', no number"),
        ('[{"timestamp": "2024-06-01T10:00Z", "ghi": true}]', "row 1: ghi is True, no number"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_its_number(
    tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "rows.json"
    file.write_text(text)
    with pytest.raises(ConsoleError, match=why):
        predict._in_json("golden", file)
