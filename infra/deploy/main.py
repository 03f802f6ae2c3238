"""The deployment, step by step; every step can be repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import build, checks, notifications, serving
from infra.deploy.build import Artifact
from infra.deploy.errors import DeployError
from infra.deploy.stacks import Stacks
from infra.deploy.target import Target
from services.trainer_trigger.pipeline.definition.fill import fill
from shared import names
from shared.aws import error_code
from shared.messages import SweepDue

Say = Callable[[str], None]

# In this order: the outputs of one are the parameters of the next.
SERVICES = ("data_watcher", "trainer_trigger", "deployer", "notifier")
# Services whose sweep brings back what an earlier destroy kept; the notifier's would be a daily summary.
SWEEPING = ("data_watcher", "trainer_trigger", "deployer")
# What a person chose once and need not say again.
STICKY = {
    "Network",
    "MonthlyBudgetUsd",
    "LogRetentionDays",
    "NotificationEmail",
    "SlackWebhookSecretName",
    "DocsUrl",
    "ConsoleUrl",
    "Links",
    "LinksActHours",
    "LinksShowHours",
    "MaximumConcurrentRuns",
}

# Nobody at a laptop waits a minute to be told.
IMPATIENT = {"GatherSeconds": "6", "GatherLongestSeconds": "30"}


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who deploys may choose; None keeps what is deployed, or takes the default."""

    network: str | None = None
    notification_email: str | None = None
    slack_secret_name: str | None = None
    docs_url: str | None = None
    console_url: str | None = None
    links: str | None = None
    links_act_hours: str | None = None
    links_show_hours: str | None = None
    monthly_budget_usd: str | None = None
    log_retention_days: str | None = None
    dry_run: bool = False
    delete_data: bool = False


