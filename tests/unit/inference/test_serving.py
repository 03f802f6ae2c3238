"""The endpoint answers as the evaluation computed, and says what is wrong with a bad request."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from services.deployer.inference import app as serving
from services.deployer.inference.app import Application
from services.deployer.inference.faults import MARK
from services.deployer.inference.reading import MOST_ROWS
from services.deployer.inference.service import Service
from services.trainer_trigger.pipeline.train import train
from shared.solar import predictor as predictor_module
from shared.solar.artifact import Artifact, InvalidArtifactError
from shared.solar.predictor import Prediction, Predictor
from shared.solar.recipe import Plant
from shared.solar.rows import Rows, together
from tests.unit.pipeline.datasets import Bench, frame, site


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Endpoint:
    """Talks to the application as a server would, without a socket."""

    def __init__(self, service: Service) -> None:
        self.app = Application(service)

    def ask(
        self, body: bytes | str | dict | list, *, path="/invocations", method="POST", **headers
    ) -> Answer | None:
        """Send a body, a list being its parts and None in it that the client hangs up."""
        data = json.dumps(body) if isinstance(body, dict) else body
        data = data.encode() if isinstance(data, str) else data
        named = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        parts = data if isinstance(data, list) else [data]
        return asyncio.run(self._ask(parts, path, method, named))

    async def _ask(
        self, parts: list[bytes | None], path: str, method: str, headers: dict[str, str]
    ) -> Answer | None:
        sent: list[dict] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        coming = [
            {"type": "http.disconnect"}
            if part is None
            else {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]

        async def receive() -> dict:
            return coming.pop(0)

        async def send(message: dict) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if not sent:
            return None
        return Answer(
            status=sent[0]["status"],
            headers={name.decode(): value.decode() for name, value in sent[0]["headers"]},
            body=b"".join(message.get("body", b"") for message in sent[1:]),
        )


def trained(base, sites) -> Artifact:
    bench = Bench(base, sites=sites)
    for number, each in enumerate(sites):
        bench.upload(frame(days=20, seed=number + 1, noise=0.1), each.site_id)
    prepared = bench.preprocess()
    return train(
        [prepared.train],
        bench.freeze(),
        prepared.validation,
        model_type="lightgbm",
        run_id="run-7",
        checkpoint_folder=base / "checkpoints",
    ).artifact


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Artifact:
    return trained(tmp_path_factory.mktemp("one"), [site()])


@pytest.fixture(scope="module")
def predictor(model) -> Predictor:
    return Predictor(model)


@pytest.fixture(scope="module")
def endpoint(predictor) -> Endpoint:
    return Endpoint(Service(predictor, package_version=4))


@pytest.fixture(scope="module")
def endpoint_of_two(tmp_path_factory) -> Endpoint:
    model = trained(tmp_path_factory.mktemp("two"), [site(), site("hill")])
    return Endpoint(Service(Predictor(model)))


def request(count: int = 4, **changes) -> dict:
    rows = [
        {"timestamp": f"2023-04-01T10:{15 * place:02d}:00Z", "ghi": 500.0 + place, "temp_air": 12.0}
        for place in range(count)
    ]
    return {"site_id": "meadow", "rows": rows} | changes


def test_ping_says_that_the_model_is_loaded(endpoint):
    assert endpoint.ask(b"", path="/ping", method="GET").status == 200


def test_an_answer_has_a_prediction_and_its_range_for_each_row_in_order(endpoint):
    answer = endpoint.ask(request())
    assert answer.status == 200
    found = answer.json["predictions"]
    assert [each["timestamp"] for each in found] == [row["timestamp"] for row in request()["rows"]]
    assert all(0 < each["p10"] <= each["power_ac"] <= each["p90"] <= 100 for each in found)
    assert answer.json["warnings"] == []


def test_the_answer_tells_which_model_spoke(endpoint):
    answer = endpoint.ask(request())
    card = endpoint.ask(request()).json["model"]
    assert card["run_id"] == "run-7"
    assert card["model_package_version"] == 4
    attributes = answer.headers["x-amzn-sagemaker-custom-attributes"]
    assert attributes == f"run_id=run-7;dataset_id={card['dataset_id']};model_package_version=4"


def test_a_gain_multiplies_a_row_and_the_models_own_word_stands_beside_it(endpoint):
    plain = endpoint.ask(request()).json["predictions"]
    rows = [row | ({"gain": 0.9} if place else {}) for place, row in enumerate(request()["rows"])]
    found = endpoint.ask(request(rows=rows)).json["predictions"]
    assert [each["unadjusted"] for each in found] == [each["power_ac"] for each in plain]
    assert found[0]["power_ac"] == plain[0]["power_ac"]
    for name in ("power_ac", "p10", "p90"):
        assert found[1][name] == pytest.approx(0.9 * plain[1][name], abs=1e-5)
    assert "unadjusted" not in plain[0]


def test_a_gain_takes_no_row_beyond_what_the_plant_ever_gave(endpoint, predictor):
    rows = [row | {"gain": 2.0, "ghi": 1000.0} for row in request()["rows"]]
    highest = predictor.card.cap * 100.0
    found = endpoint.ask(request(rows=rows)).json["predictions"]
    assert max(each["power_ac"] for each in found) <= highest + 1e-5


def test_a_gain_is_taken_from_csv_too(endpoint):
    lines = ["timestamp,ghi,temp_air,gain", "2023-04-01T10:00:00Z,500.0,12.0,0.9"]
    answer = endpoint.ask("\n".join(lines), content_type="text/csv")
    header, first = answer.body.decode().splitlines()
    assert header == "timestamp,power_ac,p10,p90,unadjusted"
    assert float(first.split(",")[1]) == pytest.approx(0.9 * float(first.split(",")[4]), abs=1e-5)


def test_csv_in_gives_csv_out_with_the_same_figures(endpoint):
    lines = ["timestamp,ghi,temp_air"] + [
        f"{row['timestamp']},{row['ghi']},{row['temp_air']}" for row in request()["rows"]
    ]
    answer = endpoint.ask("\n".join(lines), content_type="text/csv")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/csv")
    first = answer.body.decode().splitlines()[1].split(",")
    expected = endpoint.ask(request()).json["predictions"][0]
    assert float(first[1]) == expected["power_ac"]


def test_csv_can_be_answered_in_json(endpoint):
    answer = endpoint.ask(
        "timestamp,ghi\n2023-04-01T10:00:00Z,500\n",
        content_type="text/csv",
        accept="application/json",
    )
    assert len(answer.json["predictions"]) == 1


def test_a_missing_input_is_estimated_and_said(endpoint):
    rows = [
        {"timestamp": "2023-04-01T10:00:00Z"},
        {"timestamp": "2023-04-01T10:15:00Z", "ghi": None},
    ]
    answer = endpoint.ask({"site_id": "meadow", "rows": rows})
    assert answer.status == 200
    assert answer.json["warnings"] == [
        "ghi is missing in 2 of 2 rows and was estimated",
        "temp_air is missing in 2 of 2 rows and was estimated",
    ]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("temp_air", 285.0, "temp_air is not between -60 and 65 C in 1 of 1 rows and was left out"),
        ("ghi", -9999.0, "ghi is not between -20 and 1800 W/m2 in 1 of 1 rows and was left out"),
        ("forecast_pressure", 101_325.0, "forecast_pressure is not between 450 and 1100 hPa"),
    ],
)
def test_a_value_that_no_instrument_measures_is_left_out_and_said(endpoint, column, value, said):
    row = {"timestamp": "2023-04-01T10:00:00Z", "ghi": 500.0, "temp_air": 12.0}
    without = {name: number for name, number in row.items() if name != column}

    answer = endpoint.ask({"rows": [{**row, column: value}]}).json

    assert any(warning.startswith(said) for warning in answer["warnings"])
    assert answer["predictions"] == endpoint.ask({"rows": [without]}).json["predictions"]


def test_a_local_time_with_offset_is_the_same_moment(endpoint):
    utc = endpoint.ask({"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghi": 500}]})
    local = endpoint.ask({"rows": [{"timestamp": "2023-04-01T12:00:00+02:00", "ghi": 500}]})
    assert utc.json["predictions"] == local.json["predictions"]


def test_night_is_dark(endpoint):
    answer = endpoint.ask({"rows": [{"timestamp": "2023-04-01T00:00:00Z", "ghi": 0}]})
    assert answer.json["predictions"][0]["power_ac"] == 0
    assert answer.json["predictions"][0]["p90"] == 0


def test_a_model_of_one_site_needs_no_name_and_a_model_of_two_asks_for_it(
    endpoint, endpoint_of_two
):
    nameless = {"rows": request()["rows"]}
    assert endpoint.ask(nameless).status == 200
    answer = endpoint_of_two.ask(nameless)
    assert answer.status == 400
    assert "hill" in answer.json["error"]
    assert "meadow" in answer.json["error"]


def test_csv_may_hold_several_sites(endpoint_of_two):
    text = "timestamp,site_id,ghi\n2023-04-01T10:00:00Z,hill,500\n2023-04-01T10:00:00Z,meadow,500\n"
    assert endpoint_of_two.ask(text, content_type="text/csv").status == 200


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"not json", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"[]", 400, "the body must be"),
        (b'{"rows": []}', 400, "no rows"),
        (b'{"rows": [3]}', 400, "row 0 is no object"),
        (b'{"rows": [{"ghi": 3}]}', 400, "row 0: timestamp is missing"),
        (b'{"rows": [{"timestamp": "yesterday"}]}', 400, "not ISO 8601"),
        (b'{"rows": [{"timestamp": "2023-04-01T10:00:00"}]}', 400, "no zone"),
        (
            b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghi": "much"}]}',
            400,
            "expected a number",
        ),
        (
            b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghi": true}]}',
            400,
            "expected a number",
        ),
        (b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghi": Infinity}]}', 400, "infinite"),
        (
            b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghi": 1' + b"0" * 400 + b"}]}",
            400,
            "too large",
        ),
        (
            b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "ghii": 3}]}',
            400,
            "unknown column 'ghii'",
        ),
        (
            b'{"rows": [{"timestamp": "2023-04-01T10:00:00Z", "gain": 3}]}',
            400,
            "row 0: gain is 3, expected a number from 0.5 to 2",
        ),
        (b'{"site": "meadow", "rows": [{}]}', 400, "unknown field 'site'"),
        (b'{"site_id": "moon", "rows": [{"timestamp": "2023-04-01T10:00:00Z"}]}', 404, "meadow"),
        (
            b'{"site_id": ["meadow"], "rows": [{"timestamp": "2023-04-01T10:00:00Z"}]}',
            404,
            "meadow",
        ),
    ],
)
def test_a_bad_request_is_told_what_to_change(endpoint, body, status, said):
    answer = endpoint.ask(body)
    assert answer.status == status
    assert said in answer.json["error"]


def test_other_content_is_refused_by_its_own_code(endpoint):
    assert endpoint.ask(b"x", content_type="application/xml").status == 415
    assert endpoint.ask(request(), accept="image/png").status == 406
    assert (
        endpoint.ask("timestamp,ghi\n2023-04-01T10:00:00Z,much\n", content_type="text/csv").status
        == 400
    )
    assert endpoint.ask(b"\xff\xfe", content_type="text/csv").status == 400
    many = "timestamp\n" + "2023-04-01T10:00:00Z\n" * (MOST_ROWS + 1)
    assert endpoint.ask(many, content_type="text/csv").status == 413


def test_another_route_or_method_is_told_what_there_is(endpoint):
    assert endpoint.ask(b"", path="/models", method="GET").status == 404
    assert endpoint.ask(b"", path="/ping", method="POST").status == 405
    assert "takes POST" in endpoint.ask(b"", method="GET").json["error"]


def test_a_body_in_parts_is_one_body_and_one_that_never_ends_is_refused(endpoint):
    body = json.dumps(request()).encode()
    assert endpoint.ask([body[:10], body[10:]]).json == endpoint.ask(body).json
    assert endpoint.ask([b" " * 1024 * 1024] * 26).status == 413


def test_a_client_that_hangs_up_gets_no_answer(endpoint):
    assert endpoint.ask([b'{"rows"', None]) is None


def test_no_answer_holds_what_is_no_number(predictor, monkeypatch):
    nowhere = np.full(4, np.nan)
    monkeypatch.setattr(
        Predictor, "predict", lambda *_: Prediction(nowhere, np.zeros(4), np.zeros(4))
    )
    answer = Endpoint(Service(predictor, 7)).ask(request())
    assert answer.status == 500
    assert answer.json == {
        "error": "ValueError: the model predicted what is no number",
        "model_package_version": 7,
    }


def test_serving_predicts_what_the_evaluation_predicted(endpoint, predictor, tmp_path):
    bench = Bench(tmp_path)
    bench.upload(frame(days=40))
    test = bench.preprocess().test
    expected = predictor.predict(test).power_ac
    rows = [
        {"timestamp": f"{moment}Z", "ghi": ghi, "temp_air": air}
        for moment, ghi, air in zip(
            np.datetime_as_string(test.times, unit="s").tolist(),
            test.weather["ghi"].tolist(),
            test.weather["temp_air"].tolist(),
            strict=True,
        )
    ]
    found = endpoint.ask({"rows": rows}).json["predictions"]
    np.testing.assert_allclose([each["power_ac"] for each in found], expected, atol=1e-6)


def test_a_fleet_is_predicted_site_by_site_as_it_is_at_once(endpoint_of_two, monkeypatch):
    both = [frame(days=3, seed=seed) for seed in (1, 2)]
    parts = [
        Rows(
            sites=(name,),
            site=np.zeros(len(table), dtype=np.int64),
            times=table.index.tz_localize(None).to_numpy().astype("datetime64[s]"),
            weather={"ghi": table["ghi"].to_numpy(), "temp_air": table["temp_air"].to_numpy()},
            power_ac=table["power_ac"].to_numpy(),
            power_ac_24h_ago=np.full(len(table), np.nan),
        )
        for name, table in zip(("meadow", "hill"), both, strict=True)
    ]
    fleet, alone = together(parts), np.arange(sum(map(len, parts))) % 2 == 0
    model = endpoint_of_two.app.service.predictor
    at_once = model.predict(fleet, alone)
    monkeypatch.setattr(predictor_module, "_MOST_AT_ONCE", 10)
    apart = model.predict(fleet, alone)
    for name in ("power_ac", "p10", "p90"):
        np.testing.assert_array_equal(getattr(apart, name), getattr(at_once, name))


def test_a_model_that_this_code_cannot_serve_is_refused_before_it_answers(model):
    def with_features(*names: str) -> Artifact:
        return replace(model, card=model.card.model_copy(update={"features": names}))

    with pytest.raises(InvalidArtifactError, match="computes other features"):
        Predictor(with_features("another", *model.card.features[1:]))
    with pytest.raises(InvalidArtifactError, match=r"takes \d+ features, the card names"):
        Predictor(with_features(*model.card.features[1:]))
    with pytest.raises(InvalidArtifactError, match="no graph that can be run"):
        Predictor(replace(model, graph=b"no graph"))


def test_the_model_knows_its_plants(predictor):
    assert predictor.card.recipe.plants == (Plant.of(site()),)


def broken(*_: object) -> Prediction:
    raise RuntimeError("no answer")


def faults(capfd) -> list[tuple[str, int]]:
    """Return what stands in the log: which kind of fault, and of which version."""
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    said = [json.loads(line) for line in lines if MARK in line]
    return [(each[MARK], each["model_package_version"]) for each in said]


def test_the_log_says_which_version_failed_and_nothing_of_requests_that_were_refused(
    predictor, monkeypatch, capfd
):
    endpoint = Endpoint(Service(predictor, package_version=4))
    assert endpoint.ask(request()).status == 200
    assert endpoint.ask(b"{").status == 400
    assert faults(capfd) == []
    monkeypatch.setattr(Predictor, "predict", broken)
    assert endpoint.ask(request()).status == 500
    assert faults(capfd) == [("failed", 4)]


def test_the_log_says_which_version_was_slow_whatever_came_of_it(predictor, monkeypatch, capfd):
    monkeypatch.setattr(serving, "SLOW_SECONDS", 0.0)
    assert Endpoint(Service(predictor, package_version=4)).ask(request()).status == 200
    assert faults(capfd) == [("slow", 4)]
    monkeypatch.setattr(Predictor, "predict", broken)
    assert Endpoint(Service(predictor, package_version=5)).ask(request()).status == 500
    assert faults(capfd) == [("slow", 5), ("failed", 5)]
