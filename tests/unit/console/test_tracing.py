"""`solar trace` follows a file, a run or a version through the logs of all services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.client import trails
from shared import layout
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_history import FakeS3, described, uploaded
from tests.unit.console.test_models import run

__all__ = ["system"]  # the fixture

GROUPS = [
    "/aws/lambda/solar-data-watcher",
    "/aws/lambda/solar-trainer-trigger",
    "/aws/sagemaker/TrainingJobs",
    "/aws/lambda/shop",
    "/aws/sagemaker/TrainingJobs-of-others",
]


def line(at: str, service: str, message: str, correlation_id: str, **fields: Any) -> dict[str, Any]:
    content = {
        "level": "INFO",
        "message": message,
        "timestamp": f"2026-05-04 {at}+0000",
        "service": service,
        "correlation_id": correlation_id,
        **fields,
    }
    group = f"000000000000:/aws/lambda/solar-{service.replace('_', '-')}"
    return {"@timestamp": f"2026-05-04 {at}", "@message": json.dumps(content), "@log": group}


@dataclass
class FakeLogs:
    """CloudWatch Logs, whose answers take two looks."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    ends: str = "Complete"
    queries: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0

    def get_paginator(self, _: str) -> FakeLogs:
        return self

    def paginate(self, *, logGroupNamePrefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's name
        fitting = [each for each in GROUPS if each.startswith(logGroupNamePrefix)]
        yield {"logGroups": [{"logGroupName": each} for each in fitting]}

    def start_query(self, **query: Any) -> dict[str, str]:
        self.queries.append(query)
        return {"queryId": "q"}

    def get_query_results(self, **_: Any) -> dict[str, Any]:
        self.looks += 1
        if self.looks == 1:
            return {"status": "Running", "results": []}
        rows = [[{"field": k, "value": v} for k, v in row.items()] for row in self.rows]
        return {"status": self.ends, "results": rows}


def a_run() -> dict[str, Any]:
    return run("r" * 16 + "-1", version=3) | {"dataset_id": "first"}


@pytest.fixture
def logs(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    monkeypatch.setattr(trails, "_POLL", 0.0)
    made = FakeLogs()
    system.clients["logs"] = made
    system.clients["s3"] = FakeS3({layout.dataset("golden", "first"): described("a")})
    file = uploaded("power.csv", "a") | {"uploaded_at": "2026-05-04T09:00:00Z"}
    system.answers["data_watcher", "files"] = {"files": [file]}
    system.answers["trainer_trigger", "runs"] = {"runs": [a_run()]}
    return made


def test_a_file_is_followed_into_the_run_that_first_trained_on_it(logs: FakeLogs) -> None:
    logs.rows = [
        line("09:00:02,500", "trainer_trigger", "received data_accepted", "raw/east/power.csv"),
        line("09:00:01,000", "data_watcher", "received object created", "raw/east/power.csv"),
        line("09:01:00,000", "trainer_trigger", "done train", "r" * 16 + "-1", seconds=4.5),
    ]
    answer = solar("trace", "power.csv", "--json")
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.stdout)
    assert said["correlation_ids"] == ["raw/east/power.csv", "a", "r" * 16 + "-1", "golden/3"]
    assert [each["message"] for each in said["lines"]] == [
        "received object created",
        "received data_accepted",
        "done train",
    ], "by the time at which they were written"
    assert "First trained on in run" in said["note"]


def test_the_query_asks_all_our_functions_and_the_jobs_and_only_for_these_ids(
    logs: FakeLogs,
) -> None:
    solar("trace", "3", "--model", "golden", "--json")
    (query,) = logs.queries
    assert query["logGroupNames"] == GROUPS[:3]
    run_id = "r" * 16 + "-1"
    assert f'filter correlation_id in ["golden/3", "{run_id}"]' in query["queryString"]


def test_a_key_with_quotes_cannot_change_the_query(logs: FakeLogs) -> None:
    solar("trace", 'config/"] or level in ["ERROR', "--json")
    (query,) = logs.queries
    assert r'in ["config/\"] or level in [\"ERROR"]' in query["queryString"]


def test_what_went_wrong_is_said_with_its_error(logs: FakeLogs) -> None:
    failed = line("09:00:01,000", "deployer", "record failed", "golden/3", level="ERROR")
    content = json.loads(failed["@message"]) | {
        "level": "ERROR",
        "exception": "Traceback …\nKeyError: 'rows'",
    }
    logs.rows = [failed | {"@message": json.dumps(content)}]
    answer = solar("trace", "3", "--model", "golden")
    assert "ERROR record failed: KeyError: 'rows'" in answer.output


def test_nothing_in_the_logs_is_said_with_the_reasons(logs: FakeLogs) -> None:
    answer = solar("trace", "3", "--model", "golden")
    assert answer.exit_code == 0
    assert "logs are kept for as long as the deployment says" in answer.output


@pytest.mark.parametrize(
    ("ends", "what", "said"),
    [
        ("Timeout", "3", "could not answer (timeout)"),
        ("Complete", "nothing.csv", "no uploaded file ends in 'nothing.csv'"),
        ("Complete", "99", "no run or version '99'"),
    ],
)
def test_what_cannot_be_followed_is_said_in_words(
    logs: FakeLogs, ends: str, what: str, said: str
) -> None:
    logs.ends = ends
    answer = solar("trace", what)
    assert answer.exit_code == 1
    assert said in str(answer.exception)


def test_an_end_that_fits_several_files_is_refused(system: FakeSystem, logs: FakeLogs) -> None:
    files = [
        uploaded(name, "a") | {"uploaded_at": "2026-05-04T09:00:00Z"}
        for name in ("1.csv", "21.csv")
    ]
    system.answers["data_watcher", "files"] = {"files": files}
    answer = solar("trace", "1.csv")
    assert "2 files end in '1.csv': raw/east/1.csv, raw/east/21.csv" in str(answer.exception)
    assert solar("trace", "21.csv").exit_code == 0
