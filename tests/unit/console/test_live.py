"""The verbs about what follows a deployment say what was predicted, and how far off it was."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from console import registry
from console.client import objects
from console.commands import live
from services.deployer.adapters.live.log import encode
from services.deployer.domain.live.predicted import Predicted, Weather
from shared.evaluation import Evaluation
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.deployer.live.world import evaluation

__all__ = ["system"]  # the fixture

LINE = {
    "name": "golden",
    "inputs": "measured",
    "n": 96,
    "r2": 0.91,
    "nmae": 0.043,
    "nrmse": 0.06,
    "mbe": 0.01,
    "energy_bias": -0.05,
    "coverage_p10_p90": 0.8,
    "skill": 0.4,
    "predicted_kwh": 95.0,
    "measured_kwh": 100.0,
    "sites": 1,
    "days": {"scored": 3, "no_power": 2},
    "masked": {"curtailed": 8},
    "versions": [1],
    "unadjusted": None,
}
CARD = {
    "model_id": "golden",
    "first": "2026-06-01",
    "last": "2026-06-30",
    "by": "site",
    "total": [LINE | {"name": "measured"}],
    "lines": [LINE],
    "left_out": 0,
    "waiting": 2,
}
MADE = datetime(2026, 6, 9, 1, tzinfo=UTC)
KEY = "predictions/golden/golden/2026-06/f-v1.parquet"


def a_prediction(
    *,
    version: int = 1,
    missing: str = "",
    issued: str = "",
    made: datetime = MADE,
    first: str = "2026-06-08T12:00",
    count: int = 4,
) -> bytes:
    """Quarters of an hour, by default four from noon."""
    times = np.datetime64(first, "s") + np.arange(count) * np.timedelta64(900, "s")
    power = 1.0 + np.arange(count)
    issued_at = np.full(count if issued else 0, np.datetime64(issued or "NaT", "s"))
    weather = Weather("golden", times, {"ghi": 100 * power}, issued_at, "nwp" if issued else "")
    kept = Predicted(
        file_id="f",
        version=version,
        inputs="forecast" if issued else "measured",
        uploaded_at=datetime(2026, 6, 9, tzinfo=UTC),
        made_at=made,
        step_minutes=15,
        weather=weather,
        power_ac=power,
        p10=0.9 * power,
        p90=1.1 * power,
        missing=(missing,) * count,
        gain=np.ones(count),
        unadjusted=power,
    )
    return encode(kept)


class S3:
    """A bucket of one object."""

    def __init__(self, kept: dict[str, bytes]) -> None:
        self.kept = kept

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - as botocore names them
        if Key not in self.kept:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.kept[Key])}

    def list_objects_v2(
        self,
        Bucket: str,  # noqa: N803
        Prefix: str,  # noqa: N803
        Delimiter: str,  # noqa: N803
        MaxKeys: int,  # noqa: N803
    ) -> dict[str, Any]:
        below = [key.removeprefix(Prefix) for key in self.kept if key.startswith(Prefix)]
        folders = sorted({f"{Prefix}{key.partition(Delimiter)[0]}{Delimiter}" for key in below})
        return {"CommonPrefixes": [{"Prefix": each} for each in folders[:MaxKeys]]}


def the_log(*, counts: bool = True) -> dict[str, Any]:
    said = {
        "key": KEY,
        "file_id": "f",
        "version": 1,
        "inputs": "measured",
        "window_start": "2026-06-08T12:00:00+00:00",
        "window_end": "2026-06-08T13:00:00+00:00",
        "uploaded_at": "2026-06-09T00:00:00+00:00",
        "made_at": "2026-06-09T01:00:00+00:00",
        "issued_at": None,
        "counts": counts,
    }
    waits = {
        "file_id": "abcdef0123",
        "since": "2026-06-10T00:00:00+00:00",
        "reason": "no version serves yet",
        "window_start": "2026-06-09T00:00:00+00:00",
        "window_end": "2026-06-10T00:00:00+00:00",
    }
    return {"model_id": "golden", "site_id": "golden", "predictions": [said], "waiting": [waits]}


@pytest.fixture
def golden(system: FakeSystem) -> FakeSystem:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}]}
    system.answers["deployer", "scorecard"] = CARD
    system.answers["deployer", "predictions"] = the_log()
    system.clients["s3"] = S3({KEY: a_prediction()})
    return system


def test_a_scorecard_says_how_well_and_what_could_not_be_scored(golden: FakeSystem) -> None:
    said = solar("scorecard").stdout
    assert "golden, 2026-06-01 to 2026-06-30, by site" in said
    assert "3 of 5" in said
    assert "-5.0%" in said
    assert "measured: 3 days of 1 site scored; 2 without power; version 1" in said
    assert "2 files wait to be predicted or scored" in said


def test_a_day_that_was_not_scored_says_what_it_was_instead(golden: FakeSystem) -> None:
    none = {"sums": None, "n": 0, "r2": None, "nmae": None, "energy_bias": None, "skill": None}
    none |= {"coverage_p10_p90": None, "predicted_kwh": 0.0, "measured_kwh": 0.0, "masked": {}}
    days = [
        LINE
        | none
        | {"name": "2026-06-01", "days": {"masked": 1}, "masked": {"stuck_irradiance": 9}},
        LINE | none | {"name": "2026-06-02", "days": {"no_power": 1}},
    ]
    golden.answers["deployer", "scorecard"] = CARD | {"lines": days, "by": "day"}
    said = solar("scorecard", "--by", "day").stdout
    assert "doubtful: stuck irradiance" in said
    assert "without power" in said


def test_energy_that_nothing_was_scored_of_is_no_zero(golden: FakeSystem) -> None:
    none = {"n": 0, "r2": None, "nmae": None, "energy_bias": None, "skill": None, "sites": 0}
    none |= {"coverage_p10_p90": None, "predicted_kwh": 0.0, "measured_kwh": 0.0}
    day = LINE | none | {"name": "2026-06-01", "days": {"no_weather": 1}, "versions": [1, 2]}
    total = day | {"name": "measured"}
    golden.answers["deployer", "scorecard"] = CARD | {"lines": [day], "total": [total], "by": "day"}
    said = solar("scorecard", "--by", "day").stdout
    assert re.search(r"2026-06-01 +without weather +\n", said)
    assert "measured: no day scored; 1 without weather; versions 1, 2" in said


def test_days_without_scores_name_the_last_one_that_is_known(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Any, __: str, query: str, **question: Any) -> dict[str, Any]:
        if query == "models":
            return golden.answers["trainer_trigger", "models"]
        return CARD if question["last"] is None else CARD | {"lines": [], "total": []}

    monkeypatch.setattr(FakeSystem, "ask", ask)
    said = solar("scorecard", "--until", "2012-01-01").stdout
    assert "nothing of golden was scored" in said
    assert "the last day that is known is 2026-06-30" in said


def test_one_file_that_waits_is_one_file(golden: FakeSystem) -> None:
    golden.answers["deployer", "scorecard"] = CARD | {"waiting": 1}
    assert "1 file waits to be predicted or scored" in solar("scorecard").stdout


def test_a_scorecard_is_json_for_machines(golden: FakeSystem) -> None:
    assert json.loads(solar("scorecard", "golden", "--json").stdout) == CARD


def test_a_scorecard_of_no_model_says_which_there_are(golden: FakeSystem) -> None:
    found = solar("scorecard", "silver")
    assert found.exit_code != 0
    assert "golden" in str(found.exception)


PREDICTIONS = ("predictions", "golden", "--model", "golden")


def test_predictions_show_rows_versions_when_they_were_made_and_what_waits(
    golden: FakeSystem,
) -> None:
    said = solar(*PREDICTIONS).stdout
    assert "2026-06-08T12:45:00Z" in said
    assert "made by version 1 at 2026-06-09 01:00:00 UTC" in said
    assert "waits since 2026-06-10 00:00:00: file abcdef01" in said


def test_predictions_are_written_as_csv_with_the_weather_they_were_made_from(
    golden: FakeSystem, tmp_path: Path
) -> None:
    target = tmp_path / "june.csv"
    solar(
        "predictions",
        "golden",
        "--model",
        "golden",
        "--from",
        "2026-06-08T12:15",
        "--to",
        "2026-06-08T12:45",
        "--csv",
        str(target),
    )
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["timestamp"] for row in rows] == ["2026-06-08T12:15:00Z", "2026-06-08T12:30:00Z"]
    assert (rows[0]["power_ac"], rows[0]["ghi"], rows[0]["version"]) == ("2.0", "200.0", "1")


def test_a_csv_says_where_it_is(golden: FakeSystem, tmp_path: Path) -> None:
    target = tmp_path / "june.csv"
    said = solar(*PREDICTIONS, "--csv", str(target)).stdout
    assert f"4 rows written to {target}" in said.replace("\n", "")


def test_of_many_rows_those_of_full_hours_are_shown(golden: FakeSystem) -> None:
    golden.clients["s3"] = S3({KEY: a_prediction(count=110, first="2026-06-08T06:45")})
    answer = the_log()
    answer["predictions"][0] |= {"window_end": "2026-06-09T10:15:00+00:00"}
    golden.answers["deployer", "predictions"] = answer
    shown = solar(*PREDICTIONS, "--from", "2026-06-08").stdout
    assert "2026-06-08T07:00:00Z" in shown
    assert ":45:00Z" not in shown


@pytest.mark.parametrize("to", ["2026-06-08", "2026-06-07"])
def test_an_end_that_is_not_after_the_beginning_is_refused_with_that_of_a_day(
    golden: FakeSystem, to: str
) -> None:
    found = solar(*PREDICTIONS, "--from", "2026-06-08", "--to", to)
    assert found.exit_code == 1
    assert "--to 2026-06-09" in str(found.exception)


def test_predictions_whose_weather_was_withdrawn_are_said_to_be_kept(golden: FakeSystem) -> None:
    golden.answers["deployer", "predictions"] = the_log(counts=False)
    said = solar(*PREDICTIONS).stdout
    assert "of 1 file whose weather was withdrawn" in said
    assert "of 1 file" not in solar(*PREDICTIONS, "--from", "2026-06-10").stdout


def test_where_nothing_was_predicted_the_last_prediction_is_named(golden: FakeSystem) -> None:
    said = solar(*PREDICTIONS, "--from", "2026-07-01").stdout
    assert "nothing was predicted for golden by model golden then" in said
    assert "its last prediction ends at 2026-06-08 13:00:00 UTC" in said


def test_of_a_site_that_moved_the_model_before_is_named(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden.answers["trainer_trigger", "models"] = {
        "models": [{"model_id": "golden"}, {"model_id": "silver"}]
    }

    def ask(model: str) -> dict[str, Any]:
        return the_log() if model == "golden" else the_log() | {"predictions": []}

    monkeypatch.setattr(live.log, "ask", lambda _, model, *__: ask(model))
    moved = type("Site", (), {"model_id": "silver"})
    monkeypatch.setattr(live, "active_site", lambda _: moved)
    said = solar("predictions", "golden").stdout
    assert "golden predicted for it: `solar predictions golden --model golden`" in said


def test_a_version_that_does_not_exist_predicted_nothing_and_is_refused(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "versions", lambda *_: [{"ModelPackageVersion": 1}])
    found = solar(*PREDICTIONS, "--version", "9")
    assert "no version 9 of golden; there are 1" in str(found.exception)


def test_predictions_whose_weather_was_withdrawn_are_not_shown(golden: FakeSystem) -> None:
    golden.answers["deployer", "predictions"] = the_log(counts=False)
    assert (
        json.loads(solar("predictions", "golden", "--model", "golden", "--json").stdout)["rows"]
        == []
    )


def test_of_two_predictions_for_a_time_that_without_estimates_is_shown_as_it_is_scored(
    golden: FakeSystem,
) -> None:
    answer = the_log()
    later = answer["predictions"][0] | {"key": "later", "uploaded_at": "2026-06-10T00:00:00+00:00"}
    golden.answers["deployer", "predictions"] = answer | {
        "predictions": [*answer["predictions"], later]
    }
    golden.clients["s3"] = S3({KEY: a_prediction(), "later": a_prediction(missing="temp_air")})
    rows = json.loads(solar("predictions", "golden", "--model", "golden", "--json").stdout)["rows"]
    assert [row["missing"] for row in rows] == [""] * 4


def test_predictions_until_a_time_are_those_of_the_day_before_it(golden: FakeSystem) -> None:
    asked = ("predictions", "golden", "--model", "golden", "--json", "--to")
    rows = json.loads(solar(*asked, "2026-06-08T12:30").stdout)["rows"]
    assert [row["timestamp"][11:16] for row in rows] == ["12:00", "12:15"]
    assert json.loads(solar(*asked, "2026-06-07").stdout)["rows"] == []


def test_predictions_for_days_to_come_are_asked_for(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def ask(_: Any, __: str, ___: str, **question: Any) -> dict[str, Any]:
        asked.append(question)
        return the_log()

    monkeypatch.setattr(FakeSystem, "ask", ask)
    solar("predictions", "golden", "--model", "golden", "--from", "2126-06-08")
    assert (asked[0]["first"], asked[0]["last"]) == ("2126-06-08", "2126-07-09")


def test_a_deleted_object_is_named(golden: FakeSystem) -> None:
    golden.clients["s3"] = S3({})
    assert KEY in solar("predictions", "golden", "--model", "golden").stderr


@pytest.mark.parametrize("moment", ["2026-06-08T12:30", "2026-06-08T12:40"])
def test_served_at_says_what_was_predicted_for_the_interval_of_that_moment(
    golden: FakeSystem, moment: str
) -> None:
    entry = {"version": 1, "at": "2026-06-01T00:00:00+00:00", "run_id": "r-1", "dataset_id": "d"}
    golden.answers["deployer", "served"] = {"served": {"golden": entry}}
    said = json.loads(solar("served-at", moment, "--site", "golden", "--json").stdout)
    (predicted,) = said["golden"]["predicted"]
    assert (predicted["timestamp"], predicted["power_ac"]) == ("2026-06-08T12:30:00Z", 3.0)


def test_served_at_says_when_it_was_predicted(golden: FakeSystem) -> None:
    golden.answers["deployer", "served"] = {"served": {"golden": None}}
    said = solar("served-at", "2026-06-08T12:40", "--site", "golden").stdout
    assert "2026-06-09 01:00" in said


def test_served_at_refuses_a_site_that_does_not_exist(golden: FakeSystem) -> None:
    golden.answers["deployer", "served"] = {"served": {"golden": None}}
    golden.answers["deployer", "predictions"] = the_log() | {"predictions": []}
    golden.answers["data_watcher", "sites"] = {"sites": []}
    found = solar("served-at", "2026-06-08T12:40", "--site", "nowhere")
    assert "no site nowhere" in str(found.exception)


def test_served_at_says_that_nothing_was_predicted_for_a_site(golden: FakeSystem) -> None:
    golden.answers["deployer", "served"] = {"served": {"golden": None}}
    golden.answers["data_watcher", "sites"] = {"sites": [{"kind": "site"}]}
    said = solar("served-at", "2026-06-09T12:40", "--site", "golden").stdout
    assert "nothing was predicted for golden then" in said


def test_served_at_says_from_which_issue_and_prefers_what_was_made_in_time(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_time = a_prediction(issued="2026-06-08T00:00", made=datetime(2026, 6, 8, 1, tzinfo=UTC))
    afterwards = a_prediction(issued="2026-06-08T06:00")
    golden.clients["s3"] = S3({"in-time": in_time, "afterwards": afterwards})
    two = the_log()
    two["predictions"] = [
        {**two["predictions"][0], "key": key} for key in golden.clients["s3"].kept
    ]
    golden.answers["deployer", "predictions"] = two
    entry = {"version": 1, "at": "2026-06-01T00:00:00+00:00", "run_id": "r-1", "dataset_id": "d"}
    golden.answers["deployer", "served"] = {"served": {"golden": entry}}
    said = solar("served-at", "2026-06-08T12:40", "--site", "golden").stdout
    assert "forecast of nwp, 2026-06-08 00:00" in said
    assert "afterwards" not in said


def test_a_forecast_that_was_made_afterwards_is_marked(golden: FakeSystem) -> None:
    golden.clients["s3"] = S3({KEY: a_prediction(issued="2026-06-08T06:00")})
    asked = ("predictions", "golden", "--model", "golden", "--from", "2026-06-08")
    assert "forecast, made afterwards" in solar(*asked).stdout
    assert {each["hindsight"] for each in json.loads(solar(*asked, "--json").stdout)["rows"]} == {
        True
    }


def test_without_a_site_a_large_fleet_is_not_asked_about(golden: FakeSystem) -> None:
    sites = [f"predictions/golden/site-{n}/2026-06/f-v1.parquet" for n in range(21)]
    golden.clients["s3"] = S3({KEY: a_prediction()} | dict.fromkeys(sites, b""))
    assert live.predicted_at("golden", None, datetime(2026, 6, 8, 12, 40, tzinfo=UTC)) == []


def test_without_a_site_the_ones_that_moved_since_are_asked_about_too(golden: FakeSystem) -> None:
    """No site names the model any more; its log knows what it predicted."""
    (found,) = live.predicted_at("golden", None, datetime(2026, 6, 8, 12, 40, tzinfo=UTC))
    assert (found["site_id"], found["power_ac"]) == ("golden", 3.0)


def test_two_versions_stand_side_by_side_as_evaluated_and_as_they_did_live(
    golden: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = {
        1: {"CustomerMetadataProperties": {"run_id": "r-1", "dataset_id": "d"}},
        2: {},
    }
    monkeypatch.setattr(registry, "version", lambda _, __, number: packages[number])
    until = datetime(2026, 6, 1, tzinfo=UTC)
    evaluated = Evaluation.model_validate_json(evaluation("r-1", until))
    monkeypatch.setattr(objects, "evaluation_of", lambda *_: evaluated)
    golden.answers["deployer", "compare"] = {"versions": {"1": lived("2026-06-01"), "2": None}}
    said = solar("compare", "1", "2").stdout
    assert "golden: versions 1 and 2" in said
    assert "4.30%" in said
    assert "no evaluation" in said
    assert "none yet" in said
    machine = json.loads(solar("compare", "1", "2", "--json").stdout)
    assert [each["live"] is None for each in machine] == [False, True]


def test_a_version_is_not_compared_with_itself(golden: FakeSystem) -> None:
    assert "two different versions" in str(solar("compare", "1", "1").exception)


def lived(first: str, *, same_days: dict[str, Any] | None = None) -> dict[str, Any]:
    days = {"first": first, "last": "2026-06-30", "days_of_both": 3 if same_days else 0}
    return days | {"live": LINE, "same_days": same_days}


@pytest.mark.parametrize(
    ("same_days", "nmae", "said_of_days"),
    [
        (LINE | {"nmae": 0.02}, "2.00%", "of 3 site-days that both were scored on"),
        (
            None,
            "4.30%",
            "No day was scored for both (2026-06-01 to 2026-06-30 and 2026-06-10 to 2026-06-30)",
        ),
    ],
)
def test_versions_are_compared_on_the_days_of_both_or_it_is_said_that_there_are_none(
    golden: FakeSystem,
    monkeypatch: pytest.MonkeyPatch,
    same_days: dict[str, Any] | None,
    nmae: str,
    said_of_days: str,
) -> None:
    monkeypatch.setattr(registry, "version", lambda *_: {})
    answer = {str(n): lived(f"2026-06-{n:02}", same_days=same_days) for n in (1, 10)}
    golden.answers["deployer", "compare"] = {"versions": answer}
    said = solar("compare", "1", "10").stdout
    assert nmae in said
    assert said_of_days in said.replace("\n", " ")


SUMMARY = {
    "first": "2026-06-24",
    "last": "2026-06-30",
    "versions": [1],
    "r2": 0.912,
    "nmae": 0.043,
    "energy_bias": -0.05,
    "sites": 2,
    "sites_scored": 2,
    "sites_judged": 2,
    "standing": [],
    "more_standing": 0,
}


def test_a_model_that_was_never_scored_is_said_not_to_be_measured_yet() -> None:
    (line,) = live.in_words("golden", None)
    assert "golden live: not judged yet" in line


def test_a_model_that_does_as_promised_takes_one_line() -> None:
    (line,) = live.in_words("golden", SUMMARY)
    assert line == (
        "golden live, version 1, 2026-06-24 to 2026-06-30: R² 0.912, nMAE 4.3%, energy bias -5.0%, "
        "2 of 2 sites scored; as promised everywhere"
    )


def test_each_site_that_is_worse_or_cannot_be_scored_has_a_line_of_its_own() -> None:
    worse = {"site_id": "east", "kind": "model", "since": "2026-06-26", "why": "a fifth less"}
    stuck = {"site_id": "west", "kind": "data", "since": "2026-06-27", "why": "it stood still"}
    lines = live.in_words("golden", SUMMARY | {"standing": [worse, stuck], "more_standing": 3})
    assert lines[1:] == [
        "  east: worse than promised since 2026-06-26: a fifth less",
        "  west: cannot be scored since 2026-06-27: it stood still",
        "  and 3 more sites",
    ]


def test_a_day_that_the_reason_names_already_is_not_said_twice() -> None:
    worse = {"site_id": "east", "kind": "model", "since": "2026-06-26"}
    for since, why in (("2026-06-26", "a fifth less since 2026-06-26"), (None, "too few days")):
        stands = [worse | {"since": since, "why": why}]
        (_, line) = live.in_words("golden", SUMMARY | {"standing": stands})
        assert line == f"  east: worse than promised: {why}"


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (2, "; as promised everywhere"),
        (1, "; as promised at 1 of 2 sites; the others cannot be judged now"),
        (0, "; no site can be judged now"),
    ],
)
def test_as_promised_is_said_only_of_sites_of_which_enough_is_known(judged: int, said: str) -> None:
    (line,) = live.in_words("golden", SUMMARY | {"sites_judged": judged})
    assert line.endswith(said)
