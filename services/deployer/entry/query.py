"""Answers `{"query": "deployments" | "served" | "holds" | "scorecard" | "predictions", …}`."""

from __future__ import annotations

from typing import Any

from services.deployer.composition import answering
from services.deployer.settings import QuerySettings

answers = answering(QuerySettings.from_environment())


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Answer one question."""
    return answers.answer(event)