@dataclass(slots=True)
class Deployment:
    """Brings one account and Region to what this repository describes."""

    target: Target
    options: Options
    say: Say
    known: dict[str, str] = field(default_factory=dict)

    def deploy(self) -> dict[str, str]:
        """Deploy everything; return the outputs of all stacks.

        Raises
        ------
        DeployError
            A step failed; what was deployed before it stays and the next deployment goes on from there.
        """
        started = time.monotonic()
        self.known |= (
            self._deployed_choices()
            | self._choices()
            | {
                "Target": self.target.kind,
                "ArtifactBucketName": self.target.artifact_bucket,
                "DataBucketName": self.target.data_bucket,
                "AdoptDataBucket": str(self.target.adopt_data_bucket).lower(),
                **(self._locally() if self.target.kind == "local" else {}),
            }
        )
        checks.before_anything(self.target, self.known)
        self.say(f"Account {self.target.account_id}, {self.target.region} ({self.target.kind})")
        self._stack(names.BOOTSTRAP_STACK, "infra/bootstrap.yaml")
        self._artifacts()
        self._stack(names.FOUNDATION_STACK, "infra/foundation.yaml")
        self._adopt_bucket()
        self._pipeline_definition()
        self._first_heartbeat()
        for service in SERVICES:
            self._stack(names.service(service), f"services/{service}/template.yaml")
        self._sweep_now()
        self.say(f"Done in {time.monotonic() - started:.0f} s")
        return self.known

    def _locally(self) -> dict[str, str]:
        """Return what only the local platform is deployed with: it is impatient, and has its own Slack."""
        endpoint = self.target.client("sqs").meta.endpoint_url
        return {**IMPATIENT, "SlackApiUrl": f"{endpoint}/_solar/slack-api"}

    def _choices(self) -> dict[str, str]:
        """Return what the person chose this time."""
        chosen = {
            "Network": self.options.network,
            "MonthlyBudgetUsd": self.options.monthly_budget_usd,
            "LogRetentionDays": self.options.log_retention_days,
            "NotificationEmail": self.options.notification_email,
            "SlackWebhookSecretName": self.options.slack_secret_name,
            "DocsUrl": self.options.docs_url,
            "ConsoleUrl": self.options.console_url,
            "Links": self.options.links,
            "LinksActHours": self.options.links_act_hours,
            "LinksShowHours": self.options.links_show_hours,
            "SageMakerRoleArn": self.target.sagemaker_role_arn or None,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def _deployed_choices(self) -> dict[str, str]:
        """Return what was chosen in earlier deployments, so that leaving it out changes nothing."""
        stacks = self._stacks()
        asked = [names.FOUNDATION_STACK, *map(names.service, SERVICES)]
        return {
            key: value
            for name in asked
            for key, value in stacks.parameters(name).items()
            if key in STICKY and value
        }

    def destroy(self) -> None:
        """Delete services and endpoints; with `delete_data` everything, else what holds data stays.

        What stays (foundation and bootstrap, tables, logs, registry) is what a later deployment goes on from.
        """
        if self.options.dry_run:
            self._say_what_would_go()
            return
        stacks = self._stacks()
        for service in reversed(SERVICES):
            self.say(f"Deleting {names.service(service)}")
            stacks.delete(names.service(service))
            if service == "deployer":  # only once nobody is there to create it again
                serving.delete_all(self.target, self.say)
        if self.options.delete_data:
            self._delete_data(stacks)
            return
        self.say(
            f"Kept, for a later deployment: {names.FOUNDATION_STACK} (data bucket, key, trail),"
        )
        self.say(
            f"{names.BOOTSTRAP_STACK} (image and code), the tables, the logs and the model registry."
        )
        self.say("--destroy --delete-data deletes them too.")

    def _say_what_would_go(self) -> None:
        stacks = self._stacks()
        doomed = [*map(names.service, reversed(SERVICES))]
        if self.options.delete_data:
            doomed += [names.FOUNDATION_STACK, names.BOOTSTRAP_STACK]
        for name in doomed:
            if stacks.status(name):
                self.say(f"  would delete stack {name}")
        for name in serving.endpoints(self.target):
            self.say(f"  would delete endpoint {name}")
        if self.options.delete_data and not self.target.adopt_data_bucket:
            self.say(f"  would delete bucket {self.target.data_bucket} with all its data")

    def _delete_data(self, stacks: Stacks) -> None:
        outputs = stacks.outputs(names.FOUNDATION_STACK)
        own = [] if self.target.adopt_data_bucket else [self.target.data_bucket]
        if self.target.adopt_data_bucket:
            notifications.remove(self.target.client("s3"), self.target.data_bucket)
        for name in (names.FOUNDATION_STACK, names.BOOTSTRAP_STACK):
            self.say(f"Deleting {name}")
            stacks.delete(name)
        trail = filter(None, [outputs.get("TrailBucketName")])
        for bucket in [*own, *trail, self.target.artifact_bucket]:
            self._delete_bucket(bucket)
        for table in (*map(names.service, SERVICES), names.DAYS_TABLE):
            self._delete_table(table)
        serving.delete_registry(self.target, self.say)
        serving.delete_logs(self.target, self.say)
        if key := outputs.get("KeyArn"):
            self.target.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
            self.say(f"Key {key} is deleted in 30 days, unless you cancel it")
        if self.target.adopt_data_bucket:
            self.say(f"Kept: {self.target.data_bucket}, which was there before this system")

    def _stacks(self) -> Stacks:
        poll = 0.2 if self.target.kind == "local" else 5.0
        return Stacks(self.target.client("cloudformation"), self.say, names.TAGS, poll)

    def _stack(self, name: str, path: str) -> None:
        self.say(f"Stack {name}")
        body, stacks = build.template(path), self._stacks()
        missing = []
        parameters = {}
        for key, declared in build.template_parameters(body).items():
            if self.known.get(key) or (key in self.known and "Default" in declared):
                parameters[key] = self.known[key]
            elif "Default" not in declared:
                missing.append(key)
        if missing and self.options.dry_run:
            self.say(f"  {name}: would be created (what it needs does not exist yet: {missing})")
            return
        if missing:
            raise DeployError(f"{path} asks for {missing}, which no earlier stack gives")
        stacks.deploy(name, body, parameters, dry_run=self.options.dry_run)
        self.known |= stacks.outputs(name)

    def _artifacts(self) -> None:
        python = build.THIS_PYTHON if self.target.kind == "local" else build.LAMBDA_PYTHON
        code, definition = build.code_zip(python=python), build.state_machine()
        self.known |= {"CodeKey": code.key, "StateMachineKey": definition.key}
        self._upload(code, "code of all functions")
        self._upload(definition, "retrain sequence")
        if self.target.kind == "aws" and not self.options.dry_run:
            layer = build.layer_zip()
            self.known["LayerKey"] = layer.key
            self._upload(layer, "dependencies of the light functions")
        context = build.image_context()
        self._upload(context, "context of the container image")
        self.known["ImageUri"] = self._image(context)

    def _upload(self, artifact: Artifact, what: str) -> None:
        size = f"{len(artifact.body) / 1024:.0f} KiB"
        if self.options.dry_run:
            self.say(f"  {what}: {artifact.key} ({size})")
            return
        s3 = self.target.client("s3")
        try:
            s3.head_object(Bucket=self.target.artifact_bucket, Key=artifact.key)
        except ClientError as error:
            if error_code(error) not in {"404", "NoSuchKey"}:
                raise
        else:
            self.say(f"  {what}: unchanged")
            return
        s3.put_object(Bucket=self.target.artifact_bucket, Key=artifact.key, Body=artifact.body)
        self.say(f"  {what}: uploaded ({size})")

    def _image(self, context: Artifact) -> str:
        """Return the image by digest; on AWS it is built where its context is new."""
        repository = self.known.get("ImageRepositoryUri", "")
        if self.target.kind == "local":
            # The local platform runs the context itself; its digest is that of the zip.
            return f"{repository}@sha256:{context.digest}"
        tag = context.digest[:32]
        if digest := self._image_digest(tag):
            self.say("  container image: unchanged")
            return f"{repository}@sha256:{digest}"
        if self.options.dry_run:
            self.say("  container image: would be built")
            return ""
        self._build_image(context, tag)
        return f"{repository}@sha256:{self._image_digest(tag)}"

    def _image_digest(self, tag: str) -> str:
        try:
            found = self.target.client("ecr").describe_images(
                repositoryName=self.known.get("ImageRepositoryName", names.IMAGE_REPOSITORY),
                imageIds=[{"imageTag": tag}],
            )
        except ClientError as error:
            if error_code(error) in {"ImageNotFoundException", "RepositoryNotFoundException"}:
                return ""
            raise
        return str(found["imageDetails"][0]["imageDigest"]).removeprefix("sha256:")

    def _build_image(self, context: Artifact, tag: str) -> None:
        codebuild = self.target.client("codebuild")
        build_id = codebuild.start_build(
            projectName=self.known["ImageBuildProject"],
            sourceLocationOverride=f"{self.target.artifact_bucket}/{context.key}",
            environmentVariablesOverride=[{"name": "IMAGE_TAG", "value": tag}],
        )["build"]["id"]
        started = time.monotonic()
        while True:
            found = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            status = found["buildStatus"]
            if status == "SUCCEEDED":
                self.say("  container image: built")
                return
            if status != "IN_PROGRESS":
                raise DeployError(
                    f"the container image could not be built ({status}); its log: "
                    f"{found.get('logs', {}).get('deepLink', build_id)}"
                )
            self.say(f"  container image: building, {time.monotonic() - started:.0f} s")
            time.sleep(15)

    def _first_heartbeat(self) -> None:
        """Tell CloudWatch that no sweep was due before the first deployment, so that no alarm goes off."""
        if self.options.dry_run or self._stacks().status(names.service("trainer_trigger")):
            return
        now = datetime.now(UTC)
        self.target.client("cloudwatch").put_metric_data(
            Namespace="Solar",
            MetricData=[
                {
                    "MetricName": "Sweeps",
                    "Dimensions": [{"Name": "service", "Value": "trainer_trigger"}],
                    "Timestamp": now - timedelta(minutes=minutes),
                    "Value": 1.0,
                    "Unit": "Count",
                }
                for minutes in (0, 15, 30)
            ],
        )

    def _sweep_now(self) -> None:
        """Let the services look at what is there at once: kept versions are served again, kept files read."""
        if self.options.dry_run:
            return
        now, queues = datetime.now(UTC), self.target.client("sqs")
        for service in filter(SWEEPING.__contains__, SERVICES):
            due = SweepDue.of(
                subject=(service, now), occurred_at=now, correlation_id="deployment", scope="full"
            )
            url = queues.get_queue_url(QueueName=f"{names.service(service)}-inbox")["QueueUrl"]
            queues.send_message(QueueUrl=url, MessageBody=due.model_dump_json())

    def _adopt_bucket(self) -> None:
        if not self.target.adopt_data_bucket or self.options.dry_run:
            return
        s3 = self.target.client("s3")
        changed = notifications.add(s3, self.target.data_bucket, self.known["ObjectsTopicArn"])
        self.say(
            f"  {self.target.data_bucket}: notifications {'added' if changed else 'unchanged'}"
        )

    def _pipeline_definition(self) -> None:
        if "KeyArn" not in self.known:
            return
        private = self.known.get("Network") == "private"
        if private and not self.known.get("SubnetIds"):
            self.say("  pipeline definition: would be filled with the new private subnets")
            self.known.setdefault("PipelineDefinitionKey", "")
            return
        text = fill(
            build.template("services/trainer_trigger/pipeline.json"),
            {
                "DataBucketName": self.target.data_bucket,
                "ImageUri": self.known["ImageUri"],
                "SageMakerRoleArn": self.known["SageMakerRoleArn"],
                "KeyArn": self.known["KeyArn"],
                "SubnetIds": self.known.get("SubnetIds", ""),
                "SecurityGroupIds": self.known.get("SecurityGroupIds", ""),
                "AccountId": self.target.account_id,
                "Region": self.target.region,
            },
            private_network=private,
        )
        definition = build.pipeline_definition(text)
        self.known["PipelineDefinitionKey"] = definition.key
        self._upload(definition, "pipeline definition")

    def _delete_table(self, table: str) -> None:
        try:
            self.target.client("dynamodb").delete_table(TableName=table)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return
        self.say(f"Deleted table {table}")

    def _delete_bucket(self, bucket: str) -> None:
        s3: Any = self.target.client("s3")
        try:
            pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
            for page in pages:
                versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not versions:
                    continue
                objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error_code(error) != "NoSuchBucket":
                raise
        self.say(f"Deleted bucket {bucket}")


def as_json(outputs: dict[str, str]) -> str:
    """Return a deployment's outputs for machines."""
    return json.dumps(outputs, indent=1, sort_keys=True)
