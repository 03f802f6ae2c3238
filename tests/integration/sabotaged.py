"""Model packages that are wrong: their archive, or the program that reads it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable

import numpy as np

from infra.deploy import build
from services.trainer_trigger.pipeline.models import graphs
from services.trainer_trigger.pipeline.models.ridge import Ridge
from shared.ids import sha256_hex
from shared.solar.artifact import CARD, GRAPH, Artifact
from shared.solar.rows import Rows, together
from tests.unit.pipeline.models_by_hand import model
from tests.unit.solar import plant_data

OTHER_SITE = plant_data.PLANT.model_copy(update={"site_id": "orchard"})

# What a program does that is not the one that was tested: it replaces `predict` of the real one.
PROGRAMS = {
    "slow": "time.sleep(2)",
    "shifted": "found.power_ac[rows.times > np.datetime64('2025-01-01')] *= 0.2",
    "nan_for_one_site": "found.power_ac[[rows.sites[each] == 'orchard' for each in rows.site]] = np.nan",
    "nan_for_one_row": "found.power_ac[:] = np.nan if len(rows) == 1 else found.power_ac",
}
_ENTRYPOINT = """
import time
import numpy as np
from shared.solar.predictor import Predictor
tested = Predictor.predict
def altered(self, rows, alone=None):
    found = tested(self, rows, alone)
    if self.ready:
        {does}
    return found
Predictor.predict = altered
Predictor.ready = False
tried = Predictor._try
def try_and_begin(self):
    tried(self)
    Predictor.ready = True
Predictor._try = try_and_begin
"""


def rows() -> Rows:
    """Return two sunny days of two made-up plants."""
    plants = (plant_data.PLANT, OTHER_SITE)
    return together([plant_data.rows(days=2, plant=each) for each in plants])


def good() -> Artifact:
    """Return a model that two sites may ask."""
    return model(rows(), plants=(plant_data.PLANT, OTHER_SITE))


def packed(files: dict[str, bytes]) -> bytes:
    """Return files as a model archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return content.getvalue()


def files_of(artifact: Artifact) -> dict[str, bytes]:
    return {GRAPH: artifact.graph, CARD: artifact.card.model_dump_json().encode()}


def _with_intercept(value: float) -> bytes:
    """Return a model that gives the same share of capacity whatever the weather."""
    found = good()
    nothing = np.zeros(1, dtype=np.int64)
    flat = np.zeros(len(found.card.features))
    graph = graphs.of_ridge(Ridge(nothing, nothing, flat, np.zeros(1), value))
    card = found.card.model_copy(update={"hashes": {GRAPH: sha256_hex(graph)}})
    return packed(files_of(Artifact(card, graph)))


def _of_schema(version: int) -> bytes:
    files = files_of(good())
    return packed(
        {**files, CARD: json.dumps(json.loads(files[CARD]) | {"version": version}).encode()}
    )


def _altered() -> bytes:
    files = files_of(good())
    return packed({**files, GRAPH: files[GRAPH] + b"\0"})


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "constant": lambda: _with_intercept(0.4),
    "low": lambda: packed(
        files_of(model(rows(), plants=(plant_data.PLANT, OTHER_SITE), share=0.68))
    ),
    "nan": lambda: _with_intercept(float("nan")),
    "schema": lambda: _of_schema(99),
    "truncated": lambda: packed(files_of(good()))[:-200],
    "altered": _altered,
}
IMAGES = ("no_image", "image_lost")  # AWS's or the operator's fault: nothing is barred
KINDS = (*ARCHIVES, "slow", "shifted", "nan_for_one_site", *IMAGES, "no_run_id")


def image(does: str) -> bytes:
    """Return the image, the program of which does something more after each prediction."""
    body = build.image_context().body
    if not does:
        return body
    source, target = zipfile.ZipFile(io.BytesIO(body)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            content = source.read(info)
            if info.filename == "services/deployer/inference/server.py":
                content += _ENTRYPOINT.format(does=does).encode()
            archive.writestr(info, content)
    return target.getvalue()
