"""What AWS refuses of serverless endpoints; the documentation calls it feature exclusions."""

from __future__ import annotations

from infra.local.sagemaker.errors import ApiError, invalid
from infra.local.sagemaker.store import Record

MOST_ENDPOINTS = 50  # of an account and Region, unless AWS raises it
LARGEST_BODY = 4 * 1024 * 1024  # [bytes]
_MEMORY_STEP, _MOST_MEMORY = 1024, 6144  # [MiB]
_OF_INSTANCES = ("InstanceType", "InitialInstanceCount", "AcceleratorType", "VolumeSizeInGB")


def is_serverless(config: Record) -> bool:
    """Whether an endpoint configuration has no instances."""
    return any("ServerlessConfig" in each for each in config["ProductionVariants"])


def check_config(request: Record) -> None:
    """Refuse a configuration that AWS does not take.

    Raises
    ------
    ApiError
        Names the first thing that a serverless endpoint cannot have.
    """
    variants = request["ProductionVariants"]
    if not is_serverless(request):
        return
    if len(variants) > 1:
        raise invalid("A serverless endpoint has one production variant only.")
    (variant,) = variants
    for member in _OF_INSTANCES:
        if member in variant:
            raise invalid(f"{member} cannot be used with ServerlessConfig.")
    memory = variant["ServerlessConfig"]["MemorySizeInMB"]
    if memory % _MEMORY_STEP or not _MEMORY_STEP <= memory <= _MOST_MEMORY:
        raise invalid(f"MemorySizeInMB must be 1024 to 6144 in steps of 1024, not {memory}.")
    for member in ("DataCaptureConfig", "ShadowProductionVariants", "VpcConfig"):
        if member in request:
            raise invalid(f"{member} is not supported for serverless endpoints.")


def check_model(config: Record, model: Record) -> None:
    """Refuse a model that is in a network, or isolated from it."""
    if not is_serverless(config):
        return
    if model.get("VpcConfig"):
        raise invalid("VpcConfig is not supported for serverless endpoints.")
    if model.get("EnableNetworkIsolation"):
        raise invalid("EnableNetworkIsolation is not supported for serverless endpoints.")


def check_count(configs: list[Record]) -> None:
    """Refuse one endpoint more than the quota.

    Parameters
    ----------
    configs
        Of the endpoints that there are.
    """
    if sum(map(is_serverless, configs)) >= MOST_ENDPOINTS:
        message = f"The account-level service limit for serverless endpoints is {MOST_ENDPOINTS}."
        raise ApiError("ResourceLimitExceeded", message)


def check_update(before: Record, after: Record, deployment: Record) -> None:
    """Refuse what AWS does not make of an endpoint, or not in this way."""
    if not is_serverless(before) and is_serverless(after):
        raise invalid("An instance-based endpoint cannot be updated to a serverless one.")
    if not is_serverless(after):
        return
    if "RollingUpdatePolicy" in deployment:
        raise invalid("Rolling deployments are not supported for serverless endpoints.")
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    if routing.get("Type", "ALL_AT_ONCE") != "ALL_AT_ONCE":
        raise invalid("A serverless variant has no instances among which traffic could be divided.")
