"""The model registry: one group per model, one package per version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.trainer_trigger.domain.model_state import ApprovedVersion
from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import InvalidCardError
from shared import layout, names
from shared.aws import S3Objects, error_code

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, slots=True)
class SageMakerRegistry:
    """The model registry: one group per model, one package per version."""

    client: SageMakerClient
    objects: S3Objects

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]:
        """Yield the approved versions, newest first; a barred one is rejected in the registry."""
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=names.package_group(model_id),
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        try:
            arns = [
                each["ModelPackageArn"]
                for page in pages
                for each in page["ModelPackageSummaryList"]
            ]
        except ClientError as error:
            if error_code(error) in {"ValidationException", "ResourceNotFound"}:
                return
            raise
        for arn in arns:
            package = self.client.describe_model_package(ModelPackageName=arn)
            yield ApprovedVersion(
                version=package["ModelPackageVersion"],
                package_arn=arn,
                model_data_url=package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"],
                created_at=package["CreationTime"],
                dataset_id=package.get("CustomerMetadataProperties", {}).get("dataset_id"),
            )

    def ensure_group(self, model_id: str) -> None:
        """Create a model's package group where it is missing."""
        try:
            self.client.create_model_package_group(
                ModelPackageGroupName=names.package_group(model_id),
                ModelPackageGroupDescription=f"Versions of the solar power model {model_id}",
                Tags=names.tag_list(),
            )
        except ClientError as error:
            if error_code(error) not in {"ValidationException", "ConflictException"}:
                raise
            self.client.describe_model_package_group(
                ModelPackageGroupName=names.package_group(model_id)
            )

    def lend_champion(self, run: Run) -> None:
        """Copy the champion that a run compares with to where its evaluation reads; `null` without one.

        A champion that was taken back since the run was opened, or whose files are gone, is named with
        the reason: a person decides about its successor.
        """
        lent: dict[str, Any] = {"version": run.champion_version}
        if run.champion_version is not None:
            lent |= self._lend(run)
        self.objects.create(
            f"{layout.champion(run.run_id)}champion.json", json.dumps(lent).encode()
        )

    def _lend(self, run: Run) -> dict[str, str]:
        found = (
            each for each in self.approved(run.model_id) if each.version == run.champion_version
        )
        champion = next(found, None)
        if champion is None:
            return {"note": "it is no longer approved in the registry"}
        bucket, _, key = champion.model_data_url.removeprefix("s3://").partition("/")
        try:
            self.objects.client.copy_object(
                Bucket=self.objects.bucket,
                Key=f"{layout.champion(run.run_id)}model.tar.gz",
                CopySource={"Bucket": bucket, "Key": key},
            )
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "404"}:
                raise
            return {"note": f"its files are gone: {champion.model_data_url}"}
        return {"model_package_arn": champion.package_arn}

    def describe(
        self, package_arn: str, card: Mapping[str, Any], properties: Mapping[str, str]
    ) -> None:
        """Write a version's card and properties into its entry; the same again changes nothing."""
        try:
            self.client.update_model_package(
                ModelPackageArn=package_arn,
                ModelCard={
                    "ModelCardContent": json.dumps(card, ensure_ascii=False, sort_keys=True),
                    "ModelCardStatus": "Draft",  # people review it; approval is another matter
                },
                CustomerMetadataProperties=dict(properties),
            )
        except ClientError as error:
            if error_code(error) == "ValidationException":
                raise InvalidCardError(error.response["Error"].get("Message", "")) from error
            raise

    def approve(self, package_arn: str, why: str) -> None:
        """Approve a version; the deployer hears of it from the registry."""
        package = self.client.describe_model_package(ModelPackageName=package_arn)
        if package["ModelApprovalStatus"] != "PendingManualApproval":
            return  # approved before, or a person decided otherwise meanwhile
        self.client.update_model_package(
            ModelPackageArn=package_arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription=f"{names.BY_POLICY}{why}"[:1024],
        )
