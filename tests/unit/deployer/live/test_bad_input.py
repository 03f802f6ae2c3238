"""What goes wrong after a deployment ends in a state that people can read, and mends itself where it can."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from services.deployer.adapters.lines import EndpointLine
from services.deployer.adapters.live.asking import Predictions
from services.deployer.adapters.live.log import decode, encode
from services.deployer.app.live.following import model_of
from services.deployer.app.live.predicting import MOST_ROWS
from services.deployer.domain.live.predicted import Predicted, SilentError, Weather
from shared.errors import InvalidMessageError, NotReadyError
from shared.messages import RetrainRequested
from tests.unit.deployer.live.world import MODEL, NOW, SITE, TRAINED_UNTIL, World

MONDAY = date(2026, 6, 8)
NOON = np.datetime64("2026-06-08T12:00", "s")


def rows(count: int = 4, site: str = SITE) -> Weather:
    times = NOON + np.arange(count) * np.timedelta64(900, "s")
    return Weather(site, times, {"ghi": np.array([100.0, np.nan, 300.0, 400.0])[:count]})


class Runtime:
    """An endpoint that answers what a test wants."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.bodies = answer, []

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        self.bodies.append(json.loads(asked["Body"]))
        if isinstance(self.answer, Exception):
            raise self.answer
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return {
            "Body": io.BytesIO(body),
            "CustomAttributes": "run_id=r;model_package_version=7",
        }


def a_row(power: float | None) -> dict[str, Any]:
    return {"timestamp": "x", "power_ac": power, "p10": power, "p90": power}


def asked_of(answer: Any, *weather: Weather) -> Any:
    return Predictions(EndpointLine(Runtime(answer))).ask(MODEL, weather or [rows()])  # type: ignore[arg-type]


def test_the_rows_of_many_sites_are_one_request_and_are_told_apart_again() -> None:
    answer = {"model": {"inputs": ["ghi"]}, "predictions": [a_row(n) for n in range(6)]}
    runtime = Runtime(answer)
    asking = Predictions(EndpointLine(runtime))
    one, other = asking.ask(MODEL, [rows(4), rows(2, "hill")])
    assert (one.version, one.inputs) == (7, ("ghi",))
    assert (one.power_ac.tolist(), other.power_ac.tolist()) == ([0, 1, 2, 3], [4, 5])
    (body,) = runtime.bodies
    assert [row["site_id"] for row in body["rows"]] == [SITE] * 4 + ["hill"] * 2
    assert body["rows"][1] == {"site_id": SITE, "timestamp": "2026-06-08T12:15:00Z", "ghi": None}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"predictions": [a_row(1.0)] * 2}, "answers 2 of 4 rows"),
        ({"predictions": [a_row(None)] * 4}, "no number"),
        ({"predictions": [{"power_ac": 1.0}] * 4}, "answers without 'p10'"),
        (b"<html>502</html>", "does not answer"),
        (ReadTimeoutError(endpoint_url="x"), "does not answer"),
        (
            ClientError({"Error": {"Code": "ValidationError", "Message": ""}}, "InvokeEndpoint"),
            "does not answer: ValidationError",
        ),
    ],
)
def test_an_answer_is_believed_as_a_whole_or_not_at_all(answer: Any, said: str) -> None:
    with pytest.raises(NotReadyError, match=said):
        asked_of(answer)


@pytest.mark.parametrize(
    "answer",
    [
        ReadTimeoutError(endpoint_url="x"),
        ClientError({"Error": {"Code": "ValidationError", "Message": ""}}, "InvokeEndpoint"),
        ClientError(
            {"Error": {"Code": "ModelError", "Message": ""}, "OriginalStatusCode": 0},  # type: ignore[typeddict-unknown-key]
            "InvokeEndpoint",
        ),
    ],
)
def test_an_endpoint_that_does_not_answer_is_told_apart_from_one_that_refuses_some_rows(
    answer: Exception,
) -> None:
    with pytest.raises(SilentError, match="does not answer"):
        asked_of(answer)


