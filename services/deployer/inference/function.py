"""Answers as an endpoint does, for models that have none: one function for all models and versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.deployer.inference.app import JSON, Application
from services.deployer.inference.faults import Faults
from services.deployer.inference.reading import BadRequestError
from services.deployer.inference.service import Service
from shared.errors import NotFoundError
from shared.solar import artifact
from shared.solar.artifact import InvalidArtifactError
from shared.solar.predictor import Predictor

_HEADERS = {b"content-type": JSON.encode(), b"accept": JSON.encode()}
_KEPT = 8  # models in memory; one is a few megabytes
_NOBODY, _FAILED = 404, 500


@dataclass
class Answers:
    """Answers for versions of models, each read once for as long as a process keeps it.

    Attributes
    ----------
    archive
        Returns a version's `model.tar.gz`.
    serving
        Returns the version with which the function answers for a model, or None.
    """

    archive: Callable[[str, int], bytes]
    serving: Callable[[str], int | None]
    _known: dict[tuple[str, int], Application] = field(default_factory=dict)

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"model_id", "request", "version"?}`; without a version, by the one that serves.

        Returns
        -------
        dict
            `status` as HTTP has it, `said` and, of an answer, `attributes`, which name the version.
        """
        model_id = str(event["model_id"])
        version = event.get("version") or self.serving(model_id)
        if version is None:
            return _refused(_NOBODY, f"no function answers for model {model_id}")
        try:
            application = self._application(model_id, int(version))
        except (InvalidArtifactError, NotFoundError) as error:
            return _failed(int(version), error)
        try:
            _, body = application.answer(_HEADERS, json.dumps(event["request"]).encode())
        except BadRequestError as error:
            return _refused(error.status, str(error))
        except Exception as error:  # noqa: BLE001 - who asks must learn which version failed
            Faults(int(version)).note("failed")
            return _failed(int(version), error)
        attributes = application.service.attributes
        return {"status": 200, "said": json.loads(body), "attributes": attributes}

    def _application(self, model_id: str, version: int) -> Application:
        key = model_id, version
        if key not in self._known:
            found = artifact.read_tar(self.archive(model_id, version), f"version {version}")
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]  # the one that was read first
            self._known[key] = Application(Service(Predictor(found), version))
        return self._known[key]


def _refused(status: int, why: str) -> dict[str, Any]:
    return {"status": status, "said": {"error": why}, "attributes": ""}


def _failed(version: int, error: Exception) -> dict[str, Any]:
    said = {"error": f"{type(error).__name__}: {error}", "model_package_version": version}
    return {"status": _FAILED, "said": said, "attributes": ""}
