"""The process behind an endpoint: load and check the model, then listen."""

from __future__ import annotations

import gc
import os

import uvicorn

from services.deployer.inference.app import Application
from services.deployer.inference.service import Service
from shared.container import ContainerSettings
from shared.settings import Settings
from shared.solar import artifact
from shared.solar.predictor import Predictor

MODEL = "/opt/ml/model"
_NOBODY = 65534
_OBJECTS_BETWEEN_COLLECTIONS = 50_000  # by default 700, which two answers make
_GRACE_SECONDS = 20  # SageMaker kills 30 s after SIGTERM
_IDLE_SECONDS = (
    75  # whoever keeps a connection must be the one to close it, or a request meets a closed one
)


class ServerSettings(Settings):
    """What SageMaker and the deployment say to the server."""

    sagemaker_bind_to_port: int = 8080
    solar_model_package_version: int | None = None


def run(container: ContainerSettings) -> None:
    """Serve the model until SIGTERM; answers under way are finished."""
    settings = ServerSettings.from_environment()
    service = Service(
        Predictor(artifact.load(container.path(MODEL))), settings.solar_model_package_version
    )
    _spare_collections()
    if container.is_local:
        host = "127.0.0.1"
    else:
        host = "0.0.0.0"  # noqa: S104  SageMaker reaches the container from outside
        _drop_root()
    uvicorn.run(
        Application(service),
        host=host,
        port=settings.sagemaker_bind_to_port,
        interface="asgi3",
        lifespan="off",
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _spare_collections() -> None:
    """Keep the garbage collector out of answers: model and libraries stay, and an answer leaves no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def _drop_root() -> None:
    """Give up root once the model, which SageMaker lays down as root, is in memory."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
