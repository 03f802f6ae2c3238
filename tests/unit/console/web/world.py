"""A system of two sites whose services answer as the real ones do, and a browser without a network."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from starlette.applications import Starlette

from console.web.guard import Guard
from console.web.server import application
from tests.unit.console.queues import POISON, Queues, Schedules, letter, move
from tests.unit.console.systems import FakeSystem

PORT = 8484
HOST = f"127.0.0.1:{PORT}"
RUN = "76a53f99f740f044411e4e306a87a558-1"
NASTY = "raw/east/<img src=x onerror=alert(1)>\u202egpj.csv"


def file(key: str, state: str, **more: Any) -> dict[str, Any]:
    """Return a file of the ledger as the query has it."""
    return {
        "site_id": key.split("/")[1],
        "key": key,
        "version_id": "v1",
        "uploaded_at": "2026-06-01T00:00:00+00:00",
        "size": 42,
        "sha256": None,
        "state": state,
        "reason_code": None,
        "reason": None,
        "remedy": None,
        "released": None,
        "dismissed": None,
        "removed_by": None,
        "suspect": None,
        "rows": None,
        "rows_masked": None,
        "masks": {},
        "note": None,
        "provider": None,
        "issues": None,
        "window_start": None,
        "window_end": None,
        "canonical_uri": None,
        "overlap": None,
        **more,
    }


REFUSED = file(
    "raw/east/bad.csv",
    "quarantined",
    reason_code="missing_column",
    reason="the site's YAML expects 'power'; the file has '<b>oops</b>'",
    remedy="name the column",
)
FILES = [
    REFUSED,
    file("raw/east/good.csv", "accepted", rows=96, sha256="s"),
    file(NASTY, "accepted", rows=1, note="<script>alert(2)</script>"),
]


def site(name: str, **more: Any) -> dict[str, Any]:
    """Return a configuration as the query has it."""
    return {
        "kind": "site",
        "name": name,
        "model_id": "golden",
        "key": f"config/sites/{name}.yaml",
        "version_id": "v1",
        "state": "accepted",
        "line": None,
        "reason": None,
        "uploaded_at": "2026-06-01T00:00:00+00:00",
        "config_version": "0123456789ab",
        "config": {"name": name, "ac_capacity_kw": 5.0, "timezone": "Europe/Berlin"},
        "last_upload_at": "2026-06-01T00:00:00+00:00",
        "silent_since": None,
        "suspects": [],
        **more,
    }


LINE = {
    "name": "2026-06-01",
    "inputs": "measured",
    "n": 96,
    "r2": 0.9,
    "nmae": 0.04,
    "nrmse": 0.06,
    "mbe": 0.01,
    "energy_bias": -0.05,
    "coverage_p10_p90": 0.8,
    "skill": 0.4,
    "predicted_kwh": 95.0,
    "measured_kwh": 100.0,
    "sites": 1,
    "days": {"scored": 1},
    "masked": {"curtailed": 8},
    "versions": [3],
    "unadjusted": None,
}
JOBS = "arn:aws:sagemaker:eu-west-1:1"
STAGES: dict[str, Any] = {
    "stages": [
        {
            "name": "Preprocess",
            "status": "Succeeded",
            "started_at": "2026-11-24T07:19:00+00:00",
            "ended_at": "2026-11-24T07:19:30+00:00",
            "failure_reason": None,
            "job_arn": f"{JOBS}:processing-job/pipelines-abc-preprocess-1",
        },
        {
            "name": "Train",
            "status": "Executing",
            "started_at": "2026-11-24T07:19:30+00:00",
            "ended_at": None,
            "failure_reason": None,
            "job_arn": f"{JOBS}:training-job/pipelines-abc-train-2",
        },
    ],
    "expected": {"seconds": 100.0, "stages": {"Train": 60.0, "Evaluate": 30.0}},
    "now": "2026-11-24T07:20:12+00:00",
}
A_RUN = {
    "run_id": RUN,
    "model_id": "golden",
    "dataset_id": "d",
    "files": 3,
    "status": "running",
    "started_at": "2026-06-01T00:00:00+00:00",
    "ended_at": None,
    "reasons": ["14 new days of data"],
    "evaluation_uri": None,
    "model_package_version": None,
    "cost_usd": None,
    "failure": None,
    "model_type": "auto",
    "accuracy_threshold": 0.9,
}
A_PROGRESS = {
    **A_RUN,
    **STAGES,
    "recipe": {
        "recipe_id": "r",
        "config_id": "c",
        "exclusions_id": "",
        "image_uri": "registry/image@sha256:abc",
        "instance_type": "ml.m5.large",
        "preprocess_instances": 1,
        "capacity": "on_demand",
        "attempt": 2,
        "champion_version": 3,
        "approval": "auto",
    },
}
DECISION = {
    "at": "2026-06-01T00:00:00+00:00",
    "outcome": "wait",
    "reasons": ["6 more days are needed"],
    "until": None,
    "verdicts": [
        {
            "rule": "quiet_period",
            "effect": "wait",
            "reason": "files still come",
            "numbers": {"n": 3},
        }
    ],
}
POLICY = {"quiet_period": "1 h", "maximum_wait": "1 d", "minimum_new_days": 14.0}
DEPLOYED = {
    "at": "2026-06-01T00:00:00+00:00",
    "event": "deployed",
    "version": 3,
    "previous": 2,
    "endpoint_name": "solar-golden",
    "run_id": None,
    "dataset_id": None,
    "reason": None,
}
EMAIL = {
    "name": "email",
    "subscriptions": {"confirmed": 1, "pending": 0, "deleted": 0},
    "is_well": True,
}
CHAT = {"name": "chat", "subscriptions": None, "is_well": True}
NOTICE = {
    "id": "n",
    "kind": "model_deployed",
    "severity": "info",
    "subject": "Model golden version 3 serves",
    "text": "It takes all requests.",
    "state": "sent",
    "created_at": "2026-06-01T00:00:00+00:00",
    "recipients": {
        "email": {
            "sent_at": "2026-06-01T00:00:01+00:00",
            "next_try_at": None,
            "gave_up_at": None,
            "why": "",
        },
        "slack": {
            "sent_at": None,
            "next_try_at": None,
            "gave_up_at": "2026-06-03T00:00:01+00:00",
            "why": "Slack fails with 503",
        },
    },
}


@dataclass
class SageMaker:
    """Versions 1 to 3; version 4 waits for approval."""

    decided: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, _: str) -> SageMaker:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        if "NameContains" in asked:
            return [
                {"Endpoints": [{"EndpointName": "solar-golden", "EndpointStatus": "InService"}]}
            ]
        return [{"ModelPackageSummaryList": [{"ModelPackageArn": str(n)} for n in (4, 3, 2, 1)]}]

    def list_model_packages(self, **_: Any) -> dict[str, Any]:
        return {"ModelPackageSummaryList": [{"ModelPackageVersion": 4}]}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        number = int(ModelPackageName)
        mine = [each for each in self.decided if each["ModelPackageArn"] == ModelPackageName]
        return {
            "ModelPackageArn": ModelPackageName,
            "ModelPackageVersion": number,
            "ModelApprovalStatus": "Approved" if number < 4 else "PendingManualApproval",
            "CustomerMetadataProperties": {"run_id": "gone"} if number == 4 else {},
            **(mine[-1] if mine else {}),
        }

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        return {"EndpointStatus": "InService", "EndpointConfigName": f"{EndpointName}-v3-1234abcd"}

    def update_model_package(self, **what: Any) -> None:
        self.decided.append(what)


@dataclass(frozen=True)
class Kept:
    """A version of an object, and what it says of itself."""

    body: bytes
    since: datetime
    said: dict[str, str] = field(default_factory=dict)


@dataclass
class S3:
    """A bucket; writing is guarded as S3 guards it."""

    kept: dict[str, bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def get_object(self, Bucket: str, Key: str, **which: Any) -> dict[str, Any]:  # noqa: N803
        if (Key, which.get("VersionId")) in self.versions:
            found = self.versions[Key, which["VersionId"]]
            return {
                "Body": io.BytesIO(found.body),
                "Metadata": found.said,
                "LastModified": found.since,
            }
        if Key not in self.kept:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.kept[Key]), "ETag": "e"}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.kept[Key] = Body

    def get_paginator(self, name: str) -> Pages:
        return Pages(self, name)


@dataclass(frozen=True)
class Pages:
    """Listings of a bucket."""

    bucket: S3
    name: str

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        """Return keys, or versions: the newest first, as S3 does; of one key in two pages."""
        if self.name == "list_objects_v2":
            found = sorted(each for each in self.bucket.kept if each.startswith(Prefix))
            return [{"Contents": [{"Key": each} for each in found]}, {}]
        versions = [
            {"Key": key, "VersionId": version, "LastModified": each.since}
            for (key, version), each in reversed(self.bucket.versions.items())
            if key.startswith(Prefix)
        ]
        return [{"Versions": versions[:1]}, {"Versions": versions[1:]}, {}]


@dataclass
class Logs:
    """The log of Train; nothing of other stages."""

    text: str = "\x1b[31mepoch 1\x1b[0m <script>alert(3)</script>\u202e"
    refuses: str = ""

    def get_paginator(self, _: str) -> Logs:
        return self

    def paginate(self, logGroupName: str, **_: str) -> list[dict[str, Any]]:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "DescribeLogStreams")
        of_train = [{"logStreamName": "pipelines-abc-Train-2/algo-1-1", "creationTime": 1}]
        return [{"logStreams": of_train if logGroupName.endswith("TrainingJobs") else []}]

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        events = [] if "nextToken" in asked else [{"timestamp": 1_000, "message": self.text}]
        return {"events": events, "nextForwardToken": "f", "nextBackwardToken": "b"}


class World(FakeSystem):
    """What services answer, by service and query; a function answers by what is asked."""

    def ask(self, service: str, query: str, **parameters: Any) -> dict[str, Any]:
        found = self.answers[service, query]
        if isinstance(found, Exception):
            raise found
        return dict(found(parameters) if callable(found) else found)


@dataclass
class Answer:
    """What a browser gets."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Browser:
    """Asks the application, without a network."""

    app: Starlette
    guard: Guard
    world: World

    def get(self, path: str, **headers: str) -> Answer:
        return asyncio.run(self._call("GET", path, b"", headers))

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        given = {"origin": f"http://{HOST}", **headers}
        return asyncio.run(self._call("POST", path, urlencode(form).encode(), given))

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        target, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []
        given = {"host": HOST, **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", PORT),
            "scheme": "http",
            "root_path": "",
        }

        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()  # the browser stays
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, *rest = sent
        text = b"".join(each.get("body", b"") for each in rest).decode()
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], answered, text)


