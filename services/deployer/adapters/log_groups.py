"""The log groups of endpoints: SageMaker would make them without an end, so they are made before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.deployer.adapters.fault_log import GROUP
from shared import names
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(frozen=True, slots=True)
class LogGroups:
    """Log groups with an end."""

    logs: CloudWatchLogsClient
    days: int

    def keep(self, endpoint: str) -> None:
        """Let an endpoint's log end after so many days; repeating it changes nothing."""
        group = f"{GROUP}{endpoint}"
        try:
            self.logs.create_log_group(logGroupName=group, tags=names.tags())
        except ClientError as error:
            if error_code(error) != "ResourceAlreadyExistsException":
                raise
        self.logs.put_retention_policy(logGroupName=group, retentionInDays=self.days)
