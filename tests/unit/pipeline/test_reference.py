"""Reference rows ask an endpoint what the tested model answers, where it has something to say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from services.trainer_trigger.pipeline.judging import reference
from shared.solar.predictor import Predictor
from shared.solar.rows import together
from tests.unit.pipeline.models_by_hand import model
from tests.unit.solar.plant_data import PLANT, rows

HILL = PLANT.model_copy(update={"site_id": "hill", "ac_capacity_kw": 50.0})


@pytest.fixture(scope="module")
def many():
    return replace(rows(days=20), power_ac_24h_ago=np.zeros(20 * 96))


def written(folder, predictor, asked) -> dict:
    reference.write(predictor, asked, folder)
    return json.loads((folder / reference.REFERENCE_FILE).read_text())


def test_the_rows_are_asked_as_an_endpoint_is_and_the_answers_are_the_models(tmp_path, many):
    predictor = Predictor(model(many))
    found = written(tmp_path, predictor, many)
    asked = found["request"]["rows"]
    assert found["request"]["site_id"] == "meadow"
    assert len(asked) == len(found["expected_kw"]) == 24
    for row, expected in zip(asked, found["expected_kw"], strict=True):
        assert set(row) == {"timestamp", "ghi", "temp_air"}
        assert row["timestamp"].endswith("Z")
        place = np.flatnonzero(many.times == np.datetime64(row["timestamp"][:-1]))
        said = predictor.predict(many.take(place)).power_ac[0]
        assert expected == pytest.approx(said, abs=1e-6)
        assert row["ghi"] == many.weather["ghi"][place[0]]
    assert found["tolerance_kw"] == pytest.approx(0.1)  # a thousandth of 100 kW


def test_they_are_spread_evenly_over_the_rows_at_work(tmp_path, many):
    found = written(tmp_path, Predictor(model(many)), many)
    work = many.times[many.power_ac > 0]
    asked = np.array([row["timestamp"][:-1] for row in found["request"]["rows"]], "datetime64[s]")
    places = np.searchsorted(work, asked)
    assert (work[places] == asked).all()
    assert (places[0], places[-1]) == (0, len(work) - 1)
    assert np.ptp(np.diff(places)) <= 1


def test_a_few_rows_are_all_asked_once(tmp_path, many):
    few = many.take(np.flatnonzero(many.power_ac > 0)[:5])
    assert len(written(tmp_path, Predictor(model(many)), few)["request"]["rows"]) == 5


def test_a_gap_in_the_weather_is_left_out_of_the_request(tmp_path, many):
    ghi = many.weather["ghi"].copy()
    ghi[many.power_ac > 0] = np.nan
    gaps = replace(many, weather={**many.weather, "ghi": ghi})
    found = written(tmp_path, Predictor(model(many)), gaps)
    assert all(set(row) == {"timestamp", "temp_air"} for row in found["request"]["rows"])


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_sites_the_one_with_most_rows_at_work_is_asked(tmp_path, many, order):
    late = many.times > many.times[960]
    hill = replace(many, sites=("hill",), power_ac=np.where(late, many.power_ac / 2, 0.0))
    both = together([many, hill][::order])
    found = written(tmp_path, Predictor(model(both, plants=(PLANT, HILL))), both)
    assert found["request"]["site_id"] == "meadow"
    assert found["tolerance_kw"] == pytest.approx(0.1)


def test_a_plant_that_never_worked_is_asked_all_the_same(tmp_path, many):
    still = replace(many, power_ac=np.zeros(len(many)))
    found = written(tmp_path, Predictor(model(many)), still)
    assert len(found["request"]["rows"]) == 24
