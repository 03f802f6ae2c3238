"""The main job in small: an upload becomes a deployed model, and every promise on the way is looked at."""

from __future__ import annotations

import json
import math
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from console import registry
from console.app import app
from console.commands import data, live
from console.commands.runs import all_runs
from console.commands.system import is_idle
from console.state import state
from infra.local import outbox
from shared import layout, names
from shared.messages import SweepDue
from tests import metrics
from tests.e2e import serf_east
from tests.e2e.conftest import act_as
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e
T = TypeVar("T")


def winter_sun(hour: float) -> float:
    """Return the irradiance of a clear day in January, by the hour of the clock. [W/m2]"""
    return 500 * max(0.0, math.sin(math.pi * (hour - 7.5) / 9))


def eventually(look: Callable[[], T | None], seconds: float = 90.0) -> T:
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"it did not happen in time; runs: {all_runs()}"
        time.sleep(0.3)


def put(key: str, body: bytes) -> None:
    state.system.client("s3").put_object(Bucket=state.system.bucket, Key=key, Body=body)


def solar(*arguments: str, code: int = 0) -> Any:
    """Run a verb with --json and return what it says."""
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def ended(number: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        runs = all_runs()
        done = len(runs) >= number and runs[number - 1]["status"] != "running"
        return runs[number - 1] if done else None

    run = eventually(look)
    assert run["status"] != "failed", run["failure"]
    return run


def serves(version: int) -> bool:
    return registry.served_versions(state.system).get("serf") == version


@pytest.fixture(scope="module")
def first(system: LocalPlatform) -> dict[str, Any]:
    """75 days uploaded in five files of each kind, two of them twice: the first run."""
    put(layout.model_config("serf"), serf_east.MODEL_YAML)
    put(layout.site_config("serf-east"), serf_east.SITE_YAML)
    for part in (3, 0, 4, 1, 2, 3, 0):
        rows = (part * 1440, (part + 1) * 1440)
        put(f"raw/serf-east/power {part}+ä%.csv", serf_east.power(*rows))
        put(f"raw/serf-east/weather_{part}.csv", serf_east.weather(*rows))
    return ended(1)


@pytest.fixture(scope="module")
def deployed(first: dict[str, Any]) -> dict[str, Any]:
    eventually(lambda: serves(1))
    return first


@pytest.fixture(scope="module")
def second(deployed: dict[str, Any]) -> dict[str, Any]:
    """The remaining 29 days, with a broken file among them: the second run."""
    put("raw/serf-east/power_5.csv", serf_east.power(serf_east.FIRST_ROWS, 10_000))
    put("raw/serf-east/power_broken.csv.gz", b"\x1f\x8b\x08\x00not gzip at all")
    put("raw/nowhere/power.csv", serf_east.power(0, 96))
    put("raw/serf-east/weather_5.csv", serf_east.weather(serf_east.FIRST_ROWS, 10_000))
    return ended(2)


def test_many_uploads_are_one_retrain_and_a_registered_version(first: dict[str, Any]) -> None:
    assert first["status"] == "registered"
    assert first["model_package_version"] == 1
    assert len(all_runs()) == 1
    assert first["cost_usd"] > 0


def test_the_ledger_balances_and_files_know_their_datasets(first: dict[str, Any]) -> None:
    balance = solar("files", "--check")
    assert balance["balanced"]
    assert (balance["accepted"], balance["superseded"]) == (10, 4)
    files = solar("files", "--state", "accepted")
    assert {first["dataset_id"]} == {each for file in files for each in file["dataset_ids"]}
    assert set(files[0]) >= {
        "site_id",
        "key",
        "version_id",
        "sha256",
        "state",
        "reason_code",
        "reason",
        "remedy",
        "rows",
        "rows_masked",
        "masks",
        "window_start",
        "window_end",
        "canonical_uri",
    }


def test_the_report_is_honest_about_time(first: dict[str, Any]) -> None:
    report = solar("report", "1", "--model", "serf")
    assert report["split"] == "time"
    assert report["train_window"]["end"] <= report["test_window"]["start"]
    assert report["challenger"]["all"]["r2"] >= report["accuracy_threshold"]
    assert report["challenger"]["daylight"]["r2"] < report["challenger"]["all"]["r2"]
    assert report["baselines"]["persistence_24h"]["n"] > 0
    assert report["champion"] is None


def test_the_html_report_stands_alone(first: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    solar("report", first["run_id"][:10], "--save", str(path))
    html = path.read_text()
    assert "<svg" in html
    assert 'src="http' not in html


def test_the_version_is_approved_by_policy_deployed_and_confirmed(deployed: dict[str, Any]) -> None:
    (version,) = solar("models")
    assert version["approval"] == "Approved"
    assert version["deployed"]
    assert "by policy" in version["approval_reason"]
    said = version["model_card"]["evaluation_details"][0]
    assert {group["name"] for group in said["metric_groups"]} >= {
        "all hours",
        "daylight",
        "R2 by site",
    }
    served = solar("served-at")["serf"]
    assert (served["version"], served["run_id"]) == (1, deployed["run_id"])
    before = solar("served-at", "2020-01-01T00:00")
    assert before["serf"] is None


def test_a_day_is_predicted_through_the_endpoint(deployed: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "weather_day.csv"
    file.write_bytes(serf_east.weather(9500, 9596))
    answer = solar("predict", "serf", "serf-east", str(file))
    assert answer["model"]["model_package_version"] == 1
    assert len(answer["predictions"]) == 96
    for row in answer["predictions"]:
        assert 0 <= row["p10"] <= row["power_ac"] <= row["p90"] <= 6.6
    assert max(row["power_ac"] for row in answer["predictions"]) > 1


def test_the_endpoint_says_which_version_answered(deployed: dict[str, Any]) -> None:
    body = {"site_id": "serf-east", "rows": [{"timestamp": "2016-07-10T19:00:00Z", "ghi": 900}]}
    answer = state.system.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="solar-serf", ContentType="application/json", Body=json.dumps(body)
    )
    assert "model_package_version=1" in answer["CustomAttributes"]
    assert deployed["run_id"] in answer["CustomAttributes"]


def test_the_endpoint_answers_the_reference_rows_as_the_evaluation_did(
    deployed: dict[str, Any],
) -> None:
    s3 = state.system.client("s3")
    key = layout.reference(deployed["run_id"])
    reference = json.loads(s3.get_object(Bucket=state.system.bucket, Key=key)["Body"].read())
    answer = state.system.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="solar-serf",
        ContentType="application/json",
        Body=json.dumps(reference["request"]),
    )
    said = [row["power_ac"] for row in json.loads(answer["Body"].read())["predictions"]]
    assert said == pytest.approx(reference["expected_kw"], abs=max(reference["tolerance_kw"]))
    assert len(set(reference["expected_kw"])) > 10
    assert max(reference["tolerance_kw"]) < 0.01


def test_the_user_pages_debugging_commands_work_as_written(
    deployed: dict[str, Any], system: LocalPlatform
) -> None:
    executions = system.client("sagemaker").list_pipeline_executions(
        PipelineName="solar-power-retraining-pipeline"
    )["PipelineExecutionSummaries"]
    assert executions[-1]["PipelineExecutionStatus"] == "Succeeded"
    steps = system.client("stepfunctions")
    (machine,) = steps.list_state_machines()["stateMachines"]
    assert machine["name"] == "solar-retrain"
    runs = steps.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert runs[-1]["status"] == "SUCCEEDED"
    groups = system.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/solar")[
        "logGroups"
    ]
    assert {group["logGroupName"] for group in groups} >= {
        f"/aws/lambda/solar-{name}"
        for name in ("data-watcher", "trainer-trigger", "deployer-endpoints", "notifier")
    }


