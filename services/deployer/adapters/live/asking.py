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
from services.deployer.domain.live.predicted import Answered, SilentError, Weather
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
        SilentError
            The endpoint does not answer, whatever it is asked.
        NotReadyError
            The model refuses these rows, or answers not for all of them; the message says which.
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
            raise _unanswered(model_id, error) from error
        except BotoCoreError as error:
            message = f"the endpoint of {model_id} does not answer: {error}"
            raise SilentError(message) from error
        except ValueError as error:
            message = f"the endpoint of {model_id} does not answer: {error}"
            raise NotReadyError(message) from error
        return _divided(model_id, version, body, asked)


def _rows(asked: Weather) -> list[dict[str, Any]]:
    times = np.datetime_as_string(asked.times.astype("datetime64[s]")).tolist()
    columns = {name: values.tolist() for name, values in asked.columns.items()}
    issues = _issues(asked)
    return [
        {
            "site_id": asked.site_id,
            "timestamp": f"{time}Z",
            **(issues[place] if issues else {}),
            **{
                name: None if math.isnan(values[place]) else values[place]
                for name, values in columns.items()
            },
        }
        for place, time in enumerate(times)
    ]


def _issues(asked: Weather) -> list[dict[str, str]]:
    """Return by whom and when each row was issued; nothing for measured weather."""
    if not asked.provider:
        return []
    moments = np.datetime_as_string(asked.issued_at.astype("datetime64[s]")).tolist()
    return [{"provider": asked.provider, "issued_at": f"{moment}Z"} for moment in moments]


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


def _unanswered(model_id: str, error: ClientError) -> NotReadyError:
    code = error_code(error)
    said = str(error.response.get("OriginalMessage", ""))[:300]
    if code != MODEL_ERROR:
        return SilentError(f"the endpoint of {model_id} does not answer: {code}")
    if error.response.get("OriginalStatusCode") == 0:  # the container took too long
        return SilentError(f"the model behind the endpoint of {model_id} does not answer: {said}")
    return NotReadyError(f"the model behind the endpoint of {model_id} refuses: {said}")
