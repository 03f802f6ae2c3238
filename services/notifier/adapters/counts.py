"""How often something happened, from CloudWatch's metrics, which it keeps by the day for fifteen months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared import names
from shared.aws import error_code
from shared.errors import RetryableError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MetricCounts:
    """Implements the port `Counts`."""

    client: CloudWatchClient

    def by_day(self, name: str, service: str, first: date, last: date) -> Mapping[date, int]:
        """Return a service's count for each day (UTC) on which there was one."""
        try:
            answer = self.client.get_metric_statistics(
                Namespace=names.prefix(),
                MetricName=name,
                Dimensions=[{"Name": "service", "Value": service}],
                StartTime=datetime.combine(first, time(), UTC),
                EndTime=datetime.combine(last + _DAY, time(), UTC),
                Period=int(_DAY.total_seconds()),
                Statistics=["Sum"],
            )
        except ClientError as error:
            message = f"AWS refused with {error_code(error)}"
            raise RetryableError(message) from error
        except BotoCoreError as error:
            message = f"it cannot be reached ({type(error).__name__})"
            raise RetryableError(message) from error
        return {
            each["Timestamp"].astimezone(UTC).date(): round(each["Sum"])
            for each in answer["Datapoints"]
        }
