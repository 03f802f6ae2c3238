"""The messages the services exchange: one frozen model per message and version.

Facts are in the past tense, commands end in `Requested` or `Due`. A change that a reader could trip on
is a new version beside the old one. Samples of every version stand in tests/events/.
"""

from __future__ import annotations

from shared.messages.data import (
    ConfigAccepted,
    ConfigRejected,
    DataAccepted,
    DataWithdrawn,
    DismissRequested,
    FileQuarantined,
    FileSettled,
    ReleaseRequested,
    RemoveRequested,
    SiteSilent,
    SourcesDue,
    SourceSuspect,
    TrustRequested,
)
from shared.messages.deployment import (
    AccuracyDegraded,
    DecisionOvertaken,
    DeploymentCheckDue,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ForecastIssued,
    ModelDeployed,
    ModelHeld,
    ModelReleased,
    PredictionsMade,
    SiteEnergy,
    TomorrowForecast,
    VersionDecided,
)
from shared.messages.message import Message, Name, NonNegative
from shared.messages.people import (
    RedriveRequested,
    ReviewWritten,
    SweepDue,
)
from shared.messages.reading import AnyMessage, read
from shared.messages.training import (
    ChallengerRegistered,
    ChallengerRejected,
    DecisionRequested,
    EvaluationDue,
    HoldRequested,
    RetrainFailed,
    RetrainRequested,
    RetrainStarted,
    RollbackRequested,
)

__all__ = [
    "AccuracyDegraded",
    "AnyMessage",
    "ChallengerRegistered",
    "ChallengerRejected",
    "ConfigAccepted",
    "ConfigRejected",
    "DataAccepted",
    "DataWithdrawn",
    "DecisionOvertaken",
    "DecisionRequested",
    "DeploymentCheckDue",
    "DeploymentFailed",
    "DeploymentRolledBack",
    "DeploymentStarted",
    "DismissRequested",
    "EvaluationDue",
    "FileQuarantined",
    "FileSettled",
    "ForecastIssued",
    "HoldRequested",
    "Message",
    "ModelDeployed",
    "ModelHeld",
    "ModelReleased",
    "Name",
    "NonNegative",
    "PredictionsMade",
    "RedriveRequested",
    "ReleaseRequested",
    "RemoveRequested",
    "RetrainFailed",
    "RetrainRequested",
    "RetrainStarted",
    "ReviewWritten",
    "RollbackRequested",
    "SiteEnergy",
    "SiteSilent",
    "SourceSuspect",
    "SourcesDue",
    "SweepDue",
    "TomorrowForecast",
    "TrustRequested",
    "VersionDecided",
    "read",
]
