"""One renderer per thing that people care about: what happened, why, what next, what it cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notifier.domain.notice import Notice
from services.notifier.domain.rendering import cloud, data, deployment, live, training
from shared import messages
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming

# What is told to machines only: commands, timers, and the single files that a retrain sums up.
SILENT: frozenset[type[Any]] = frozenset(
    {
        messages.DataAccepted,
        messages.FileSettled,  # told with those like it, by the case that it belongs to
        messages.ReleaseRequested,
        messages.RedriveRequested,
        messages.RemoveRequested,
        messages.DismissRequested,
        messages.TrustRequested,
        messages.SourcesDue,
        messages.RetrainRequested,
        messages.HoldRequested,
        messages.DecisionRequested,
        messages.EvaluationDue,
        messages.DeploymentCheckDue,
        messages.PredictionsMade,
        messages.ForecastIssued,
        messages.ReviewWritten,  # what it tells stands in the review
        messages.SweepDue,
    }
)

RENDERERS: dict[type[Any], Callable[[Any], Notice]] = {
    **data.RENDERERS,
    **training.RENDERERS,
    **deployment.RENDERERS,
    **live.RENDERERS,
}


def render(incoming: Incoming, now: datetime) -> Notice | None:
    """Return what people are told of something, or None where they need not be.

    Parameters
    ----------
    incoming
        A message, an alarm (without what is known of its beginning) or a budget.
    now
        When it came, for what carries no time of its own.
    """
    if isinstance(incoming, AlarmChanged):
        return cloud.alarm(incoming)
    if isinstance(incoming, BudgetExceeded):
        return cloud.budget(incoming, now)
    renderer = RENDERERS.get(type(incoming))
    return renderer(incoming) if renderer else None
