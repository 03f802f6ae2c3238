"""Asks whoever serves a model about rows of many sites at once."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.deployer.adapters.endpoints import answering_version
from services.deployer.adapters.lines import OK, TOO_LONG, Line, Reply
from services.deployer.domain.live.predicted import Answered, SilentError, Weather
from shared.errors import NotReadyError

_VALUES = ("power_ac", "p10", "p90")
_PLAIN = "unadjusted"


@dataclass(frozen=True, slots=True)
class Predictions:
    """Asks whoever serves a model; what is answered is believed only as a whole."""

    line: Line

    def ask(self, model_id: str, asked: Sequence[Weather]) -> list[Answered]:
        """Return the answer for each site's rows, of one call.

        Parameters
        ----------
        asked
            At most one per site: rows of the same time would be one row to a model.

        Raises
        ------
        SilentError
            Nothing answers, whatever it is asked.
        NotReadyError
            The model refuses these rows, or answers not for all of them; the message says which.
        """
        request = {"rows": [row for each in asked for row in _rows(each)]}
        try:
            reply = self.line.call(model_id, request)
        except NotReadyError as error:
            raise SilentError(str(error)) from error
        if reply.status != OK:
            raise _refused(model_id, reply)
        try:
            body = json.loads(reply.said)
        except ValueError as error:
            message = f"what serves {model_id} does not answer: {error}"
            raise NotReadyError(message) from error
        return _divided(model_id, answering_version(reply.attributes), body, asked)


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


def _refused(model_id: str, reply: Reply) -> NotReadyError:
    if reply.status == TOO_LONG:
        return SilentError(
            f"the model behind the endpoint of {model_id} does not answer: {reply.said[:300]}"
        )
    return NotReadyError(f"the model behind the endpoint of {model_id} refuses: {reply.said[:300]}")
