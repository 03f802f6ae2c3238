"""The real deployer on a local platform, with a registry to sabotage and a client that asks all the time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from services.deployer.composition import deployer
from services.deployer.domain.deployment import Action
from services.deployer.settings import DeployerSettings
from services.trainer_trigger.pipeline.judging import reference
from shared import layout, names
from shared.active import ActiveModel, ActiveSite
from shared.canonical import CanonicalFile
from shared.messages import RollbackRequested
from shared.model_config import EndpointConfig, ModelConfig
from shared.solar.predictor import Predictor
from shared.solar.recipe import Plant as PlantOfModel
from shared.solar.site import ColumnFormat, Site, SourceFormat, TimestampFormat
from tests.integration import fake_image
from tests.integration.conftest import LocalPlatform
from tests.integration.sabotaged import (
    ARCHIVES,
    IMAGES,
    OTHER_SITE,
    PROGRAMS,
    files_of,
    good,
    image,
    packed,
    rows,
)
from tests.unit.solar import plant_data

BUCKET = "sabotage"
ROLE = "arn:aws:iam::000000000000:role/solar-sagemaker"
BETWEEN_CHECKS = 0.2  # [s]; 15 in production, where everything else is slower as well


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
        tables = platform.client("dynamodb")
        with contextlib.suppress(
            tables.exceptions.ResourceInUseException
        ):  # another module's tests made it
            tables.create_table(
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
                endpoints_role_arn=ROLE,
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
        for each in (plant_data.PLANT, OTHER_SITE):
            self._measure_yesterday(each)

    def _measure_yesterday(self, plant: PlantOfModel) -> None:
        """Put a site there with canonical rows of the last two days, as data_watcher writes them."""
        now = datetime.now(UTC)
        columns = {"power_ac": ColumnFormat(column="p", unit="kW")}
        site = Site(
            **plant.model_dump(include={"site_id", "latitude", "longitude", "ac_capacity_kw"}),
            model_id="sabotage",
            timezone="UTC",
            sources=(
                SourceFormat(name="power", timestamp=TimestampFormat(column="t"), columns=columns),
            ),
        )
        body = ActiveSite.of(site).model_dump_json().encode()
        self.s3.put_object(Bucket=BUCKET, Key=layout.active_site(site.site_id), Body=body)
        start = now - timedelta(days=2)
        found = plant_data.rows(days=2, plant=plant, start=f"{start:%Y-%m-%d}")
        table = pa.table(
            {
                "timestamp": pa.array(found.times).cast(pa.timestamp("us", "UTC")),
                "power_ac": found.power_ac,
                **found.weather,
            }
        )
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        about = CanonicalFile(
            file_id="yesterday",
            site_id=site.site_id,
            rows=len(found),
            rows_masked=0,
            columns=("power_ac", *found.weather),
            window_start=start,
            window_end=now,
            uploaded_at=now,
        )
        self.s3.put_object(
            Bucket=BUCKET,
            Key=layout.canonical(site.site_id, start, about.file_id),
            Body=sink.getvalue().to_pybytes(),
            Metadata=about.metadata(),
        )

    def _image(self, does: str) -> str:
        """Put an image there whose program does something more; return its URI."""
        body = image(does)
        digest = hashlib.sha256(body).hexdigest()
        self.s3.put_object(Bucket=BUCKET, Key=f"image/{digest}.zip", Body=body)
        return fake_image.uri(digest)

    def configure(self, model_id: str, bake_seconds: float, **more: str) -> None:
        """Set how long a canary bakes by the configuration; the platform scales it."""
        settings: dict[str, Any] = {"mode": "realtime", **more}
        self._put(model_id, EndpointConfig(bake=timedelta(seconds=bake_seconds), **settings))

    def _with_a_canary(self, model_id: str) -> None:
        """Let a model that nobody configured have instances, for what is sabotaged here is a canary."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=layout.active_model(model_id))
        if not found["KeyCount"]:
            self._put(model_id, EndpointConfig(mode="realtime"))

    def _put(self, model_id: str, endpoint: EndpointConfig) -> None:
        content = ActiveModel.of(ModelConfig(model_id=model_id, endpoint=endpoint))
        body = content.model_dump_json().encode()
        self.s3.put_object(Bucket=BUCKET, Key=layout.active_model(model_id), Body=body)

    def approve(self, model_id: str, kind: str, *, now: bool = False) -> int:
        """Register and approve a version of some kind, as `solar approve --now` if so; return its number."""
        self._with_a_canary(model_id)
        group = names.package_group(model_id)
        if not self.sm.list_model_package_groups(NameContains=group)[
            "ModelPackageGroupSummaryList"
        ]:
            self.sm.create_model_package_group(ModelPackageGroupName=group)
        run_id = f"{model_id}-{kind}-{time.monotonic_ns()}"
        archive = ARCHIVES.get(kind, lambda: packed(files_of(good())))()
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
        self.sm.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription="by ada: it mends what rings",
            **({"CustomerMetadataProperties": {"now": "true"}} if now else {}),
        )
        return number

    def client(self, model_id: str, most_rows: int | None = None) -> Client:
        """Return a client of a model's endpoint that asks for both sites in turn."""
        known = json.loads(self.reference)["request"]["rows"][:most_rows]
        requests = (
            json.dumps({"site_id": each.site_id, "rows": known}).encode()
            for each in (plant_data.PLANT, OTHER_SITE)
        )
        return Client(self.runtime, names.endpoint(model_id), tuple(requests))

    def foreign(self, model_id: str, kind: str) -> None:
        """Create an endpoint of a model's name that does not carry this product's tags."""
        key, name = f"foreign/{model_id}.tar.gz", names.endpoint(model_id)
        archive = ARCHIVES.get(kind, lambda: packed(files_of(good())))()
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=archive)
        self.foreign_configuration(f"{name}-theirs", f"s3://{BUCKET}/{key}")
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-theirs")

    def foreign_configuration(self, name: str, data: str = f"s3://{BUCKET}/none") -> None:
        """Create a model and its endpoint configuration that do not carry this product's tags."""
        self.sm.create_model(
            ModelName=f"{name}-model",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": self.image, "ModelDataUrl": data},
        )
        self.sm.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "theirs",
                    "ModelName": f"{name}-model",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
        )

    def configurations(self, model_id: str) -> set[str]:
        """Return the names of the configurations that begin with a model's."""
        pages = self.sm.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"{names.endpoint(model_id)}-v"
        )
        return {each["EndpointConfigName"] for page in pages for each in page["EndpointConfigs"]}

    def alarms(self, model_id: str) -> list[str]:
        """Return the names of the alarms of a model's endpoint."""
        found = self.platform.client("cloudwatch").describe_alarms(
            AlarmNamePrefix=f"{names.endpoint(model_id)}-"
        )
        return [each["AlarmName"] for each in found["MetricAlarms"]]

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

    def configuration(self, model_id: str) -> str:
        """Return the name of an endpoint's configuration."""
        found = self.sm.describe_endpoint(EndpointName=names.endpoint(model_id))
        return str(found["EndpointConfigName"])

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


@contextmanager
def plant_of(platform: LocalPlatform) -> Iterator[Plant]:
    """Return a deployer whose AWS is a platform."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        yield Plant(platform)
