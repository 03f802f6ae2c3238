"""What things are called in AWS. Nobody else spells a name; `shared/layout.py` does the same for keys.

Every name begins with the prefix of its stage, `solar` or `<stage>-solar`: stages live side by side in
one account. A process belongs to one stage, which the variable NAME_PREFIX says. A name in a template is made
from the parameter NamePrefix; a test compares the two.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from shared.ids import content_id

VARIABLE = "NAME_PREFIX"
_PRODUCT = "solar"
# The stage stands in front: no pattern of one stage, like `solar-*`, matches a name of another.
_STAGE = re.compile(r"[a-z][a-z0-9]{0,7}")
_NEXT, _NEXT_DIGITS = "-next-", 8  # a stage and a model of the longest names leave no more
# How the registry's note of an approval or rejection begins: by whom, and after a colon why.
BY = "by "
BY_POLICY = f"{BY}policy: "  # nobody decided; the run's verdict and the model's policy did


def prefix_of(stage: str) -> str:
    """Return what the names of a stage begin with; without a stage it is `solar`.

    Raises
    ------
    ValueError
        A stage's name is 1 to 8 lower-case letters and digits and begins with a letter.
    """
    if stage in {"", _PRODUCT}:
        return _PRODUCT
    if not _STAGE.fullmatch(stage):
        message = f"{stage!r} is no stage: 1 to 8 lower-case letters and digits, the first a letter"
        raise ValueError(message)
    return f"{stage}-{_PRODUCT}"


def prefix() -> str:
    """Return what the names of this process's stage begin with; metrics have it as their namespace."""
    return os.environ.get(VARIABLE) or _PRODUCT


def all_ours() -> str:
    """Return what the name of everything of ours begins with."""
    return f"{prefix()}-"


def tags() -> dict[str, str]:
    """Return the tags that everything of ours carries: of which product and of which stage it is."""
    return {"project": "solar-retraining", "solar-stage": prefix()}


def is_ours(found: Mapping[str, str]) -> bool:
    """Whether something with these tags is this product's and this stage's.

    What was deployed before there were stages carries no stage, and is of the stage without a name.
    """
    stage = found.get("solar-stage", _PRODUCT)
    return found.get("project") == tags()["project"] and stage == prefix()


def tag_list() -> Any:
    """Return the tags in the form that most AWS calls take."""
    return [{"Key": key, "Value": value} for key, value in tags().items()]


# --- a model's -----------------------------------------------------------------------------------


def endpoint(model_id: str) -> str:
    """Return the endpoint of a model."""
    return f"{prefix()}-{model_id}"


def second_endpoint(model_id: str) -> str:
    """Return the endpoint on which a new version is tested, beside the one that serves.

    The hash keeps it apart from the endpoint of a model that somebody calls `…-next`.
    """
    return f"{endpoint(model_id)}{_NEXT}{content_id(model_id)[:_NEXT_DIGITS]}"


def package_group(model_id: str) -> str:
    """Return the model package group that holds a model's versions."""
    return f"{prefix()}-{model_id}"


def model_of(name: str) -> str:
    """Return the model whose endpoint or model package group this is: both are named alike."""
    short = name.removeprefix(all_ours())
    model_id, _, _ = short.rpartition(_NEXT)
    return model_id if model_id and second_endpoint(model_id) == name else short


def sagemaker_model(model_id: str, version: int, place: str = "") -> str:
    """Return the SageMaker model of a version; at another place (role, network) it is one of its own."""
    return f"{endpoint(model_id)}-v{version}" + (f"-{place}" if place else "")


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


def dashboard(region: str) -> str:
    """Return the dashboard of a Region; an account's dashboards are seen in each of its Regions."""
    return f"{prefix()}-retraining-{region}"


def trail(region: str) -> str:
    """Return the CloudTrail trail of a Region."""
    return f"{prefix()}-trail-{region}"


# --- a service's ---------------------------------------------------------------------------------


def service(name: str) -> str:
    """Return the name of a service's stack, function and table."""
    return f"{prefix()}-{name.replace('_', '-')}"


def inbox(name: str) -> str:
    """Return the queue that a service reads."""
    return f"{service(name)}-inbox"


def dead_letters(name: str) -> str:
    """Return the queue of what a service could not read."""
    return f"{service(name)}-dead-letters"


def query_function(name: str) -> str:
    """Return the function that answers questions about a service."""
    return f"{service(name)}-query"


LIVE = "deployer-live"  # the inbox of what follows a deployment
URGENT = "notifier-urgent"  # the inbox of what is told by itself


def endpoints_function() -> str:
    """Return the function that brings endpoints to what they should be."""
    return f"{service('deployer')}-endpoints"


def model_function() -> str:
    """Return the function that answers for models without an endpoint."""
    return f"{service('deployer')}-model"


def live_function() -> str:
    """Return the function that predicts and scores what comes in."""
    return f"{service('deployer')}-predictions"


def days_table() -> str:
    """Return the deployer's table of predictions and scores by day."""
    return f"{service('deployer')}-days"


def review_function() -> str:
    """Return the function that writes what a day or a week brought."""
    return f"{service('notifier')}-review"


# --- an account's --------------------------------------------------------------------------------


def artifact_bucket(account_id: str, region: str) -> str:
    """Return the bucket of what is deployed."""
    return f"{prefix()}-artifacts-{account_id}-{region}"


def data_bucket(account_id: str, region: str) -> str:
    """Return the data bucket of an account that names none."""
    return f"{prefix()}-data-{account_id}-{region}"


def bootstrap_stack() -> str:
    """Return the stack of what must exist before anything can be deployed."""
    return f"{prefix()}-bootstrap"


def foundation_stack() -> str:
    """Return the stack that all services stand on."""
    return f"{prefix()}-foundation"


def image_repository() -> str:
    """Return the repository of the one container image."""
    return f"{prefix()}-ml"


def pipeline() -> str:
    """Return the pipeline that trains, evaluates and registers."""
    return f"{prefix()}-power-retraining-pipeline"


def sequence() -> str:
    """Return the state machine of a retrain."""
    return f"{prefix()}-retrain"


def on_demand_pipeline() -> str:
    """Return the same pipeline on instances that nobody takes away."""
    return f"{pipeline()}-on-demand"


def links_secret() -> str:
    """Return the secret with the key that signs links."""
    return f"{service('notifier')}-links"


def notices() -> str:
    """Return how the secrets and topics begin that a person makes for recipients of notices."""
    return f"{prefix()}-notices-"