A_SCHEDULE = {
    "ScheduleExpression": "cron(20 6 * * ? *)",
    "Description": "Compares <b>scores</b>.",
    "State": "ENABLED",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:sqs:eu-west-1:1:solar-deployer-live-inbox"},
    "CreationDate": datetime(2026, 6, 1, tzinfo=UTC),
}
LETTERS, LEAVING = "solar-deployer-dead-letters", "solar-data-watcher-dead-letters"


def a_queue() -> Queues:
    """Return queues of which deployer's dead letters wait and data_watcher's are being sent back."""
    return Queues({LETTERS: [letter(POISON)]}, {LEAVING: move("RUNNING", 2, 5)})


def a_world() -> World:
    """Return a system in which a file is refused and a version waits for approval."""
    world = World("local", fake_session(), None)
    for name, value in (("answers", {}), ("clients", {}), ("sent", [])):
        object.__setattr__(world, name, value)  # the class is frozen
    world.clients.update(sagemaker=SageMaker(), s3=S3(), cloudwatch=Alarms(), sqs=a_queue())
    world.clients["scheduler"] = Schedules({"solar-deployer-daily-watch": A_SCHEDULE})
    world.clients["logs"] = Logs()
    world.clients["lambda"], world.clients["sts"] = Functions(), Root()
    card = {
        "lines": [LINE],
        "total": [LINE],
        "left_out": 0,
        "first": "2026-06-01",
        "last": "2026-06-01",
    }
    world.answers.update(
        {
            ("data_watcher", "sites"): _sites,
            ("data_watcher", "files"): _files,
            ("data_watcher", "counts"): _counts,
            ("data_watcher", "open"): {"open": {"east": 1}},
            ("data_watcher", "balance"): {"listed": 3, "balanced": True, "by_site": {}},
            ("trainer_trigger", "models"): lambda asked: {
                "models": [{"model_id": "golden", "config": {"policy": _policy()}}],
                "next": None,
            },
            ("trainer_trigger", "runs"): {"runs": [A_RUN], "next": None},
            ("trainer_trigger", "progress"): {"progress": A_PROGRESS},
            ("trainer_trigger", "decisions"): {
                "decisions": {"golden": [DECISION]},
                "waiting": {"golden": {"files": 2, "rows": 9, "looked_at_by": None}},
            },
            ("trainer_trigger", "replay"): {
                "runs": [{"at": "2026-06-01T00:00:00+00:00", "files": 3, "reasons": ["14 days"]}],
                "recorded_runs": 5,
                "cost_usd": 0.5,
            },
            ("deployer", "live"): {"live": {"golden": None}},
            ("deployer", "holds"): {"holds": {}},
            ("deployer", "served"): {"served": {"golden": DEPLOYED}},
            ("deployer", "scorecard"): lambda asked: {**card, **_by(asked)},
            ("deployer", "degradations"): {
                "first": "2026-06-01",
                "last": "2026-06-01",
                "degradations": [],
            },
            ("deployer", "deployments"): {"deployments": {"golden": [DEPLOYED]}},
            ("deployer", "predictions"): {"predictions": [], "waiting": []},
            ("deployer", "forecasts"): {"sites": []},
            ("deployer", "compare"): {"versions": {"1": None, "2": None}},
            ("notifier", "notices"): {"notices": [NOTICE], "next": "more"},
            ("notifier", "readers"): {"readers": [EMAIL, CHAT]},
        }
    )
    return world


