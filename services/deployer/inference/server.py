"""The process behind an endpoint: load and check the model, then listen."""

from __future__ import annotations

import os

import uvicorn

from services.deployer.inference.app import Service, create_app
from shared.container import ContainerSettings
from shared.settings import Settings
from shared.solar import artifact
from shared.solar.predictor import Predictor

MODEL = "/opt/ml/model"
_NOBODY = 65534
_GRACE_SECONDS = 20  # SageMaker kills 30 s after SIGTERM


class ServerSettings(Settings):
    """What SageMaker and the deployment say to the server."""

    sagemaker_bind_to_port: int = 8080
    solar_model_package_version: int | None = None


def run(container: ContainerSettings) -> None:
    """Serve the model until SIGTERM; answers under way are finished."""
    settings = ServerSettings.from_environment()
    predictor = Predictor(artifact.load(container.path(MODEL)))
    if container.is_local:
        host = "127.0.0.1"
    else:
        host = "0.0.0.0"  # noqa: S104  SageMaker reaches the container from outside
        _drop_root()
    uvicorn.run(
        create_app(Service(predictor, settings.solar_model_package_version)),
        host=host,
        port=settings.sagemaker_bind_to_port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _drop_root() -> None:
    """Give up root once the model, which SageMaker lays down as root, is in memory."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
