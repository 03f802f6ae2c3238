"""The deployment, step by step; every step can be repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from infra.deploy import (
    build,
    job_logs,
    notifications,
    preflight,
    sbom,
    survivors,
    templates,
    trails,
)
from infra.deploy.build import SERVICES, Artifact
from infra.deploy.destroying import Destruction
from infra.deploy.errors import DeployError
from infra.deploy.images import Images
from infra.deploy.preflight import Finding, Plan, demand
from infra.deploy.stacks import Stacks
from infra.deploy.target import Target
from services.trainer_trigger.pipeline.definition.fill import fill
from shared import names
from shared.aws import error_code
from shared.ids import sha256_hex
from shared.messages import SweepDue

Say = Callable[[str], None]

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
    "PermissionsBoundaryArn",
}

# The pipeline's definitions, and whether each trains on spot instances.
_DEFINITIONS = {"PipelineDefinitionKey": True, "OnDemandDefinitionKey": False}
RUNS = 4  # MaximumConcurrentRuns, where nobody chose another
LOG_DAYS = "30"  # LogRetentionDays, where nobody chose another

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
    permissions_boundary_arn: str | None = None
    rebuild: bool = False
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
        self.known |= self._deployed_choices() | self._choices() | self._fixed()
        self.say(
            f"Account {self.target.account_id}, {self.target.region} ({self.target.kind}), "
            f"names begin with {names.all_ours()}"
        )
        self._refuse_what_would_fail()
        (bootstrap, foundation, *services) = _templates().items()
        self._stack(*bootstrap)
        self._artifacts()
        self._stack(*foundation)
        self._adopt_bucket()
        self._pipeline_definition()
        self._logs_of_jobs()
        self._first_heartbeat()
        for service in services:
            self._stack(*service)
        self._sweep_now()
        self.say(f"Done in {time.monotonic() - started:.0f} s")
        return self.known

    def look(self) -> list[Finding]:
        """Look at the place without changing anything; return what is not as it should be."""
        self.known |= self._deployed_choices() | self._choices() | self._fixed()
        runs = int(self.known.get("MaximumConcurrentRuns", RUNS))
        is_aws = self.target.kind == "aws"
        models = demand.configured(self.target) if is_aws else []
        return preflight.look(
            Plan(self.target, self.known, _templates(), demand.instances(models, runs))
        )

    def _refuse_what_would_fail(self) -> None:
        found = self.look()
        for finding in found:
            for line in finding.lines():
                self.say(line)
        if stops := [each for each in found if each.weight == "stops"]:
            first = "\n".join(filter(None, (stops[0].what, stops[0].why, stops[0].mend)))
            more = f"\n({len(stops) - 1} more above)" if len(stops) > 1 else ""
            raise DeployError(f"{first}{more}\nNothing was changed.")

    def _fixed(self) -> dict[str, str]:
        """Return what follows from the place and the stage."""
        return {
            "NamePrefix": names.prefix(),
            "Target": self.target.kind,
            "ArtifactBucketName": self.target.artifact_bucket,
            "DataBucketName": self.target.data_bucket,
            "TrailScope": trails.scope(
                self.target.client("cloudtrail"), names.trail(self.target.region)
            ),
            "AdoptDataBucket": str(self.target.adopt_data_bucket).lower(),
            **(self._locally() if self.target.kind == "local" else {}),
        }

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
            "PermissionsBoundaryArn": self.options.permissions_boundary_arn,
            "NotificationEmail": self.options.notification_email,
            "SlackWebhookSecretName": self.options.slack_secret_name,
            "DocsUrl": self.options.docs_url,
            "ConsoleUrl": self.options.console_url,
            "Links": self.options.links,
            "LinksActHours": self.options.links_act_hours,
            "LinksShowHours": self.options.links_show_hours,
            "SageMakerRoleArn": self.target.sagemaker_role_arn,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def _deployed_choices(self) -> dict[str, str]:
        """Return what was chosen in earlier deployments, so that leaving it out changes nothing."""
        stacks = self._stacks()
        ground = stacks.parameters(names.foundation_stack())
        # To the other stacks the role is told, also where the foundation made it.
        role = {key: ground[key] for key in ("SageMakerRoleArn",) if ground.get(key)}
        of_services = [stacks.parameters(names.service(service)) for service in SERVICES]
        return role | {
            key: value
            for given in (ground, *of_services)
            for key, value in given.items()
            if key in STICKY and value
        }

    def destroy(self) -> None:
        """Delete services and endpoints; with `delete_data` everything, else what holds data stays.

        What stays (foundation and bootstrap, tables, logs, registry) is what a later deployment goes on from.
        """
        bodies = {name: build.template(path) for name, path in _templates().items()}
        destruction = Destruction(self.target, self._stacks(), bodies, self.say)
        given = self._deployed_choices() | self._fixed()
        if self.options.dry_run:
            destruction.say_what_would_go(with_data=self.options.delete_data, given=given)
            return
        destruction.services()
        if self.options.delete_data:
            destruction.data(given)
            return
        ground = names.foundation_stack()
        self.say(f"Kept, for a later deployment: {ground} (data bucket, key, trail),")
        self.say(
            f"{names.bootstrap_stack()} (image and code), the tables, the logs and the model registry."
        )
        self.say("--destroy --delete-data deletes them too.")

    def _stacks(self) -> Stacks:
        is_aws = self.target.kind == "aws"
        poll = 5.0 if is_aws else 0.05
        return Stacks(
            self.target.client("cloudformation"),
            self.say,
            names.tags(),
            poll,
            names_rest=is_aws,
            keep=self._keep_template,
        )

    def _keep_template(self, body: str) -> str:
        """Put a template beside the other artifacts, also to plan a dry run with; return its address."""
        s3, bucket = self.target.client("s3"), self.target.artifact_bucket
        key = f"templates/{sha256_hex(body.encode())[:32]}"
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        return f"{s3.meta.endpoint_url}/{bucket}/{key}"

    def _stack(self, name: str, path: str) -> None:
        self.say(f"Stack {name}")
        body, stacks = build.template(path), self._stacks()
        missing = []
        parameters = {}
        template = templates.read(body)
        for key, declared in template["Parameters"].items():
            if self.known.get(key) or (key in self.known and "Default" in declared):
                parameters[key] = self.known[key]
            elif "Default" not in declared:
                missing.append(key)
        if missing and self.options.dry_run:
            self.say(f"  {name}: would be created (what it needs does not exist yet: {missing})")
            return
        if missing:
            raise DeployError(f"{path} asks for {missing}, which no earlier stack gives")
        stacks.deploy(
            name,
            body,
            parameters,
            lambda own: survivors.find(self.target, template, parameters, beside=own),
            dry_run=self.options.dry_run,
        )
        self.known |= stacks.outputs(name)

    def _artifacts(self) -> None:
        python = build.THIS_PYTHON if self.target.kind == "local" else build.LAMBDA_PYTHON
        code, definition = build.code_zip(python=python), build.state_machine()
        self.known |= {"CodeKey": code.key, "StateMachineKey": definition.key}
        self._upload(code, "code of all functions")
        self._upload(definition, "retrain sequence")
        if self.target.kind == "aws":
            layer = build.layer_zip()
            self.known["LayerKey"] = layer.key
            self._upload(layer, "dependencies of the light functions")
        context = build.image_context()
        self._upload(context, "context of the container image")
        self._upload(sbom.of_image(), "what the image is made of (CycloneDX)")
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
        """Return the image by digest; on AWS it is built where its context is new, or `--rebuild` asks."""
        repository = self.known.get("ImageRepositoryUri", "")
        if self.target.kind == "local":
            # The local platform runs the context itself; its digest is that of the zip.
            return f"{repository}@sha256:{context.digest}"
        images = Images(self.target, self.say)
        found = images.newest(context)
        if self.options.dry_run and (found is None or self.options.rebuild):
            self.say("  container image: would be built")
            # What it will be is known only then; that it is another one is what a plan has to show.
            return f"{repository}@{found.digest if found else 'sha256:' + context.digest}"
        if found is None or self.options.rebuild:
            found = images.build(self.known["ImageBuildProject"], context)
        else:
            self.say("  container image: unchanged")
        if not self.options.dry_run:
            images.remember(context)
        return f"{repository}@{found.digest}"

    def _logs_of_jobs(self) -> None:
        """Make the log groups that SageMaker would make without an end."""
        logs, days = self.target.client("logs"), self.known.get("LogRetentionDays", LOG_DAYS)
        for name in job_logs.missing(logs):
            self.say(f"  {name}: {'would be ' * self.options.dry_run}made, kept for {days} days")
            if not self.options.dry_run:
                job_logs.make(logs, name, int(days))

    def _first_heartbeat(self) -> None:
        """Tell CloudWatch that no sweep was due before, so that no alarm goes off at the first deployment."""
        cloudwatch = self.target.client("cloudwatch")
        known = cloudwatch.list_metrics(Namespace=names.prefix(), MetricName="Sweeps")["Metrics"]
        if self.options.dry_run or known:
            return
        now = datetime.now(UTC)
        cloudwatch.put_metric_data(
            Namespace=names.prefix(),
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
            for key in _DEFINITIONS:
                self.known.setdefault(key, "")
            return
        values = {
            "NamePrefix": names.prefix(),
            "DataBucketName": self.target.data_bucket,
            "ImageUri": self.known["ImageUri"],
            "JobsRoleArn": self.known["JobsRoleArn"],
            "KeyArn": self.known["KeyArn"],
            "SubnetIds": self.known.get("SubnetIds", ""),
            "SecurityGroupIds": self.known.get("SecurityGroupIds", ""),
            "AccountId": self.target.account_id,
            "Region": self.target.region,
        }
        text = build.template("services/trainer_trigger/pipeline.json")
        for key, spot in _DEFINITIONS.items():
            filled = fill(text, values, private_network=private, spot=spot)
            definition = build.pipeline_definition(filled)
            self.known[key] = definition.key
            self._upload(definition, f"pipeline definition, {'spot' if spot else 'on demand'}")


def _templates() -> dict[str, str]:
    """Return the stacks in the order of deployment, and where the template of each stands."""
    ground = (names.bootstrap_stack(), names.foundation_stack())
    stacks = dict(zip(ground, build.GROUND, strict=True))
    return stacks | {names.service(each): build.template_of(each) for each in SERVICES}


def as_json(outputs: dict[str, str]) -> str:
    """Return a deployment's outputs for machines."""
    return json.dumps(outputs, indent=1, sort_keys=True)
