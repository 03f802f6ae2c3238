"""Without an input the range of a prediction is as much wider as its absence costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.trainer_trigger.pipeline.models import hiding
from services.trainer_trigger.pipeline.train import train
from shared.solar import hidden
from shared.solar.predictor import Predictor
from shared.solar.recipe import recipe_of
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench, frame
from tests.unit.solar import plant_data

DAYS = 60


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("hidden"))
    bench.upload(frame(DAYS))
    found = bench.preprocess()
    model = train(
        [found.train],
        bench.freeze(),
        found.validation,
        model_type="ridge",
        run_id="run-9",
        checkpoint_folder=bench.base / "checkpoints",
    ).artifact
    return Predictor(model), found.test


def inside(predictor: Predictor, rows: Rows, asked: Rows) -> float:
    """Return the share of daylight rows in the range that is said for what is asked."""
    said = predictor.predict(asked)
    lit = plant_data.sun_at(rows.times).up > 0
    within = (rows.power_ac >= said.p10) & (rows.power_ac <= said.p90)
    return float(within[lit].mean())


def test_without_irradiance_the_range_still_holds_eight_of_ten(prepared):
    predictor, rows = prepared
    without = hidden.hide(rows, ("ghi",))
    assert predictor.card.hidden["ghi"] > 3
    assert inside(predictor, rows, without) == pytest.approx(0.8, abs=0.12)
    careless = Predictor.__new__(Predictor)
    careless.__dict__ = {
        **predictor.__dict__,
        "card": predictor.card.model_copy(update={"hidden": {}}),
    }
    assert inside(careless, rows, without) < 0.5


def test_with_all_inputs_nothing_is_wider(prepared):
    predictor, rows = prepared
    factors = hidden.factors(rows, predictor.card.recipe, predictor.card.hidden)
    assert (factors == 1).all()


def test_an_input_that_matters_little_costs_little(prepared):
    predictor, _ = prepared
    assert 1 <= predictor.card.hidden["temp_air"] < predictor.card.hidden["ghi"]


def test_only_rows_that_lack_an_input_are_wider(prepared):
    predictor, rows = prepared
    ghi = rows.weather["ghi"].copy()
    ghi[::2] = np.nan
    some = replace(rows, weather={**rows.weather, "ghi": ghi})
    factors = hidden.factors(some, predictor.card.recipe, {"ghi": 5.0, "irradiance": 5.0})
    assert set(factors[::2]) == {5.0}
    assert set(factors[1::2]) == {1.0}


def test_of_several_irradiances_the_sky_is_unknown_only_without_all_of_them():
    many = plant_data.rows(20)
    many = replace(many, weather={**many.weather, "poa_global": many.weather["ghi"] * 1.1})
    recipe = recipe_of([many], (plant_data.PLANT,), plant_data.STEP)
    wider = {"ghi": 1.5, "poa_global": 1.2, "irradiance": 9.0}
    for gone, factor in ((("ghi",), 1.5), (("poa_global",), 1.2), (("ghi", "poa_global"), 9.0)):
        found = hidden.factors(hidden.hide(many, gone), recipe, wider)
        assert set(found) == {factor}


def test_the_range_is_learnt_from_an_even_share_of_days(prepared, monkeypatch):
    predictor, _ = prepared
    many = plant_data.rows(40)
    every = hiding.widening([many], predictor)
    monkeypatch.setattr(hiding, "_MOST_ROWS", 1000)
    some = hiding.widening([many], predictor)
    assert some["ghi"] == pytest.approx(every["ghi"], rel=0.3)
