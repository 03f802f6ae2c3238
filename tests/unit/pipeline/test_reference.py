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
    assert {row["site_id"] for row in asked} == {"meadow"}
    assert len(asked) == len(found["expected_kw"]) == 24
    for row, expected in zip(asked, found["expected_kw"], strict=True):
        assert set(row) == {"site_id", "timestamp", "ghi", "temp_air"}
        assert row["timestamp"].endswith("Z")
        place = np.flatnonzero(many.times == np.datetime64(row["timestamp"][:-1]))
        said = predictor.predict(many.take(place)).power_ac[0]
        assert expected == pytest.approx(said, abs=1e-6)
        assert row["ghi"] == many.weather["ghi"][place[0]]
    assert found["tolerance_kw"] == pytest.approx([0.1] * 24)  # a thousandth of 100 kW


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
    assert all(set(row) == {"site_id", "timestamp", "temp_air"} for row in found["request"]["rows"])


@pytest.mark.parametrize("order", [1, -1])
def test_every_site_is_asked_and_judged_by_its_own_capacity(tmp_path, many, order):
    late = many.times > many.times[960]
    hill = replace(many, sites=("hill",), power_ac=np.where(late, many.power_ac / 2, 0.0))
    both = together([many, hill][::order])
    found = written(tmp_path, Predictor(model(both, plants=(PLANT, HILL))), both)
    asked = [row["site_id"] for row in found["request"]["rows"]]
    assert (asked.count("meadow"), asked.count("hill")) == (24, 24)
    tolerance = {"meadow": 0.1, "hill": 0.05}
    assert found["tolerance_kw"] == pytest.approx([tolerance[site] for site in asked])


def test_of_a_large_fleet_so_many_rows_are_asked_as_are_answered_at_once(tmp_path, many):
    few = many.take(np.flatnonzero(many.power_ac > 0)[:30])
    names = [f"s{number}" for number in range(60)]
    fleet = together([replace(few, sites=(name,)) for name in names])
    plants = tuple(PLANT.model_copy(update={"site_id": name}) for name in names)
    found = written(tmp_path, Predictor(model(fleet, plants=plants)), fleet)
    asked = [row["site_id"] for row in found["request"]["rows"]]
    assert len(asked) == 240
    assert set(asked) == set(names)


def test_a_plant_that_never_worked_is_asked_all_the_same(tmp_path, many):
    still = replace(many, power_ac=np.zeros(len(many)))
    found = written(tmp_path, Predictor(model(many)), still)
    assert len(found["request"]["rows"]) == 24
