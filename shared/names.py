"""What things are called in AWS. Nobody else spells a name; `shared/layout.py` does the same for keys.

A name in a template is made from parameters of the stack; a test compares the two.
"""

from __future__ import annotations

import re
from typing import Any

from shared.ids import content_id

PREFIX = "solar"
TAGS = {"project": "solar-retraining"}
BOOTSTRAP_STACK = f"{PREFIX}-bootstrap"
FOUNDATION_STACK = f"{PREFIX}-foundation"
PIPELINE = "solar-power-retraining-pipeline"
ENDPOINTS_FUNCTION = f"{PREFIX}-deployer-endpoints"
LIVE = "deployer-live"  # the inbox of what follows a deployment
LIVE_FUNCTION = f"{PREFIX}-deployer-predictions"
REVIEW_FUNCTION = f"{PREFIX}-notifier-review"
DAYS_TABLE = f"{PREFIX}-deployer-days"
IMAGE_REPOSITORY = f"{PREFIX}-ml"
# How the registry's note of an approval or rejection begins: by whom, and after a colon why.
BY = "by "
BY_POLICY = f"{BY}policy: "  # nobody decided; the run's verdict and the model's policy did
ALL_OURS = f"{PREFIX}-"  # what the name of everything of ours begins with
MODEL_FUNCTION = f"{PREFIX}-deployer-model"  # answers for models without an endpoint
_NEXT, _NEXT_DIGITS = "-next-", 12


def tag_list() -> Any:
    """Return the tags in the form that most AWS calls take."""
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]


# --- a model's -----------------------------------------------------------------------------------


def endpoint(model_id: str) -> str:
    """Return the endpoint of a model."""
    return f"{PREFIX}-{model_id}"


def second_endpoint(model_id: str) -> str:
    """Return the endpoint on which a new version is tested, beside the one that serves.

    The hash keeps it apart from the endpoint of a model that somebody calls `…-next`.
    """
    return f"{endpoint(model_id)}{_NEXT}{content_id(model_id)[:_NEXT_DIGITS]}"


def package_group(model_id: str) -> str:
    """Return the model package group that holds a model's versions."""
    return f"{PREFIX}-{model_id}"


def model_of(name: str) -> str:
    """Return the model whose endpoint or model package group this is: both are named alike."""
    model_id, _, _ = name.removeprefix(ALL_OURS).rpartition(_NEXT)
    return (
        model_id if model_id and second_endpoint(model_id) == name else name.removeprefix(ALL_OURS)
    )


def sagemaker_model(model_id: str, version: int, network: str = "") -> str:
    """Return the SageMaker model of a version; in a private network it is one of its own."""
    return f"{endpoint(model_id)}-v{version}" + (f"-{network}" if network else "")


def endpoint_configuration(model_id: str, version: int, settings: str) -> str:
    """Return the endpoint configuration of a version; `settings` is a hash of how it is served."""
    return f"{sagemaker_model(model_id, version)}-{settings[:8]}"


def version_of_configuration(name: str) -> int | None:
    """Return the version in an endpoint configuration's name, or None for a name that is not ours."""
    match = re.search(r"-v(\d+)-[0-9a-f]{8}$", name)
    return int(match[1]) if match else None


def is_configuration_of(name: str, model_id: str) -> bool:
    """Whether a name is one of a model's endpoint configurations."""
    return bool(re.fullmatch(rf"{re.escape(endpoint(model_id))}-v\d+-[0-9a-f]{{8}}", name))


def endpoint_alarm(model_id: str, watch: str) -> str:
    """Return the alarm that watches something of a model's endpoint."""
    return f"{endpoint(model_id)}-endpoint-{watch}"


# --- a service's ---------------------------------------------------------------------------------


def service(name: str) -> str:
    """Return the name of a service's stack, function and table."""
    return f"{PREFIX}-{name.replace('_', '-')}"


def inbox(name: str) -> str:
    """Return the queue that a service reads."""
    return f"{service(name)}-inbox"


def dead_letters(name: str) -> str:
    """Return the queue of what a service could not read."""
    return f"{service(name)}-dead-letters"


def query_function(name: str) -> str:
    """Return the function that answers questions about a service."""
    return f"{service(name)}-query"


# --- an account's --------------------------------------------------------------------------------


def artifact_bucket(account_id: str, region: str) -> str:
    """Return the bucket of what is deployed."""
    return f"{PREFIX}-artifacts-{account_id}-{region}"


def data_bucket(account_id: str, region: str) -> str:
    """Return the data bucket of an account that names none."""
    return f"{PREFIX}-data-{account_id}-{region}"
