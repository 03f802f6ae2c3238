"""Where a deployment goes: which account, Region and bucket, checked before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.session import Session

from infra.deploy.errors import DeployError
from infra.local.environment import keep_off_proxies
from shared import names
from shared.aws import error_code, region_of, session_of

DEFAULT_REGION = "us-east-1"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,53}[a-z0-9]")
# CloudFormation and IAM throttle an account that many use at once.
_PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 12})
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Target:
    """A checked place to deploy to."""

    kind: str
    session: Session
    account_id: str
    region: str
    data_bucket: str
    adopt_data_bucket: bool
    sagemaker_role_arn: str | None

    @property
    def artifact_bucket(self) -> str:
        """Name of the bucket of code and definitions."""
        return names.artifact_bucket(self.account_id, self.region)

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """What every template may name without declaring it."""
        return {
            "AWS::AccountId": self.account_id,
            "AWS::Partition": self.session.get_partition_for_region(self.region),
            "AWS::Region": self.region,
        }

    def client(self, service: str) -> Any:
        """Return a client of an AWS service."""
        return _client(self.session, service)


def find(environment: Mapping[str, str]) -> Target:
    """Read and check the environment: credentials, Region, bucket and role.

    Parameters
    ----------
    environment
        `AWS_REGION`, `AWS_DEFAULT_REGION`, `S3_BUCKET`, `SAGEMAKER_ROLE_ARN`, `AWS_ENDPOINT_URL`; all
        optional.

    Raises
    ------
    DeployError
        No credentials, an account that is not the role's, a bucket of somebody else.
    """
    region = region_of(environment) or _of_profile() or DEFAULT_REGION
    if _is_local(environment):
        keep_off_proxies()
    session = session_of(region)
    account_id = _account(session)
    role = environment.get("SAGEMAKER_ROLE_ARN")
    check_role(role or "", account_id)
    deployed = _deployed_bucket(session)
    bucket = environment.get("S3_BUCKET") or deployed or names.data_bucket(account_id, region)
    check_bucket_name(bucket)
    if deployed and deployed != bucket:
        raise DeployError(
            f"this system is deployed with the bucket {deployed}, but S3_BUCKET says {bucket}. The ledger "
            f"knows the files of {deployed}: unset S3_BUCKET, or destroy the system first"
        )
    return Target(
        kind="local" if _is_local(environment) else "aws",
        session=session,
        account_id=account_id,
        region=region,
        data_bucket=bucket,
        adopt_data_bucket=_exists(session, bucket) and not _is_ours(session, bucket),
        sagemaker_role_arn=role,
    )


def _of_profile() -> str | None:
    """Return the Region of the profile in force; the command line talks to that one, too."""
    try:
        region: str | None = Session().get_config_variable("region")
    except ProfileNotFound as error:
        raise DeployError(f"{error}; correct AWS_PROFILE") from error
    return region


@lru_cache(maxsize=32)  # making one takes a twentieth of a second, and a deployment asks for fifty
def _client(session: Session, service: str) -> Any:
    return session.create_client(service, config=_PATIENT)


def _is_local(environment: Mapping[str, str]) -> bool:
    return urlsplit(environment.get("AWS_ENDPOINT_URL", "")).hostname in _LOOPBACK


def _account(session: Session) -> str:
    try:
        return str(_client(session, "sts").get_caller_identity()["Account"])
    except NoCredentialsError as error:
        raise DeployError(
            "no AWS credentials were found. Set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (or run `aws sso login`), then deploy again. "
            "Without AWS, `make demo` runs everything on this machine."
        ) from error
    except EndpointConnectionError as error:
        raise DeployError(
            f"{error}. If this is the local platform, start it with `solar local up`."
        ) from error
    except ClientError as error:
        raise DeployError(
            f"AWS does not accept the credentials ({error_code(error)}); renew them and try again"
        ) from error


def check_bucket_name(bucket: str) -> None:
    """Refuse a name that AWS would refuse, or that leaves no room for `-trail`.

    Raises
    ------
    DeployError
        Says what a name may be.
    """
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise DeployError(
            f"S3_BUCKET={bucket!r} is no usable name: 3-55 lower-case letters, digits, hyphens"
        )


def check_role(role: str, account_id: str) -> None:
    """Refuse a role that is none, is still the page's placeholder, or is of another account.

    Raises
    ------
    DeployError
        Says which, and what to write.
    """
    if not role:
        return
    match = re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}|YOUR_ACCOUNT):role/(.+)", role)
    if match is None:
        raise DeployError(f"SAGEMAKER_ROLE_ARN={role!r} is no role's ARN")
    if match[1] == "YOUR_ACCOUNT":
        raise DeployError(
            f"SAGEMAKER_ROLE_ARN still says YOUR_ACCOUNT; write {account_id}, "
            "or unset it: a role with exactly the rights needed is then created"
        )
    if match[1] != account_id:
        raise DeployError(
            f"wrong account: the credentials are of {account_id}, SAGEMAKER_ROLE_ARN is of {match[1]}"
        )


def _exists(session: Session, bucket: str) -> bool:
    """Whether there is such a bucket; one of another Region could tell no topic of this one what changes."""
    here = session.get_config_variable("region")
    try:
        found = _client(session, "s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error_code(error)
        if code in {"404", "NoSuchBucket"}:
            return False
        if code in {"403", "AccessDenied"}:
            raise DeployError(
                f"bucket {bucket} exists and belongs to another account or is closed to these "
                "credentials; choose another S3_BUCKET"
            ) from error
        raise
    there = found.get("BucketRegion", here)
    if there != here:
        raise DeployError(
            f"bucket {bucket} is in {there}, and this is {here}: say --region {there}, or choose another "
            "S3_BUCKET"
        )
    return True


def _deployed_bucket(session: Session) -> str:
    """Return the bucket that the system is deployed with, or '' where it is not deployed."""
    try:
        found = _client(session, "cloudformation").describe_stacks(
            StackName=names.foundation_stack()
        )
    except ClientError as error:
        if error_code(error) == "ValidationError":
            return ""
        raise
    outputs = found["Stacks"][0].get("Outputs", [])
    return next((o["OutputValue"] for o in outputs if o["OutputKey"] == "DataBucketName"), "")


def _is_ours(session: Session, bucket: str) -> bool:
    """Whether a deployment of ours made a bucket, be its stack there or not."""
    if _stack_owns(session, bucket):
        return True
    try:
        found = _client(session, "s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error_code(error) == "NoSuchTagSet":
            return False
        raise
    return names.is_ours({tag["Key"]: tag["Value"] for tag in found})


def _stack_owns(session: Session, bucket: str) -> bool:
    try:
        found = _client(session, "cloudformation").describe_stack_resource(
            StackName=names.foundation_stack(), LogicalResourceId="DataBucket"
        )
    except ClientError as error:
        if error_code(error) in {"ValidationError", "ResourceNotFoundException"}:
            return False
        raise
    return bool(found["StackResourceDetail"]["PhysicalResourceId"] == bucket)
