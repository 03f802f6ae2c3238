"""Answers for models without an endpoint: `{"model_id", "request", "version"?}`."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.deployer import composition
from services.deployer.inference.function import Answers
from services.deployer.settings import QuerySettings


@cache
def answers() -> Answers:
    """Wire the function, once per process."""
    return composition.model_answers(QuerySettings.from_environment())


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Answer one request as an endpoint would."""
    return answers().answer(event)