def test_a_refusal_by_the_model_is_told_in_its_words() -> None:
    error = ClientError({"Error": {"Code": "ModelError", "Message": ""}}, "InvokeEndpoint")
    error.response["OriginalMessage"] = "the model does not know site 'hill'"  # type: ignore[typeddict-unknown-key]
    with pytest.raises(NotReadyError, match="refuses: the model does not know site 'hill'"):
        asked_of(error)


def test_predictions_come_back_from_the_log_as_they_were_made() -> None:
    power = np.array([1.0, 2.0, 3.0, 4.0])
    issued_at = np.repeat(np.array(["2026-06-08", "2026-06-09"], dtype="datetime64[s]"), 2)
    made = Predicted(
        file_id="f",
        version=3,
        inputs="forecast",
        uploaded_at=datetime(2026, 6, 9, tzinfo=UTC),
        made_at=datetime(2026, 6, 9, 1, tzinfo=UTC),
        step_minutes=15,
        weather=replace(rows(), issued_at=issued_at, provider="ecmwf"),
        power_ac=power,
        p10=0.9 * power,
        p90=1.1 * power,
        missing=("", "ghi", "", "ghi,temp_air"),
        gain=np.array([1.0, 1.0, 0.9, 0.9]),
        unadjusted=power / 0.9,
    )
    found = decode(encode(made), SITE)
    assert encode(found) == encode(made)
    assert (found.step_minutes, found.missing) == (15, made.missing)
    assert found.issued_at.tolist() == issued_at.tolist()
    assert found.provider == "ecmwf"
    np.testing.assert_array_equal(found.weather.columns["ghi"], made.weather.columns["ghi"])


def test_weather_that_comes_a_month_late_is_predicted_by_what_serves_then() -> None:
    world = World()
    world.hear(world.upload("power", MONDAY, columns=("power_ac",)))
    world.clock.now = NOW + timedelta(days=35)
    late = NOW + timedelta(days=34)
    world.hear(world.upload("weather", MONDAY, columns=("ghi", "temp_air"), uploaded=late))
    assert world.score(MONDAY).state == "scored"


def test_a_clock_that_is_corrected_later_is_scored_anew_and_the_log_keeps_both() -> None:
    world = World()
    world.hear(world.upload("wrong", MONDAY, factor=1.0, late_hours=1))
    assert world.score(MONDAY).state == "masked"
    corrected = world.upload("right", MONDAY, factor=1.0, uploaded=NOW)
    world.hear(corrected, world.withdraw("wrong"))
    assert world.score(MONDAY).sums.nmae == pytest.approx(0.0, abs=1e-6)
    assert len(world.predictions) == 2


def test_a_site_that_moves_to_a_model_that_does_not_know_it_waits_there() -> None:
    world = World()
    message = world.upload("monday", MONDAY, site="moved")
    world.hear(message)
    (waiting,) = world.books.waits.values()
    assert waiting.reason == "version 1 does not know site moved"
    world.sites = (SITE, "moved")
    world.hear(world.deploy(2))
    assert world.score(MONDAY, "moved").version == 2


def test_a_file_that_is_gone_before_it_is_looked_at_is_no_error() -> None:
    world = World()
    message = world.upload("monday", MONDAY)
    key = message.canonical_uri.removeprefix("s3://data/")
    gone = world.withdraw("monday")
    del world.objects.kept[key]
    world.hear(message)
    world.hear(gone)
    assert world.predictions == []
    assert world.books.waits == {}


def test_a_file_of_more_rows_than_a_call_takes_is_asked_about_in_parts() -> None:
    world = World()
    days = MOST_ROWS // 96 + 2
    world.hear(world.upload("year", TRAINED_UNTIL, days))
    assert len(world.asking.calls) == 2
    last = TRAINED_UNTIL + timedelta(days=days - 1)
    assert world.score(last).sums.n == 96


def test_what_nobody_here_expects_ends_in_the_dead_letters() -> None:
    request = RetrainRequested.of(
        subject=(MODEL,),
        occurred_at=NOW,
        correlation_id="x",
        model_id=MODEL,
        reason="",
        requested_by="ada",
    )
    with pytest.raises(InvalidMessageError, match="not for this function: RetrainRequested"):
        model_of(request)
