"""Sabotaged model packages, deployed by the real deployer on the local platform while a client asks.

The program of the endpoint is the real one; so are registry, alarms, canary and deployer. `make sabotage`
deploys every kind as first version and as successor, with and without a client, and prints what came of it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from botocore.exceptions import ClientError

from infra.deploy import build
from services.deployer.composition import deployer
from services.deployer.domain.deployment import Action
from services.deployer.settings import DeployerSettings
from services.trainer_trigger.pipeline.judging import reference
from services.trainer_trigger.pipeline.models import graphs
from services.trainer_trigger.pipeline.models.ridge import Ridge
from shared import layout, names
from shared.active import ActiveModel
from shared.ids import sha256_hex
from shared.messages import RollbackRequested
from shared.model_config import EndpointConfig, ModelConfig
from shared.solar.artifact import CARD, GRAPH, Artifact
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows, together
from tests.integration import fake_image
from tests.integration.conftest import LocalPlatform, running
from tests.unit.pipeline.models_by_hand import model
from tests.unit.solar import plant_data

BUCKET = "sabotage"
ROLE = "arn:aws:iam::000000000000:role/solar-sagemaker"
BETWEEN_CHECKS = 0.2  # [s]; 15 in production, where everything else is slower as well
OTHER_SITE = plant_data.PLANT.model_copy(update={"site_id": "orchard"})

# What a program does that is not the one that was tested: it replaces `predict` of the real one.
PROGRAMS = {
    "slow": "time.sleep(2)",
    "nan_for_one_site": "found.power_ac[[rows.sites[each] == 'orchard' for each in rows.site]] = np.nan",
    "nan_for_one_row": "found.power_ac[:] = np.nan if len(rows) == 1 else found.power_ac",
}
_ENTRYPOINT = """
import time
import numpy as np
from shared.solar.predictor import Predictor
tested = Predictor.predict
def altered(self, rows, alone=None):
    found = tested(self, rows, alone)
    if self.ready:
        {does}
    return found
Predictor.predict = altered
Predictor.ready = False
tried = Predictor._try
def try_and_begin(self):
    tried(self)
    Predictor.ready = True
Predictor._try = try_and_begin
"""


def rows() -> Rows:
    """Return two sunny days of two made-up plants."""
    plants = (plant_data.PLANT, OTHER_SITE)
    return together([plant_data.rows(days=2, plant=each) for each in plants])


def good() -> Artifact:
    """Return a model that two sites may ask."""
    return model(rows(), plants=(plant_data.PLANT, OTHER_SITE))


def packed(files: dict[str, bytes]) -> bytes:
    """Return files as a model archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return content.getvalue()


def _files(artifact: Artifact) -> dict[str, bytes]:
    return {GRAPH: artifact.graph, CARD: artifact.card.model_dump_json().encode()}


def _with_intercept(value: float) -> bytes:
    """Return a model that gives the same share of capacity whatever the weather."""
    found = good()
    nothing = np.zeros(1, dtype=np.int64)
    flat = np.zeros(len(found.card.features))
    graph = graphs.of_ridge(Ridge(nothing, nothing, flat, np.zeros(1), value))
    card = found.card.model_copy(update={"hashes": {GRAPH: sha256_hex(graph)}})
    return packed(_files(Artifact(card, graph)))


def _of_schema(version: int) -> bytes:
    files = _files(good())
    return packed(
        {**files, CARD: json.dumps(json.loads(files[CARD]) | {"version": version}).encode()}
    )


def _altered() -> bytes:
    files = _files(good())
    return packed({**files, GRAPH: files[GRAPH] + b"\0"})


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "constant": lambda: _with_intercept(0.4),
    "low": lambda: packed(_files(model(rows(), plants=(plant_data.PLANT, OTHER_SITE), share=0.68))),
    "nan": lambda: _with_intercept(float("nan")),
    "schema": lambda: _of_schema(99),
    "truncated": lambda: packed(_files(good()))[:-200],
    "altered": _altered,
}
IMAGES = ("no_image", "image_lost")  # AWS's or the operator's fault: nothing is barred
KINDS = (*ARCHIVES, "slow", "nan_for_one_site", *IMAGES, "no_run_id")


