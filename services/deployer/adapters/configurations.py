"""What endpoints are made of: SageMaker's models, and configurations of endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.deployer.adapters.errors import ABSENT
from services.deployer.domain import deployment
from services.deployer.domain.alarms import VARIANT
from services.deployer.domain.deployment import Version
from shared import layout, names
from shared.aws import error_code
from shared.model_config import EndpointConfig

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_SERVERLESS = "serverless"  # a model that is not isolated is another one


@dataclass(frozen=True, slots=True)
class Configurations:
    """Models and configurations, named by what they hold, so that making one again changes nothing."""

    client: SageMakerClient
    role_arn: str
    key_arn: str
    bucket: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]

    def keep(self, version: Version, config: EndpointConfig) -> str:
        """Create the model and the endpoint configuration of a version where they are missing."""
        name = deployment.configuration_name(version, config)
        is_serverless = config.mode == "serverless"
        model = self._model(version, is_serverless=is_serverless)
        if not self._exists(self.client.describe_endpoint_config, EndpointConfigName=name):
            how = _serverless(config) if is_serverless else self._instances(version, config)
            variant, more = how
            named: Any = {"VariantName": VARIANT, "ModelName": model, **variant}
            self.client.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[named],
                Tags=names.tag_list(),
                **more,
            )
        return name

    def tidy(self, model_id: str, in_use: str) -> None:
        """Delete configurations beyond those kept for a rollback; models cost nothing."""
        pages = self.client.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"{names.endpoint(model_id)}-v",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        named = {
            found["EndpointConfigName"]: found["EndpointConfigArn"]
            for page in pages
            for found in page["EndpointConfigs"]
            if names.is_configuration_of(found["EndpointConfigName"], model_id)
        }
        for name in deployment.disposable(list(named), in_use):
            if self.is_ours(named[name]):
                self.client.delete_endpoint_config(EndpointConfigName=name)

    def is_ours(self, arn: str) -> bool:
        """Whether something carries this product's tags."""
        tags = self.client.list_tags(ResourceArn=arn)["Tags"]
        return names.is_ours({tag["Key"]: tag["Value"] for tag in tags})

    def _model(self, version: Version, *, is_serverless: bool) -> str:
        """Create the model of a version where it is missing.

        AWS takes none in a network, or isolated, for a serverless endpoint.
        """
        subnets = () if is_serverless else self.subnets
        place = deployment.place_name(
            self.role_arn,
            subnets,
            self.security_groups if subnets else (),
            *([_SERVERLESS] if is_serverless else []),
        )
        name = names.sagemaker_model(version.model_id, version.number, place)
        vpc: dict[str, Any] = {}
        if subnets:
            private = {"Subnets": list(subnets), "SecurityGroupIds": list(self.security_groups)}
            vpc = {"VpcConfig": private}
        if not self._exists(self.client.describe_model, ModelName=name):
            self.client.create_model(
                ModelName=name,
                ExecutionRoleArn=self.role_arn,
                EnableNetworkIsolation=not is_serverless,
                PrimaryContainer={
                    "Image": version.image_uri,
                    "ModelDataUrl": version.model_data_url,
                    "Environment": {"SOLAR_MODEL_PACKAGE_VERSION": str(version.number)},
                },
                Tags=names.tag_list(),
                **vpc,
            )
        return name

    def _instances(
        self, version: Version, config: EndpointConfig
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a variant of instances has, and what is kept of its requests."""
        variant = {
            "InstanceType": config.instance_type,
            "InitialInstanceCount": config.instance_count,
            "InitialVariantWeight": 1.0,
        }
        captured = {
            "EnableCapture": config.capture_percent > 0,
            "InitialSamplingPercentage": config.capture_percent,
            "DestinationS3Uri": layout.uri(self.bucket, f"captured/{version.model_id}"),
            "KmsKeyId": self.key_arn,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
        return variant, {"KmsKeyId": self.key_arn, "DataCaptureConfig": captured}

    @staticmethod
    def _exists(describe: Any, **name: str) -> bool:
        try:
            describe(**name)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return False
            raise
        return True


def _serverless(config: EndpointConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a serverless variant has: AWS takes no instances, capture, key or network with it."""
    scaled = {"MemorySizeInMB": config.memory_mb, "MaxConcurrency": config.maximum_concurrency}
    return {"ServerlessConfig": scaled}, {}
