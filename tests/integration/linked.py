"""A version that waits for approval on a local platform, and the links of the message about it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.notifier.adapters.links import SecretKeys, SignedLinks
from services.notifier.domain.offer import Offer, Verb
from shared import layout, names, observability
from shared.messages import AnyMessage
from tests.integration.conftest import LocalPlatform
from tests.unit.notifier.links.evaluated import a_run

MODEL, RUN = "linked", "linked-run-1"


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nowhere: a test looks at the way."""


@dataclass
class Linked:
    """A deployed system with one version that waits, and a browser."""

    platform: LocalPlatform
    outputs: Mapping[str, str]
    arns: dict[int, str] = field(default_factory=dict)

    def register(self, run: str = RUN) -> int:
        """Register a version of a run that waits for a person, with its evaluation and report."""
        sagemaker, s3 = self.platform.client("sagemaker"), self.platform.client("s3")
        bucket = self.outputs["DataBucketName"]
        found = a_run(run_id=run, model_id=MODEL).model_dump_json().encode()
        s3.put_object(Bucket=bucket, Key=layout.evaluation(run), Body=found)
        s3.put_object(Bucket=bucket, Key=layout.report(run), Body=b"<h1>A report</h1>")
        group = names.package_group(MODEL)
        if not self.arns:
            sagemaker.create_model_package_group(ModelPackageGroupName=group)
        arn = sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {"Image": self.outputs["ImageUri"], "ModelDataUrl": f"s3://{bucket}/none"}
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={"run_id": run, "dataset_id": "linked-data"},
        )["ModelPackageArn"]
        number = int(arn.rpartition("/")[2])
        self.arns[number] = arn
        return number

    def say(self, topic: str, message: AnyMessage) -> None:
        """Publish a fact, as the service that found it does."""
        self.platform.client("sns").publish(
            TopicArn=self.outputs[topic],
            Message=message.model_dump_json(),
            MessageAttributes={"type": {"DataType": "String", "StringValue": message.type}},
        )

    def link(self, verb: Verb, number: int) -> str:
        """Return a link as a message carries it."""
        keys = SecretKeys(self.platform.client("secretsmanager"), "solar-notifier-links")
        links = SignedLinks(keys, self._address(), observability.logger("test"))
        about = {"model_id": MODEL, "version": str(number), "run_id": RUN}
        address = links.address(Offer(verb, "do", about), "ops@example.org", datetime.now(UTC))
        assert address is not None
        return address

    def _address(self) -> str:
        found = self.platform.client("lambda").get_function_url_config(
            FunctionName="solar-notifier-links"
        )
        return str(found["FunctionUrl"])

    def open(
        self, address: str, fields: Mapping[str, str] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Open an address as a browser does, or send a form to it; return status, headers and text."""
        body = urllib.parse.urlencode(fields).encode() if fields is not None else None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(address, data=body, headers=sent)
        try:
            with urllib.request.build_opener(_Stays).open(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read().decode()

    def approval(self, number: int) -> tuple[str, str]:
        """Return what the registry says of a version."""
        found = self.platform.client("sagemaker").describe_model_package(
            ModelPackageName=self.arns[number]
        )
        return found["ModelApprovalStatus"], found.get("ApprovalDescription", "")

    def log(self) -> list[dict[str, Any]]:
        """Return the deployment log, as the command line asks for it."""
        answer = self.platform.client("lambda").invoke(
            FunctionName=names.query_function("deployer"),
            Payload=json.dumps({"query": "deployments", "model_id": MODEL}),
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        log: list[dict[str, Any]] = found["deployments"][MODEL]
        return log
