"""Asks an endpoint about rows of many sites at once."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from services.deployer.adapters.endpoints import answering_version
from services.deployer.adapters.errors import MODEL_ERROR
from services.deployer.domain.live.predicted import Answered, Weather
from shared import names
from shared.aws import error_code
from shared.errors import NotReadyError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_VALUES = ("power_ac", "p10", "p90")
_PLAIN = "unadjusted"


@dataclass(frozen=True, slots=True)
class EndpointPredictions:
    """Asks a model's endpoint; what it answers is believed only as a whole."""

    runtime: SageMakerRuntimeClient

    def ask(self, model_id: str, asked: Sequence[Weather]) -> list[Answered]:
        """Return the answer for each site's rows, of one call.

        Parameters
        ----------
        asked
            At most one per site: rows of the same time would be one row to a model.

        Raises
        ------
        NotReadyError
            The endpoint does not answer, or not for all rows; the message says which.
        """
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=names.endpoint(model_id),
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps({"rows": [row for each in asked for row in _rows(each)]}),
            )
            body = json.loads(answer["Body"].read())
            version = answering_version(answer.get("CustomAttributes", ""))
        except ClientError as error:
            raise NotReadyError(_why(model_id, error)) from error
        except (BotoCoreError, ValueError) as error:
            message = f"the endpoint of {model_id} does not answer: {error}"
            raise NotReadyError(message) from error
        return _divided(model_id, version, body, asked)


def _rows(asked: Weather) -> list[dict[str, Any]]:
    times = np.datetime_as_string(asked.times.astype("datetime64[s]")).tolist()
    columns = {name: values.tolist() for name, values in asked.columns.items()}
    return [
        {
            "site_id": asked.site_id,
            "timestamp": f"{time}Z",
            **{
                name: None if math.isnan(values[place]) else values[place]
                for name, values in columns.items()
            },
        }
        for place, time in enumerate(times)
    ]


def _divided(
    model_id: str, version: int | None, body: dict[str, Any], asked: Sequence[Weather]
) -> list[Answered]:
    found, wanted = body.get("predictions", []), sum(len(each.times) for each in asked)
    if len(found) != wanted:
        message = f"the endpoint of {model_id} answers {len(found)} of {wanted} rows"
        raise NotReadyError(message)
    try:
        values = np.array(
            [[*(row[name] for name in _VALUES), row.get(_PLAIN, row[_VALUES[0]])] for row in found],
            dtype=float,
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"the endpoint of {model_id} answers without {error}"
        raise NotReadyError(message) from error
    if not np.isfinite(values).all():
        message = f"the endpoint of {model_id} answers what is no number"
        raise NotReadyError(message)
    inputs = tuple(body.get("model", {}).get("inputs", ()))
    answers, start = [], 0
    for each in asked:
        part = values[start : start + len(each.times)]
        start += len(each.times)
        power, p10, p90, unadjusted = part.T
        answers.append(Answered(version, power, p10, p90, unadjusted, inputs))
    return answers


def _why(model_id: str, error: ClientError) -> str:
    code = error_code(error)
    if code == MODEL_ERROR:
        said = str(error.response.get("OriginalMessage", ""))[:300]
        return f"the model behind the endpoint of {model_id} refuses: {said}"
    return f"the endpoint of {model_id} does not answer: {code}"
