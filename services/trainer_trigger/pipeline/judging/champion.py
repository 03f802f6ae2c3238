"""The model that serves now, and how a challenger compares with it on the same rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.judging import scoring
from services.trainer_trigger.pipeline.judging.scoring import Compared, ScoredRows
from shared.evaluation import ModelScores
from shared.solar import artifact
from shared.solar import rows as solar_rows
from shared.solar.artifact import InvalidArtifactError, ModelCard
from shared.solar.position import Floats
from shared.solar.predictor import Predictor

ARCHIVE = "model.tar.gz"
CHAMPION_FILE = "champion.json"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The model that serves now.

    Attributes
    ----------
    version
        Its version in the registry, or None where there is no champion.
    predictor
        None where there is no champion, or its files cannot be used.
    note
        Why its files cannot be used.
    """

    version: int | None = None
    predictor: Predictor | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """What a champion predicted for the test rows.

    Attributes
    ----------
    share
        Its prediction as a share of AC capacity, NaN for sites that it does not serve; None where there is no
        champion, or it cannot predict. [unitless]
    compared
        The challenger against it; None where too few rows are new to both.
    note
        Why there is no comparison, or None where the days are too few or there is no champion.
    """

    share: Floats | None = None
    compared: Compared | None = None
    note: str | None = None

    def scores(self, test: ScoredRows) -> ModelScores | None:
        """Score it on all test rows; None where it does not serve all sites."""
        if self.share is None or not np.isfinite(self.share).all():
            return None
        return scoring.score_model(test, self.share)


def read_champion(folder: Path) -> ServedModel:
    """Read which model serves now; a champion that cannot be used is a note, not a failure."""
    described = folder / CHAMPION_FILE
    if not described.is_file():
        raise RunFailedError(
            f"{CHAMPION_FILE} is missing in the run's folder",
            "start a retrain by `solar retrain`, which writes it",
        )
    lent = json.loads(described.read_text("utf-8"))
    version = lent.get("version")
    archive = folder / ARCHIVE
    if version is None:
        return ServedModel()
    if not archive.is_file():
        return ServedModel(version, note=lent.get("note", "its files are not in the run's folder"))
    try:
        return ServedModel(version, Predictor(artifact.load_tar(archive)))
    except InvalidArtifactError as error:
        return ServedModel(version, note=str(error))


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows that a model is asked about, and which of its answers are judged.

    A forecast is predicted from the other rows of its issue, too, so that more is asked than is judged.
    """

    rows: solar_rows.Rows
    judged: NDArray[Any] | slice = field(default_factory=lambda: slice(None))


def meet(
    champion: ServedModel, challenger: ModelCard, test: ScoredRows, share: Floats, asked: Asked
) -> Rival:
    """Let the champion predict the sites that it serves, and compare on rows after both trainings.

    Parameters
    ----------
    share
        The challenger's prediction as a share of AC capacity. [unitless]
    asked
        What the judged rows of `test` come from.
    """
    if champion.predictor is None:
        return Rival(note=champion.note)
    recipe = champion.predictor.card.recipe
    if recipe.is_for_forecasts != asked.rows.are_forecast:
        return Rival(note=f"it was trained for {recipe.inputs_kind} weather")
    known = {plant.site_id for plant in recipe.plants}
    rows = asked.rows
    served = np.array([name in known for name in rows.sites])[rows.site]
    if not served.any():
        return Rival(np.full(len(share), np.nan), note="it serves none of these sites")
    said = np.full(len(rows), np.nan)
    try:
        said[served] = champion.predictor.predict(_only_sites(rows, served)).power_ac
    except InvalidArtifactError as error:
        return Rival(note=str(error))
    rival = said[asked.judged] / test.capacity
    common = served[asked.judged]
    after = _new_to_both(test, challenger, champion.predictor.card)
    return Rival(rival, scoring.compare(test, share, rival, common & after, challenger.seed))


def _new_to_both(test: ScoredRows, one: ModelCard, other: ModelCard) -> NDArray[np.bool_]:
    end = max(one.train_window.end, other.train_window.end).astimezone(UTC).replace(tzinfo=None)
    after: NDArray[np.bool_] = test.rows.times >= np.datetime64(end, "s")
    return after


def _only_sites(rows: solar_rows.Rows, which: NDArray[np.bool_]) -> solar_rows.Rows:
    """Return rows without the sites that are not among them, which a model may not know."""
    taken = rows.take(which)
    present = np.unique(taken.site)
    return solar_rows.Rows(
        sites=tuple(rows.sites[place] for place in present),
        site=np.searchsorted(present, taken.site),
        times=taken.times,
        weather=taken.weather,
        power_ac=taken.power_ac,
        power_ac_24h_ago=taken.power_ac_24h_ago,
        issued_at=taken.issued_at,
        providers=taken.providers,
        provider=taken.provider,
        weight=taken.weight,
    )