def test_the_pipeline_has_the_user_pages_parameters_and_defaults(
    first: dict[str, Any], system: LocalPlatform
) -> None:
    described = system.client("sagemaker").describe_pipeline(
        PipelineName="solar-power-retraining-pipeline"
    )
    parameters = json.loads(described["PipelineDefinition"])["Parameters"]
    defaults = {each["Name"]: each.get("DefaultValue") for each in parameters}
    assert defaults["accuracy_threshold"] == 0.95
    assert defaults["instance_type"] == "ml.m5.large"
    assert defaults["model_type"] == "neural_network"


def test_bad_files_are_quarantined_with_reason_and_remedy(second: dict[str, Any]) -> None:
    bad = {file["key"]: file for file in solar("files", "--state", "quarantined")}
    assert bad["raw/nowhere/power.csv"]["reason_code"] == "unknown_site"
    broken = bad["raw/serf-east/power_broken.csv.gz"]
    assert broken["reason_code"] == "unreadable"
    assert broken["reason"]
    assert broken["remedy"]
    assert data.balance()["balanced"]


def test_the_challenger_meets_the_champion_on_rows_new_to_both(second: dict[str, Any]) -> None:
    report = solar("report", second["run_id"])
    assert report["champion_version"] == 1
    assert report["comparison"]["days"] >= 14
    assert report["comparison"]["ci_low"] <= report["comparison"]["delta_nmae"]
    assert report["test_window"]["start"] >= report["train_window"]["end"]


