"""A model that nobody trained: so much power for so much irradiance."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from services.trainer_trigger.pipeline.models import graphs
from services.trainer_trigger.pipeline.models.ridge import Ridge
from shared.evaluation import Window
from shared.ids import sha256_hex
from shared.solar import features
from shared.solar.artifact import GRAPH, Artifact, ModelCard
from shared.solar.intervals import Intervals
from shared.solar.recipe import Plant, recipe_of
from shared.solar.rows import Rows
from tests.unit.solar.plant_data import PLANT, STEP

BEGIN = datetime(2022, 1, 1, tzinfo=UTC)


def model(
    rows: Rows,
    *,
    plants: tuple[Plant, ...] = (PLANT,),
    share: float = 0.85,
    until: datetime = datetime(2023, 1, 1, tzinfo=UTC),
) -> Artifact:
    """Return a model that gives a share of capacity at 1000 W/m2, trained until a moment."""
    recipe = recipe_of([rows], plants, STEP)
    names, _, _ = features.compute(rows, recipe)
    weights = np.where(np.array(names) == "ghi", share, 0.0)
    nothing = np.zeros(1, dtype=np.int64)
    graph = graphs.of_ridge(Ridge(nothing, nothing, weights, np.zeros(1), 0.0))
    card = ModelCard(
        model_type="ridge",
        model_id="golden",
        run_id="r",
        dataset_id="d",
        code_version="c",
        seed=1,
        train_window=Window(start=BEGIN, end=until),
        train_rows=1,
        recipe=recipe,
        features=names,
        units={"power_ac": "kW"},
        cap=1.0,
        night_below=0.0,
        intervals=Intervals(predicted=(0.0,), p10=(0.0,), p90=(0.0,)),
        hashes={GRAPH: sha256_hex(graph)},
    )
    return Artifact(card=card, graph=graph)
