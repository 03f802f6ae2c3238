"""The model registry: which versions exist, which are approved, and which are barred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.deployer.adapters.errors import ABSENT
from services.deployer.domain.deployment import BARRED, Version
from shared import names
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType


@dataclass(frozen=True, slots=True)
class SageMakerRegistry:
    """The model registry."""

    client: SageMakerClient

    def approved(self, model_id: str) -> tuple[int, ...]:
        """Return the approved versions of a model, newest first, in one call for each hundred."""
        return tuple(sorted(self._registered(model_id, "Approved"), reverse=True))

    def pending(self, model_id: str) -> dict[int, datetime]:
        """Return the versions that wait for a person's approval, and when each was registered."""
        return self._registered(model_id, "PendingManualApproval")

    def _registered(self, model_id: str, approval: ModelApprovalStatusType) -> dict[int, datetime]:
        """Return when each version with some approval was registered."""
        try:
            pages = self.client.get_paginator("list_model_packages").paginate(
                ModelPackageGroupName=names.package_group(model_id),
                ModelApprovalStatus=approval,
                PaginationConfig={"PageSize": 100},
            )
            return {
                found["ModelPackageVersion"]: found["CreationTime"]
                for page in pages
                for found in page["ModelPackageSummaryList"]
            }
        except ClientError as error:
            if error_code(error) in ABSENT:
                return {}
            raise

    def version(self, model_id: str, number: int) -> Version | None:
        """Return a version whatever its approval, or None where there is no such version."""
        group = names.package_group(model_id)
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group
        )
        for page in pages:
            for found in page["ModelPackageSummaryList"]:
                if found["ModelPackageVersion"] == number:
                    arn = found["ModelPackageArn"]
                    return _version(self.client.describe_model_package(ModelPackageName=arn))
        return None

    def newest(self, model_id: str) -> Version | None:
        """Return the version that was registered last, or None where there is none."""
        try:
            answer = self.client.list_model_packages(
                ModelPackageGroupName=names.package_group(model_id),
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=1,
            )
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        for found in answer["ModelPackageSummaryList"]:
            arn = found["ModelPackageArn"]
            return _version(self.client.describe_model_package(ModelPackageName=arn))
        return None

    def bar(self, version: Version, reason: str) -> None:
        """Reject a version in the registry, so that nobody deploys or compares with it again."""
        self.client.update_model_package(
            ModelPackageArn=version.package_arn,
            ModelApprovalStatus="Rejected",
            ApprovalDescription=f"{BARRED}{reason}"[:1024],
        )

    def decide(self, version: Version, note: str, *, approve: bool) -> None:
        """Approve or reject a version, with a person's note."""
        self.client.update_model_package(
            ModelPackageArn=version.package_arn,
            ModelApprovalStatus="Approved" if approve else "Rejected",
            ApprovalDescription=note,
        )


def _version(found: Any) -> Version:
    container = found["InferenceSpecification"]["Containers"][0]
    about = found.get("CustomerMetadataProperties", {})
    return Version(
        model_id=names.model_of(found["ModelPackageGroupName"]),
        number=found["ModelPackageVersion"],
        package_arn=found["ModelPackageArn"],
        image_uri=container["Image"],
        model_data_url=container["ModelDataUrl"],
        run_id=about.get("run_id"),
        dataset_id=about.get("dataset_id"),
        is_approved=found["ModelApprovalStatus"] == "Approved",
        approval_note=found.get("ApprovalDescription", ""),
        decided_at=found.get("LastModifiedTime"),
        is_unchecked=about.get("unchecked") == "true",
        is_urgent=about.get("now") == "true",
        is_waiting=found["ModelApprovalStatus"] == "PendingManualApproval",
    )