@dataclass
class Client:
    """Asks an endpoint one thing after the other, and counts which version answered and how."""

    runtime: Any
    endpoint: str
    requests: tuple[bytes, ...]
    answers: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join()

    def ask(self, request: bytes) -> tuple[int | None, str]:
        """Ask once; return which version answered, and `ok` or what kind of failure it was."""
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint, ContentType="application/json", Body=request
            )
        except ClientError as error:
            said = error.response.get("OriginalMessage", "")
            try:
                return json.loads(said).get("model_package_version"), "failed"
            except ValueError:
                return None, error.response["Error"]["Code"]
        version = json.loads(answer["Body"].read())["model"]["model_package_version"]
        return version, "ok"

    def failures(self) -> set[tuple[int | None, str]]:
        """Return which versions failed to answer, and how."""
        return {found for found in self.answers if found[1] != "ok"}

    def _ask(self) -> None:
        for request in cycle(self.requests):
            if self.stop.wait(0.02):
                return
            self.answers[self.ask(request)] += 1


class Plant:
    """One deployer for many models: registers versions, approves them, and checks until all is at rest."""

    def __init__(self, platform: LocalPlatform) -> None:
        self.platform = platform
        self.sm = platform.client("sagemaker")
        self.runtime = platform.client("sagemaker-runtime")
        self.s3 = platform.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        sns, sqs = platform.client("sns"), platform.client("sqs")
        self.topic = topic = sns.create_topic(Name="sabotage-deployment")["TopicArn"]
        self.told_url = sqs.create_queue(QueueName="sabotage-told")["QueueUrl"]
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:us-east-1:000000000000:sabotage-told",
            Attributes={"RawMessageDelivery": "true"},
        )
        platform.client("dynamodb").create_table(
            TableName="sabotage",
            KeySchema=[
                {"AttributeName": "model_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("model_id", "item")
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.deployer = deployer(
            DeployerSettings(
                table="sabotage",
                data_bucket=BUCKET,
                deployment_topic_arn=topic,
                alarms_topic_arn=sns.create_topic(Name="sabotage-alarms")["TopicArn"],
                inbox_url=sqs.create_queue(QueueName="sabotage-inbox")["QueueUrl"],
                sagemaker_role_arn=ROLE,
                key_arn="arn:aws:kms:us-east-1:000000000000:key/1",
            )
        )
        self.image = self._image("")
        self._heard: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        folder = Path(tempfile.mkdtemp(dir=platform.home))
        chosen = rows()
        reference.write(Predictor(good()), chosen, folder)
        self.reference = (folder / reference.REFERENCE_FILE).read_bytes()

    def _image(self, does: str) -> str:
        """Put an image there whose program does something more; return its URI."""
        body = build.image_context().body
        if does:
            source, target = zipfile.ZipFile(io.BytesIO(body)), io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for info in source.infolist():
                    content = source.read(info)
                    if info.filename == "services/deployer/inference/server.py":
                        content += _ENTRYPOINT.format(does=does).encode()
                    archive.writestr(info, content)
            body = target.getvalue()
        digest = hashlib.sha256(body).hexdigest()
        self.s3.put_object(Bucket=BUCKET, Key=f"image/{digest}.zip", Body=body)
        return fake_image.uri(digest)

    def configure(self, model_id: str, bake_seconds: float) -> None:
        """Set how long a canary bakes by the configuration; the platform scales it."""
        endpoint = EndpointConfig(bake=timedelta(seconds=bake_seconds))
        content = ActiveModel.of(ModelConfig(model_id=model_id, endpoint=endpoint))
        body = content.model_dump_json().encode()
        self.s3.put_object(Bucket=BUCKET, Key=layout.active_model(model_id), Body=body)

    def approve(self, model_id: str, kind: str) -> int:
        """Register and approve a version of some kind; return its number."""
        group = names.package_group(model_id)
        if not self.sm.list_model_package_groups(NameContains=group)[
            "ModelPackageGroupSummaryList"
        ]:
            self.sm.create_model_package_group(ModelPackageGroupName=group)
        run_id = f"{model_id}-{kind}-{time.monotonic_ns()}"
        archive = ARCHIVES.get(kind, lambda: packed(_files(good())))()
        self.s3.put_object(Bucket=BUCKET, Key=f"runs/{run_id}/model.tar.gz", Body=archive)
        self.s3.put_object(Bucket=BUCKET, Key=layout.reference(run_id), Body=self.reference)
        image = self._image(PROGRAMS[kind]) if kind in PROGRAMS else self.image
        if kind in IMAGES:
            image = self._image(f"pass  # of {run_id}")
        about = {} if kind == "no_run_id" else {"run_id": run_id, "dataset_id": "d"}
        arn = self.sm.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {"Image": image, "ModelDataUrl": f"s3://{BUCKET}/runs/{run_id}/model.tar.gz"}
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=about,
        )["ModelPackageArn"]
        number = int(arn.rpartition("/")[2])
        if (
            kind == "image_lost"
        ):  # after AWS took the request: it goes back by itself, and no alarm rang
            self.sm.create_model(
                ModelName=names.sagemaker_model(model_id, number),
                ExecutionRoleArn=ROLE,
                PrimaryContainer={
                    "Image": image,
                    "ModelDataUrl": f"s3://{BUCKET}/runs/{run_id}/model.tar.gz",
                },
            )
        if kind in IMAGES:
            digest = image.rpartition(":")[2]
            self.s3.delete_object(Bucket=BUCKET, Key=f"image/{digest}.zip")
        self.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
        return number

    def client(self, model_id: str, most_rows: int | None = None) -> Client:
        """Return a client of a model's endpoint that asks for both sites in turn."""
        known = json.loads(self.reference)["request"]["rows"][:most_rows]
        requests = (
            json.dumps({"site_id": each.site_id, "rows": known}).encode()
            for each in (plant_data.PLANT, OTHER_SITE)
        )
        return Client(self.runtime, names.endpoint(model_id), tuple(requests))

    def check(self, model_id: str) -> Action:
        """Let the deployer look once, as its timer does."""
        return self.deployer.reconciling.reconcile(model_id)

    def rest(self, model_id: str, seconds: float = 240.0) -> None:
        """Check until there is nothing to do any more."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 2:  # an endpoint that is being deleted looks like nothing to do
            assert time.monotonic() < deadline, f"{model_id} does not come to rest"
            quiet = quiet + 1 if self.check(model_id) is Action.NOTHING else 0
            time.sleep(BETWEEN_CHECKS)

    def roll_back(self, model_id: str, seen: int) -> None:
        """Ask for a rollback as a person does."""
        request = RollbackRequested.of(
            subject=(model_id, "rollback"),
            occurred_at=datetime.now(UTC),
            correlation_id="ada",
            model_id=model_id,
            to_version=None,
            reason="it answers with errors",
            requested_by="ada",
            seen_version=seen,
        )
        self.deployer.handle(request)

    def ringing(self, model_id: str) -> tuple[str, ...]:
        """Return the alarms of an endpoint that ring."""
        return self.deployer.reconciling.endpoints.ringing(model_id)

    def tries(self, model_id: str) -> int:
        """Return how often in a row AWS could not do it."""
        found = self.deployer.reconciling.ending.setbacks.setback(model_id)
        return found.times if found else 0

    def forget_wait(self, model_id: str) -> None:
        """Let AWS be asked again now."""
        setbacks = self.deployer.reconciling.ending.setbacks
        found = setbacks.setback(model_id)
        assert found is not None
        setbacks.remember(model_id, replace(found, again_at=datetime.now(UTC)))

    def status(self, model_id: str) -> tuple[str, int | None]:
        """Return an endpoint's status and the version of its configuration."""
        try:
            found = self.sm.describe_endpoint(EndpointName=names.endpoint(model_id))
        except ClientError:
            return "none", None
        return found["EndpointStatus"], names.version_of_configuration(found["EndpointConfigName"])

    def package(self, model_id: str, number: int) -> tuple[str, str]:
        """Return a version's approval, and the note beside it."""
        found = next(
            each
            for each in self.sm.list_model_packages(
                ModelPackageGroupName=names.package_group(model_id)
            )["ModelPackageSummaryList"]
            if each["ModelPackageVersion"] == number
        )
        about = self.sm.describe_model_package(ModelPackageName=found["ModelPackageArn"])
        return about["ModelApprovalStatus"], about.get("ApprovalDescription", "")

    def told(self, model_id: str, number: int) -> list[dict[str, Any]]:
        """Return what people were told of a version, each message once."""
        sqs = self.platform.client("sqs")
        with self._lock:
            while found := sqs.receive_message(QueueUrl=self.told_url, MaxNumberOfMessages=10).get(
                "Messages"
            ):
                for each in found:
                    message = json.loads(each["Body"])
                    self._heard.setdefault(message["id"], message)
                    sqs.delete_message(QueueUrl=self.told_url, ReceiptHandle=each["ReceiptHandle"])
            return [
                message
                for message in self._heard.values()
                if message.get("model_id") == model_id
                and message.get("model_package_version") == number
            ]


@dataclass(frozen=True)
class Outcome:
    """What a sabotaged version came to."""

    kind: str
    number: int
    endpoint: tuple[str, int | None]
    approval: str
    note: str
    told: tuple[str, ...]
    causes: tuple[str, ...]
    will_retry: bool
    answers: Counter[tuple[int | None, str]]

    @property
    def failed(self) -> int:
        """Answers that failed although the version that gave them was not the new one."""
        return sum(
            count
            for (version, how), count in self.answers.items()
            if how != "ok" and version != self.number
        )


NOBODY_ASKED: Counter[tuple[int | None, str]] = Counter()


def sabotage(
    plant: Plant, model_id: str, kind: str, *, successor: bool = True, traffic: bool = True
) -> Outcome:
    """Deploy a sabotaged version, as successor of a good one or as the first, with or without a client."""
    if successor:
        champion(plant, model_id)
    return attack(plant, model_id, kind, traffic=traffic)


def champion(plant: Plant, model_id: str) -> None:
    """Deploy a good version of a new model."""
    plant.approve(model_id, "good")
    plant.rest(model_id)


def attack(plant: Plant, model_id: str, kind: str, *, traffic: bool = True) -> Outcome:
    """Deploy a sabotaged version of a model; its canary bakes until there is evidence."""
    plant.configure(model_id, 3600)
    client = plant.client(model_id)
    if traffic:
        with client:
            number = plant.approve(model_id, kind)
            plant.rest(model_id)
            time.sleep(BETWEEN_CHECKS)
    else:
        number = plant.approve(model_id, kind)
        plant.rest(model_id)
    return outcome(plant, model_id, kind, number, client.answers)


def outcome(
    plant: Plant,
    model_id: str,
    kind: str,
    number: int,
    answers: Counter[tuple[int | None, str]] = NOBODY_ASKED,
) -> Outcome:
    """Look at what a version came to."""
    approval, note = plant.package(model_id, number)
    told = plant.told(model_id, number)
    return Outcome(
        kind,
        number,
        plant.status(model_id),
        approval,
        note,
        tuple(sorted(each["type"].removeprefix("solar.") for each in told)),
        tuple(each.get("cause") or each.get("reason") or "" for each in told),
        any(each.get("will_retry") for each in told),
        answers,
    )


@contextmanager
def plant_of(platform: LocalPlatform) -> Iterator[Plant]:
    """Return a deployer whose AWS is a platform."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        yield Plant(platform)


def main(arguments: list[str]) -> int:
    """Print what every kind comes to; exit code 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", nargs="*", default=KINDS, choices=KINDS, help="these kinds")
    parser.add_argument("--at-once", type=int, default=2, help="how many are tried side by side")
    chosen = parser.parse_args(arguments)
    cases = [
        (kind, successor, traffic)
        for kind in chosen.only
        for successor in (True, False)
        for traffic in (True, False)
    ]
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), SOLAR_LOCAL_BAKE_SCALE="0.1") as platform,
        plant_of(platform) as plant,
        ThreadPoolExecutor(chosen.at_once) as pool,
    ):

        def run(case: tuple[str, bool, bool]) -> str | None:
            kind, successor, traffic = case
            model_id = (
                f"{kind.replace('_', '-')}-{'after' if successor else 'first'}-{int(traffic)}"
            )
            started = time.monotonic()
            try:
                found = sabotage(plant, model_id, kind, successor=successor, traffic=traffic)
                fault = broken(found, successor=successor)
            except Exception as error:  # noqa: BLE001 - the other kinds are tried all the same
                print(f"{model_id:32} {error!r}  BROKEN", flush=True)
                return repr(error)
            answers = ", ".join(f"{each}: {count}" for each, count in found.answers.items())
            print(
                f"{model_id:32} {time.monotonic() - started:5.0f} s  endpoint {found.endpoint}  "
                f"{found.approval}  told {list(found.told)}  {list(found.causes)}  answers {answers}"
                f"  {f'BROKEN: {fault}' if fault else 'held'}",
                flush=True,
            )
            return fault

        faults = [fault for fault in pool.map(run, cases) if fault]
    print(f"{len(cases) - len(faults)} of {len(cases)} held")
    return 1 if faults else 0


BARS = {*ARCHIVES, *PROGRAMS}


def broken(found: Outcome, *, successor: bool) -> str | None:
    """Return which promise a sabotaged version broke, or None where all were kept."""
    serves = ("InService", 1) if successor else ("none", None)
    bars = found.kind in BARS
    end = "deployment_rolled_back" if successor and bars else "deployment_failed"
    if not successor and found.kind == "slow":  # it answers rightly, and its alarm tells people
        serves, bars, end = ("InService", 1), False, "model_deployed"
    wanted = "Rejected" if bars else "Approved"
    ends = [each for each in found.told if each != "deployment_started"]
    if found.endpoint != serves:
        return f"the endpoint is {found.endpoint}, not {serves}"
    if found.approval != wanted:
        return f"the version is {found.approval}, not {wanted}"
    if ends != [end]:
        return f"people were told {ends}, not {end} once"
    if successor and found.failed:
        return f"{found.failed} answers of the champion failed"
    if found.will_retry != (found.kind in IMAGES):
        return f"will_retry is {found.will_retry}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
