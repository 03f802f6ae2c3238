"""An endpoint of a model of forecasts must be told when, and by whom, each was issued."""

from __future__ import annotations

import csv
import io
import random

import pytest

from services.deployer.inference.service import Service
from services.trainer_trigger.pipeline.train import train
from shared.solar.predictor import Predictor
from tests.unit.inference.test_serving import Endpoint, trained
from tests.unit.pipeline.datasets import Bench, forecast, frame, site

ISSUED = "2023-05-10T12:00:00Z"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory) -> Endpoint:
    base = tmp_path_factory.mktemp("forecasts")
    bench = Bench(base, inputs="forecast")
    bench.upload(frame(60))
    for provider in ("ecmwf", "icon"):
        bench.upload(forecast(frame(60), provider=provider), provider=provider)
    prepared = bench.preprocess()
    model = train(
        [prepared.train],
        bench.freeze(),
        prepared.validation,
        model_type="ridge",
        run_id="run-8",
        checkpoint_folder=base / "checkpoints",
    ).artifact
    return Endpoint(Service(Predictor(model), package_version=5))


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Endpoint:
    return Endpoint(Service(Predictor(trained(tmp_path_factory.mktemp("measured"), [site()]))))


def issue(**changes) -> dict:
    rows = [
        {"timestamp": f"2023-05-11T{hour:02d}:{minute:02d}:00Z", "forecast_ghi": 40.0 * hour}
        for hour in range(6, 12)
        for minute in (0, 15, 30, 45)
    ]
    return {"issued_at": ISSUED, "provider": "ecmwf", "rows": rows} | changes


def test_an_issue_is_predicted_with_its_range(endpoint):
    answer = endpoint.ask(issue())
    assert answer.status == 200
    found = answer.json["predictions"]
    assert len(found) == len(issue()["rows"])
    assert all(each["p10"] <= each["power_ac"] <= each["p90"] for each in found)
    assert answer.json["model"]["providers"] == ["ecmwf", "icon"]


def test_each_row_may_say_it_itself_in_any_order(endpoint):
    rows = [{**row, "issued_at": ISSUED, "provider": "ecmwf"} for row in issue()["rows"]]
    shuffled = random.Random(3).sample(rows, len(rows))
    found = endpoint.ask({"rows": shuffled}).json["predictions"]
    straight = endpoint.ask(issue()).json["predictions"]
    assert sorted(found, key=lambda each: each["timestamp"]) == straight


def test_another_issue_beside_it_changes_nothing(endpoint):
    rows = [{**row, "issued_at": ISSUED, "provider": "ecmwf"} for row in issue()["rows"]]
    other = [{**row, "issued_at": "2023-05-11T00:00:00Z", "forecast_ghi": 900.0} for row in rows]
    found = endpoint.ask({"rows": rows + other}).json["predictions"]
    assert found[: len(rows)] == endpoint.ask(issue()).json["predictions"]


def test_quantiles_come_on_request(endpoint):
    found = endpoint.ask(issue(quantiles=[0.9, 0.25, 0.1])).json["predictions"]
    for each in found:
        high, low, lowest = each["quantiles"]
        assert lowest <= low <= high
        assert (lowest, high) == pytest.approx((each["p10"], each["p90"]), abs=1e-5)


def test_an_answer_in_csv_has_a_column_for_each_quantile(endpoint):
    asked = issue(quantiles=[0.25, 0.9])
    lines = list(csv.DictReader(io.StringIO(endpoint.ask(asked, accept="text/csv").body.decode())))
    plain = endpoint.ask(asked).json["predictions"]
    said = [[float(line["quantile_0.25"]), float(line["quantile_0.9"])] for line in lines]
    assert said == [each["quantiles"] for each in plain]


@pytest.mark.parametrize("levels", [[0.999], [0], "p10", [None]])
def test_a_quantile_that_nobody_can_tell_is_refused(endpoint, levels):
    assert endpoint.ask(issue(quantiles=levels)).status == 400


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issued_at": None}, "issued_at is missing"),
        ({"issued_at": "2023-05-10T12:00:00"}, "has no zone"),
        ({"issued_at": "noon"}, "is not ISO 8601"),
        ({"issued_at": "2023-05-12T12:00:00Z"}, "is after its timestamp"),
        ({"provider": None}, "provider is missing; the model knows ecmwf, icon"),
        ({"provider": "gfs"}, "was not trained with forecasts of 'gfs'"),
    ],
)
def test_what_the_model_must_know_is_asked_for(endpoint, change, said):
    body = {name: value for name, value in issue(**change).items() if value is not None}
    answer = endpoint.ask(body)
    assert answer.status == 400
    assert said in answer.json["error"]


@pytest.mark.parametrize("name", ["issued_at", "provider"])
def test_a_model_of_measured_weather_does_not_pretend_to_forecast(measured, name):
    row = {"timestamp": "2023-04-01T10:00:00Z", "ghi": 500.0, name: ISSUED}
    answer = measured.ask({"rows": [row]})
    assert answer.status == 400
    assert "trained for measured weather" in answer.json["error"]


def test_it_says_which_of_its_inputs_a_forecast_does_not_bring(measured):
    row = {"timestamp": "2023-04-01T10:00:00Z", "forecast_ghi": 500.0}
    assert measured.ask({"rows": [row]}).json["inputs_missing"] == ["ghi", "temp_air"]


def test_csv_has_the_same_columns(endpoint):
    lines = ["timestamp,issued_at,provider,forecast_ghi"]
    lines += [f"{row['timestamp']},{ISSUED},ecmwf,{row['forecast_ghi']}" for row in issue()["rows"]]
    answer = endpoint.ask("\n".join(lines), content_type="text/csv", accept="application/json")
    assert answer.json["predictions"] == endpoint.ask(issue()).json["predictions"]