def test_promoted_or_kept_the_right_version_serves(second: dict[str, Any]) -> None:
    promoted = second["status"] == "registered" and all(
        each["approval"] == "Approved" for each in solar("models")
    )
    eventually(lambda: serves(2 if promoted else 1))


def test_what_came_in_after_a_deployment_was_predicted_by_it_kept_and_scored(
    second: dict[str, Any],
) -> None:
    def scored() -> dict[str, Any] | None:
        card = solar("scorecard", "serf", "--days", "120", "--by", "version")
        return next((line for line in card["lines"] if line["days"].get("scored")), None)

    line = eventually(scored)
    assert line["name"] == "1", "the version that served when the files came"
    assert line["r2"] > 0.8
    kept = solar("predictions", "serf-east", "--version", "1")
    assert {row["version"] for row in kept["rows"]} == {1}
    first = kept["rows"][0]
    at = solar("served-at", first["timestamp"], "--site", "serf-east")["serf"]["predicted"]
    assert at[-1]["power_ac"] == first["power_ac"]


def test_a_daily_look_leaves_how_the_model_does_live(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    now = datetime.now(UTC)
    due = SweepDue.of(subject=(now,), occurred_at=now, correlation_id="e2e", scope="daily")
    queues = system.client("sqs")
    inbox = queues.get_queue_url(QueueName=names.inbox(names.LIVE))["QueueUrl"]
    queues.send_message(QueueUrl=inbox, MessageBody=due.model_dump_json())
    eventually(lambda: live.how_they_do("serf")["serf"])
    (first, *_) = live.in_words("serf", live.how_they_do("serf")["serf"])
    assert first.startswith("serf live")


def test_people_heard_of_everything(second: dict[str, Any], system: LocalPlatform) -> None:
    def told() -> bool:
        texts = " ".join(f"{each.subject} {each.body}" for each in outbox.emails(system.home))
        return all(word in texts for word in ("power_broken.csv.gz", "nowhere", "version 2"))

    eventually(told)
    bodies = [each.body for each in outbox.emails(system.home)]
    assert len(bodies) == len(set(bodies)), "nobody is told the same twice"
    assert outbox.slack_messages(system.home)


def test_a_message_opens_the_report_and_holds_the_model_once(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    now = registry.served_versions(state.system)["serf"]
    said = f"version {now} serves"

    def mail() -> str | None:
        found = [each.body for each in outbox.emails(system.home) if said in each.subject]
        return found[-1] if found else None

    links = dict(re.findall(r"^([\w ]+): (http\S+)$", eventually(mail), re.MULTILINE))
    assert f"serf v{now}" in opened(links["Report"])

    for _ in range(2):  # a scanner of mails follows every link
        assert "Hold model serf?" in opened(links["Hold the model"])
    form = urllib.parse.urlencode({"name": "Ada", "reason": "new inverters"}).encode()
    assert "Ada asked for it" in opened(links["Hold the model"], form)
    eventually(lambda: registry.holds(state.system))
    hold = registry.holds(state.system)["serf"]
    assert (hold["by"], hold["reason"]) == ("Ada (by the link sent to email)", "new inverters")

    solar("release", "serf", "--reason", "they are in")
    eventually(lambda: not registry.holds(state.system))
    with pytest.raises(urllib.error.HTTPError, match="409"):
        opened(links["Hold the model"], form)
    assert not registry.holds(state.system), "a link acts once"


def opened(address: str, form: bytes | None = None) -> str:
    """Return the page that a browser shows, redirections followed."""
    with urllib.request.urlopen(address, form, timeout=30) as answer:
        return str(answer.read().decode())


def test_a_retrain_of_what_is_trained_is_answered_not_run(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    eventually(lambda: is_idle("trainer_trigger"))
    before = len(all_runs())
    steps = system.client("stepfunctions")
    (machine,) = steps.list_state_machines()["stateMachines"]
    started = steps.start_execution(
        stateMachineArn=machine["stateMachineArn"], input=json.dumps({"model_id": "nothing-here"})
    )

    def done() -> dict[str, Any] | None:
        found = steps.describe_execution(executionArn=started["executionArn"])
        return found if found["status"] != "RUNNING" else None

    found = eventually(done)
    assert found["status"] == "SUCCEEDED"
    assert "no model 'nothing-here'; known: serf" in json.loads(found["output"])["check"]["reason"]
    assert len(all_runs()) == before


def test_a_rollback_is_one_command_and_is_kept_in_the_log(second: dict[str, Any]) -> None:
    eventually(lambda: is_idle("deployer"))
    now = registry.served_versions(state.system)["serf"]
    if now == 1:
        pytest.skip("the champion was kept, so there is nothing to roll back to")
    solar("rollback", "serf", "--reason", "bias in the morning")
    eventually(lambda: serves(1))
    barred = next(each for each in solar("models") if each["version"] == now)
    assert barred["approval"] == "Rejected"
    assert "bias in the morning" in barred["approval_reason"]
    assert barred["held"]["reason"] == "bias in the morning"
    assert set(solar("status")["held"]) == {"serf"}
    solar("release", "serf", "--reason", "looked at it")
    eventually(lambda: solar("models")[0]["held"] is None)


def test_in_the_end_nothing_is_dead_and_no_alarm_stands(second: dict[str, Any]) -> None:
    health = solar("status")
    assert health["healthy"], health
    assert health["endpoints"] == [{"name": "solar-serf", "status": "InService"}]


def test_why_always_has_an_answer(second: dict[str, Any]) -> None:
    decisions = solar("why", "serf")
    assert decisions[0]["reasons"]
    assert {rule["rule"] for rule in decisions[0]["verdicts"]} >= {"quiet_period", "in_flight"}
    assert datetime.fromisoformat(decisions[0]["at"]) <= datetime.now(UTC)


def test_a_file_is_followed_to_its_versions_and_a_version_to_its_files(
    second: dict[str, Any],
) -> None:
    (file,) = [each for each in solar("lineage", "weather_1.csv") if each["state"] == "accepted"]
    assert [run["model_package_version"] for run in file["runs"]] == [1, 2]
    assert file["runs"][0]["served"]
    keys = {each["key"] for each in solar("lineage", "1", "--model", "serf")}
    assert "raw/serf-east/weather_1.csv" in keys
    assert "raw/serf-east/weather_5.csv" not in keys, "it came after version 1"
    assert len(solar("datasets")) == 2


def test_another_policy_is_replayed_over_what_was_recorded(
    second: dict[str, Any], tmp_path: Path
) -> None:
    policy = tmp_path / "paused.yaml"
    policy.write_text("model_id: serf\npolicy: {paused: true}\n")
    answer = solar("replay", "serf", "--policy", str(policy), "--from", "2020-01-01")
    assert (answer["runs"], answer["recorded_runs"]) == ([], 2)
    policy.write_text("model_id: serf\npolicy: {quiet_period: 1 s, cool_down: 0 s}\n")
    again = solar("replay", "serf", "--policy", str(policy), "--from", "2020-01-01")
    assert again["runs"]
    assert again["cost_usd"] > 0


def test_an_exclusion_retrains_without_the_range_and_is_told(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    before = len(all_runs())
    solar("exclude", "serf-east", "2016-07-10", "2016-07-14", "--reason", "logger clock was wrong")
    run = ended(before + 1)
    assert any("exclusions changed" in reason for reason in run["reasons"])
    report = solar("report", run["run_id"])
    assert report["masks"].get("excluded", 0) > 0
    assert "2016-07-10" in json.dumps(solar("exclusions", "serf-east"))


def test_a_sequence_that_a_person_stops_ends_its_run_long_before_the_next_sweep(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    before = len(all_runs())
    solar("retrain", "serf", "--force", "--reason", "a drill")
    run = eventually(lambda: next(iter(all_runs()[before:]), None))
    sagemaker, steps = system.client("sagemaker"), system.client("stepfunctions")

    def of_this_run() -> dict[str, Any] | None:
        found = sagemaker.list_pipeline_executions(PipelineName="solar-power-retraining-pipeline")
        named = "PipelineExecutionDisplayName"
        each = found["PipelineExecutionSummaries"]
        return next((one for one in each if one.get(named) == run["run_id"]), None)

    eventually(of_this_run)
    (machine,) = steps.list_state_machines()["stateMachines"]
    (flying,) = steps.list_executions(
        stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    steps.stop_execution(executionArn=flying["executionArn"], error="Drill", cause="a person")

    def over() -> dict[str, Any] | None:
        now = all_runs()[before]
        return now if now["status"] != "running" else None

    stopped = eventually(over, seconds=30)
    assert stopped["run_id"] == run["run_id"]
    assert "ABORTED" in stopped["failure"]
    assert of_this_run()["PipelineExecutionStatus"] in {"Stopping", "Stopped"}


def published(platform: LocalPlatform) -> set[tuple[str, str, frozenset[str]]]:
    """Return every metric that was published, with the names of its dimensions."""
    pages = platform.client("cloudwatch").get_paginator("list_metrics").paginate()
    return {
        (each["Namespace"], each["MetricName"], frozenset(d["Name"] for d in each["Dimensions"]))
        for page in pages
        for each in page["Metrics"]
    }


def test_what_graphs_and_alarms_wait_for_was_published_on_the_way(
    second: dict[str, Any], system: LocalPlatform
) -> None:
    ours = {
        (metrics.OURS, name, dimensions)
        for name, sets in metrics.IN_THE_STORY.items()
        for dimensions in sets
    }
    # The figures leave with the function's log, a moment after what it did.
    deadline = time.monotonic() + 10
    while (found := published(system)) and ours - found and time.monotonic() < deadline:
        time.sleep(0.3)
    assert ours - found == set(), "the story never published it"
    of_aws = {
        (namespace, name, dimensions)
        for (namespace, name), (dimensions, _) in metrics.AWS.items()
        if any((namespace, name) == each[:2] for each in found)
    }
    assert of_aws <= found, "the local platform publishes AWS's metrics as AWS does"


def test_the_dashboard_shows_what_happened(second: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "dashboard.html"
    shown = {each["title"]: each for each in solar("dashboard", "--save", str(page))}
    assert not [each["faults"] for each in shown.values() if each["faults"]]

    def labels(title: str) -> list[str]:
        (found,) = [each for name, each in shown.items() if name.startswith(title)]
        return [each["label"] for each in found["series"] if each["points"]]

    assert labels("Inference latency") == ["p50 solar-serf main", "p99 solar-serf main"]
    assert labels("Live accuracy") == ["serf"]
    assert {each.partition(" ")[0] for each in labels("Challenger against champion")} == {
        "challenger",
        "champion",
    }
    assert set(labels("Files by the state")) >= {"FilesAccepted", "FilesQuarantined"}
    assert labels("Cost of retrains") == ["serf trainer_trigger"]
    assert "succeeded" in labels("Pipeline executions")
    assert {each["state"] for each in shown["Alarms"]["alarms"]} <= {"OK", "INSUFFICIENT_DATA"}
    assert "<polyline" in page.read_text()


def test_a_file_is_followed_through_all_services_into_the_endpoint(second: dict[str, Any]) -> None:
    said = solar("trace", "raw/serf-east/weather_1.csv")
    ways = [(each["service"], each["message"]) for each in said["lines"]]
    expected = [
        ("data_watcher", "received object created"),
        ("data_watcher", "published data_accepted"),
        ("trainer_trigger", "received data_accepted"),
        ("trainer_trigger", "published retrain_started"),
        ("trainer_trigger", "started preprocess"),
        ("trainer_trigger", "done train"),
        ("trainer_trigger", "done evaluate"),
        ("trainer_trigger", "done collect of the retrain sequence"),
        ("notifier", "received challenger_registered"),
        ("deployer", "published deployment_started"),
        ("deployer", "published model_deployed"),
        ("notifier", "received model_deployed"),
    ]
    places = [ways.index(each) for each in expected]
    assert places == sorted(places), "in the order of time"
    assert ("deployer", "received data_accepted") in ways
    assert [each for each in said["lines"] if each["level"] == "ERROR"] == []


def test_a_run_and_its_version_have_the_same_way(second: dict[str, Any]) -> None:
    by_run = solar("trace", second["run_id"])
    by_version = solar("trace", str(second["model_package_version"]), "--model", "serf")
    assert by_run["correlation_ids"] == by_version["correlation_ids"]
    assert {each["service"] for each in by_run["lines"]} >= {
        "trainer_trigger",
        "deployer",
        "notifier",
    }


def test_a_refused_file_says_where_its_way_ended(second: dict[str, Any]) -> None:
    said = solar("trace", "power_broken.csv.gz")
    assert said["note"] == "No run has trained on it."
    (refused,) = [each for each in said["lines"] if each["message"] == "published file_quarantined"]
    assert refused["fields"]["reason_code"] == "unreadable"


def test_a_site_says_what_was_in_force_and_which_of_its_time_does_not_count(
    second: dict[str, Any],
) -> None:
    newest = solar("sites", "history", "serf-east")[0]
    assert (newest["until"], newest["uploaded_at"] is None) == (None, False)
    assert "ac_capacity_kw" in newest["text"]
    found = solar("sites", "left-out", "serf-east")
    assert found["run_id"] is not None
    assert {each["kind"] for each in found["left_out"]} >= {"refused"}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["retrain", "nope"], "no model 'nope'"),
        (["report", "zzz"], "no run or version 'zzz'"),
        (["sites", "show", "nope"], "no configuration in force"),
        (["predict", "serf", "serf-east", "/nowhere.csv"], "no such file"),
        (["upload", "serf-east", "/nowhere.csv"], "no such file"),
        (["approve", "99", "serf"], "no version 99"),
        (["trace", "nothing.csv"], "no uploaded file ends in"),
        (["trace", "zzz"], "no run or version 'zzz'"),
    ],
)
def test_a_mistake_is_answered_in_words(second: dict[str, Any], call: list[str], said: str) -> None:
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    assert said in str(result.exception)


def sweep() -> None:
    """Let the deployer look at all models, as every quarter of an hour."""
    now = datetime.now(UTC)
    due = SweepDue.of(subject=(now,), occurred_at=now, correlation_id="e2e", scope="quick")
    state.system.send("deployer", due.model_dump_json())
    time.sleep(3)


@pytest.mark.parametrize("mode", ["none", "serverless"])
def test_a_model_is_served_in_another_way_as_its_yaml_says(
    second: dict[str, Any], tmp_path: Path, mode: str
) -> None:
    """Without instances the same version answers people, and predicts what comes in."""
    eventually(lambda: is_idle("deployer"))
    before = registry.serving(state.system, "serf")
    yaml = serf_east.MODEL_YAML.replace(b"mode: realtime", f"mode: {mode}".encode())
    put("config/models/serf.yaml", yaml)
    active = layout.active_model("serf")

    def in_force() -> bool:
        body = state.system.client("s3").get_object(Bucket=state.system.bucket, Key=active)["Body"]
        return bool(json.loads(body.read())["endpoint"]["mode"] == mode)

    eventually(in_force)

    def is_served_so() -> bool:
        sweep()
        try:
            found = state.system.client("sagemaker").describe_endpoint(EndpointName="solar-serf")
        except ClientError:
            return mode == "none"
        scaled = found.get("ProductionVariants", [{}])[0].get("CurrentServerlessConfig")
        return found["EndpointStatus"] == "InService" and bool(scaled) and mode == "serverless"

    eventually(is_served_so)
    assert registry.serving(state.system, "serf") == before
    rows = [
        {"timestamp": f"2016-07-01T{hour:02}:00Z", "ghi": 800.0, "temp_air": 25.0}
        for hour in range(15, 23)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    answer = solar("predict", "serf", "serf-east", str(tmp_path / "rows.json"))
    assert answer["model"]["model_package_version"] == before
    assert len(answer["predictions"]) == len(rows)

    day = {"none": "2017-01-10", "serverless": "2017-01-11"}[mode]
    lines = [
        f"{day} {hour:02}:{quarter:02}:00,{winter_sun(hour + quarter / 60):.0f},5"
        for hour in range(24)
        for quarter in (0, 15, 30, 45)
    ]
    put(
        f"raw/serf-east/weather_{mode}.csv",
        "\n".join(["measured_on,ghi,temp_air", *lines]).encode(),
    )

    def predicted() -> bool:
        found = solar(
            "predictions", "serf-east", "--from", f"{day}T12:00Z", "--to", f"{day}T23:00Z"
        )
        return bool(found["predictions"]) and found["predictions"][0]["version"] == before

    eventually(predicted)


def test_the_log_of_a_runs_stage_is_read_under_the_operators_rights(second: dict[str, Any]) -> None:
    said = solar("logs", second["run_id"], "--stage", "train")
    assert said["group"] == "/aws/sagemaker/TrainingJobs"
    assert said["lines"][0]["text"] == "started train"
    made = solar("lineage", second["run_id"])
    assert made["image_uri"].partition("@")[2].startswith("sha256:")
    assert len(made["files"]) == made["dataset"]["files"] > 0


SEEN = [
    ("status",),
    ("models",),
    ("runs",),
    ("files", "--check"),
    ("files", "--state", "quarantined"),
    ("sites", "list"),
    ("sites", "history", "serf-east"),
    ("sites", "left-out", "serf-east"),
    ("why", "serf"),
    ("scorecard", "serf"),
    ("predictions", "serf-east"),
    ("lineage", "1"),
    ("logs", "1", "--model", "serf"),
    ("datasets",),
    ("notices",),
    ("costs",),
    ("trace", "1", "--model", "serf"),
    ("dashboard",),
]


@pytest.fixture
def viewer(second: dict[str, Any], system: LocalPlatform) -> Iterator[None]:
    operator = state.system
    act_as(system, "viewer", f"{names.prefix()}-viewer-{system.info.region}")
    yield
    state.use(operator)


def test_a_viewer_sees_everything_and_changes_nothing(viewer: None) -> None:
    for verb in SEEN:
        solar(*verb)
    for change in (("hold", "serf", "--reason", "x"), ("retrain", "serf"), ("sweep",)):
        refused = CliRunner().invoke(app, change)
        assert "is not authorized to perform: sqs:SendMessage" in str(refused.exception), change
    with pytest.raises(ClientError, match="is not authorized to perform: s3:PutObject"):
        put("raw/serf-east/power_9.csv", b"x")