def _by(asked: dict[str, Any]) -> dict[str, Any]:
    by = asked.get("by") or "site"
    return {"by": by, **({"zones": ["Europe/Berlin"]} if by == "hour" else {})}


def fake_session() -> Any:
    from shared.aws import session_of  # noqa: PLC0415

    return session_of("eu-west-1")


def _policy() -> dict[str, Any]:
    from shared.model_config import RetrainPolicy  # noqa: PLC0415

    return RetrainPolicy().model_dump(mode="json")


def _sites(asked: dict[str, Any]) -> dict[str, Any]:
    known = [site("east"), site("west", silent_since="2026-06-01T00:00:00+00:00")]
    wanted = asked.get("site_id")
    return {"sites": [each for each in known if wanted in {None, each["name"]}]}


def _files(asked: dict[str, Any]) -> dict[str, Any]:
    kept = [
        each
        for each in FILES
        if asked.get("site_id") in {None, each["site_id"]}
        and asked.get("state") in {None, each["state"]}
        and (asked.get("contains") or "") in each["key"]
    ]
    return {"files": kept, "next": None}


def _counts(asked: dict[str, Any]) -> dict[str, Any]:
    known = {"east": {"accepted": 2, "quarantined": 1, "open": 1}, "west": {}}
    return {"counts": {each: known.get(each, {}) for each in asked["site_ids"]}}


class Root:
    """The caller is the root of the account."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::000000000000:root", "Account": "000000000000"}


@dataclass
class Alarms:
    """Alarms that ring; none by default."""

    alarms: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, _: str) -> Alarms:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"MetricAlarms": self.alarms}]

    def get_metric_data(self, **_: Any) -> dict[str, Any]:
        return {"MetricDataResults": []}


class Functions:
    class exceptions:  # noqa: N801
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def get_function_configuration(self, FunctionName: str) -> dict[str, str]:  # noqa: N803
        return {"State": "Active"}


def browser_of(world: World, *, read_only: bool = False) -> Browser:
    """Return a browser of a system's pages."""
    guard = Guard(PORT, read_only=read_only, token="token")
    return Browser(application(world, guard, "ann"), guard, world)


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def browser(world: World) -> Browser:
    return browser_of(world)


Making = Callable[[], World]


def sent(world: World) -> dict[str, Any]:
    """Return the only command that was sent, and to whom."""
    ((service, body),) = world.sent
    return {"service": service, **json.loads(body)}
