"""A champion is read as it was registered, and compared only on rows that neither model was trained on."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.judging import scoring
from services.trainer_trigger.pipeline.judging.champion import (
    ARCHIVE,
    CHAMPION_FILE,
    Asked,
    Rival,
    ServedModel,
    meet,
    read_champion,
)
from shared.solar import artifact
from shared.solar.predictor import Predictor
from shared.solar.recipe import recipe_of
from shared.solar.rows import together
from tests.unit.pipeline.models_by_hand import model
from tests.unit.solar.plant_data import PLANT, STEP, rows

HILL = PLANT.model_copy(update={"site_id": "hill", "ac_capacity_kw": 50.0})
FIRST = datetime(2023, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def many():
    return rows(days=40)


@pytest.fixture(scope="module")
def both(many):
    half = replace(many, sites=("hill",), power_ac=many.power_ac / 2)
    yesterday = np.zeros(len(many))
    return together([replace(one, power_ac_24h_ago=yesterday) for one in (many, half)])


def described(found, plants=(PLANT,)):
    return scoring.describe(found, recipe_of([found], plants, STEP))


def served(many, **options) -> ServedModel:
    return ServedModel(3, Predictor(model(many, **options)))


def packed(folder, made) -> None:
    artifact.write(made, folder / "model")
    with tarfile.open(folder / ARCHIVE, "w:gz") as archive:
        for name in ("model.json", "model.onnx"):
            archive.add(folder / "model" / name, name)


def test_without_a_word_of_the_champion_a_run_cannot_be_judged(tmp_path):
    with pytest.raises(RunFailedError, match="solar retrain"):
        read_champion(tmp_path)


def test_a_model_without_champion_has_none(tmp_path):
    (tmp_path / CHAMPION_FILE).write_text(json.dumps({"version": None}))
    assert read_champion(tmp_path) == ServedModel()


def test_a_champion_whose_files_are_away_or_damaged_is_a_note(tmp_path):
    (tmp_path / CHAMPION_FILE).write_text(json.dumps({"version": 4}))
    found = read_champion(tmp_path)
    assert (found.version, found.predictor) == (4, None)
    assert "not in the run's folder" in found.note
    (tmp_path / CHAMPION_FILE).write_text(json.dumps({"version": 4, "note": "it was taken back"}))
    assert read_champion(tmp_path) == ServedModel(4, note="it was taken back")
    (tmp_path / ARCHIVE).write_bytes(b"damaged")
    found = read_champion(tmp_path)
    assert (found.version, found.predictor) == (4, None)
    assert "no readable model archive" in found.note


def test_a_whole_champion_is_ready_to_predict(tmp_path, many):
    (tmp_path / CHAMPION_FILE).write_text(json.dumps({"version": 4}))
    packed(tmp_path, model(many))
    found = read_champion(tmp_path)
    assert (found.version, found.note) == (4, None)
    assert found.predictor.card == model(many).card


def test_without_a_champion_there_is_no_rival(many):
    test = described(many)
    assert meet(ServedModel(), model(many).card, test, test.share, Asked(test.rows)) == Rival()
    noted = meet(
        ServedModel(4, note="damaged"), model(many).card, test, test.share, Asked(test.rows)
    )
    assert (noted.note, noted.share, noted.scores(test)) == ("damaged", None, None)


def test_a_rival_predicts_the_rows_and_is_scored_and_compared(many):
    test = described(many)
    found = meet(served(many, share=0.7), model(many).card, test, test.share, Asked(test.rows))
    assert found.note is None
    ghi = many.weather["ghi"]
    assert found.share == pytest.approx(0.7 * ghi / 1000, abs=1e-5)
    assert found.scores(test).all.n == len(many)
    assert found.compared.comparison.delta_nmae < 0


@pytest.mark.parametrize("later", ["challenger", "champion"])
def test_only_rows_after_both_trainings_compare(many, later):
    """The test is 40 days long; of these the later training has seen the first 20."""
    until = {later: FIRST + timedelta(days=20)}
    challenger = model(many, **({"until": until["challenger"]} if "challenger" in until else {}))
    champion = served(many, **({"until": until["champion"]} if "champion" in until else {}))
    test = described(many)
    # Wrong until the later training ends, right after: only what comes after may count.
    split = np.datetime64("2023-03-21T00:00:00")
    share = np.where(many.times >= split, test.share, 1.0)
    wrong = replace(test, share=np.where(many.times >= split, test.share, 0.5))
    found = meet(champion, challenger.card, wrong, share, Asked(test.rows))
    assert found.compared.comparison.delta_nmae == pytest.approx(
        -np.abs(found.share - test.share)[many.times >= split].mean()
    )
    assert found.compared.comparison.days in {20, 21}


def test_too_few_days_after_both_trainings_are_no_comparison(many):
    test = described(many)
    late = served(many, until=FIRST + timedelta(days=30))
    found = meet(late, model(many).card, test, test.share, Asked(test.rows))
    assert found.compared is None
    assert found.note is None
    assert found.scores(test) is not None


def test_a_champion_is_asked_only_for_the_sites_that_it_serves(both, many):
    test = described(both, (PLANT, HILL))
    hill = rows_of(both, 1)
    champion = served(hill, plants=(HILL,))
    found = meet(
        champion, model(both, plants=(PLANT, HILL)).card, test, test.share, Asked(test.rows)
    )
    at_hill = both.site == 1
    assert np.isnan(found.share[~at_hill]).all()
    assert found.share[at_hill] == pytest.approx(
        0.85 * both.weather["ghi"][at_hill] / 1000, abs=1e-5
    )
    assert set(found.compared.comparison.by_site) == {"hill"}
    assert found.scores(test) is None


def rows_of(both, place):
    taken = both.take(both.site == place)
    return replace(taken, sites=(both.sites[place],), site=np.zeros(len(taken), dtype=np.int64))


def test_a_champion_of_other_sites_says_so(many):
    test = described(many)
    hill = replace(many, sites=("hill",))
    found = meet(served(hill, plants=(HILL,)), model(many).card, test, test.share, Asked(test.rows))
    assert found.note == "it serves none of these sites"
    assert found.compared is None
    assert found.scores(test) is None


def test_a_champion_that_cannot_predict_is_a_note(many):
    class Broken(Predictor):
        def predict(self, rows, alone=None):
            if len(rows) > 1:
                message = "other features"
                raise artifact.InvalidArtifactError(message)
            return super().predict(rows, alone)

    test = described(many)
    found = meet(
        ServedModel(3, Broken(model(many))), model(many).card, test, test.share, Asked(test.rows)
    )
    assert (found.note, found.share, found.compared) == ("other features", None, None)


def test_a_champion_of_measured_weather_is_not_compared_on_forecasts(many):
    test = described(many)
    issued = replace(
        many,
        providers=("ecmwf",),
        provider=np.zeros(len(many), dtype=np.int64),
        issued_at=many.times,
    )
    found = meet(served(many), model(many).card, test, test.share, Asked(issued))
    assert found.note == "it was trained for measured weather"
