"""The same row always has the same features, whatever stands beside it and whatever is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shared.errors import NotFoundError
from shared.solar import features
from shared.solar.recipe import Input, Plant, Recipe, recipe_of
from shared.solar.rows import Rows
from tests.unit.solar.plant_data import PLANT, STEP, rows


def test_a_row_alone_has_the_features_it_has_among_others():
    many = rows(days=10)
    recipe = recipe_of([many], (PLANT,), STEP)
    _, together, _ = features.compute(many, recipe)
    for place in (0, 48, 500):
        _, alone, _ = features.compute(many.take(np.array([place])), recipe)
        np.testing.assert_array_equal(alone[0], together[place])


def test_power_is_never_an_input():
    many = rows(days=10)
    recipe = recipe_of([many], (PLANT,), STEP)
    names, values, _ = features.compute(many, recipe)
    other = replace(many, power_ac=many.power_ac[::-1].copy(), power_ac_24h_ago=many.power_ac)
    again_names, again, _ = features.compute(other, recipe_of([other], (PLANT,), STEP))
    assert names == again_names
    np.testing.assert_array_equal(values, again)


def test_spring_and_autumn_look_alike_under_the_same_sun_and_weather():
    """No feature tells the season: what the last weeks taught would be carried into months not seen."""
    times = np.array(["2023-04-22T10:00", "2023-08-21T10:00"], dtype="datetime64[s]")
    many = rows(days=2)
    pair = replace(
        many.take(np.array([0, 1])),
        times=times,
        weather={"ghi": np.full(2, 600.0), "temp_air": np.full(2, 15.0)},
    )
    _, values, _ = features.compute(pair, recipe_of([many], (PLANT,), STEP))
    np.testing.assert_allclose(values[0], values[1], atol=0.03)


# What version 2 of the recipe makes of one row. A model is served by code that knows its version: where a
# change of the features breaks this table, raise `Recipe.version` and write the table anew.
VERSION_2 = {
    "sun_up": 0.7548,
    "sun_east": 0.3925,
    "solar_hour_sin": -0.4015,
    "solar_hour_cos": 0.9159,
    "clearsky_ghi": 0.7665,
    "ghi": 0.48,
    "ghi_clearsky_index": 0.6262,
    "temp_air": -0.3333,
    "wind_speed": -0.1667,
    "wind_speed_missing": 1.0,
    "relative_humidity": 0.6,
    "pressure": 0.4,
    "forecast_ghi": 0.4599,
    "forecast_ghi_clearsky_index": 0.6,
    "beam_east": 0.0712,
    "beam_north": -0.0953,
    "beam_up": 0.1369,
    "diffuse": 0.3431,
    "poa_estimate": 0.4872,
    "pv_estimate": 0.4939,
    "sky_1_earlier": 0.6834,
    "sky_2_earlier": 0.5806,
    "sky_3_earlier": 0.6262,
    "sky_mean": 0.6286,
    "sky_deviation": 0.0326,
}


def test_the_same_version_of_a_recipe_always_means_the_same_features():
    plant = PLANT.model_copy(update={"surface_tilt": 30.0, "surface_azimuth": 200.0})
    fillings = {
        "ghi": 0.7, "temp_air": 11.0, "wind_speed": 2.5, "relative_humidity": 60.0, "pressure": 1010.0,
        "forecast_ghi": 0.6,
    }  # fmt: skip
    recipe = Recipe(
        step_minutes=STEP,
        plants=(plant,),
        inputs=tuple(
            Input(name=name, filling=filling, flagged=name == "wind_speed")
            for name, filling in fillings.items()
        ),
        earlier_sky=True,
    )
    given = {
        "ghi": [420.0, 510.0, 480.0],
        "temp_air": [9.0, 9.5, 10.0],
        "wind_speed": [3.0, 3.0, np.nan],
        "relative_humidity": [70.0, 69.0, 68.0],
        "pressure": [1012.0] * 3,
        "forecast_ghi": [np.nan] * 3,
    }
    morning = np.datetime64("2023-04-22T09:00", "s") + np.arange(3) * np.timedelta64(STEP, "m")
    block = Rows(
        sites=(plant.site_id,),
        site=np.zeros(3, dtype=np.int64),
        times=morning,
        weather={name: np.array(values) for name, values in given.items()},
        power_ac=np.full(3, np.nan),
    )
    names, values, _ = features.compute(block, recipe)
    assert recipe.version == 2
    assert dict(zip(names, values[-1].tolist(), strict=True)) == pytest.approx(VERSION_2, abs=2e-4)


def test_a_plant_without_wind_is_a_plant():
    recipe = recipe_of([rows(days=10)], (PLANT,), STEP)
    assert [each.name for each in recipe.inputs] == ["ghi", "temp_air"]


def test_a_plant_without_weather_still_has_a_sun():
    bare = replace(rows(days=10), weather={})
    names, values, _ = features.compute(bare, recipe_of([bare], (PLANT,), STEP))
    assert "sun_up" in names
    assert np.isfinite(values).all()


def test_gaps_are_filled_and_nothing_becomes_nan():
    many = rows(days=10)
    gappy = dict(many.weather)
    gappy["ghi"] = np.where(np.arange(len(many)) % 5 == 0, np.nan, gappy["ghi"])
    with_gaps = replace(many, weather=gappy)
    recipe = recipe_of([with_gaps], (PLANT,), STEP)
    names, values, _ = features.compute(with_gaps, recipe)
    assert np.isfinite(values).all()
    assert values[:, names.index("ghi_missing")].sum() == len(many) / 5


def test_a_gap_is_filled_by_what_the_training_rows_had():
    many = rows(days=30)
    recipe = recipe_of([many], (PLANT,), STEP)
    noon = many.take(np.array([96 * 3 + 46]))
    dark = replace(noon, weather={"ghi": np.array([np.nan]), "temp_air": np.array([np.nan])})
    names, values, _ = features.compute(dark, recipe)
    index = values[0, names.index("ghi_clearsky_index")]
    assert 0.4 < index < 0.8  # clouds let through 20 to 100 %


def test_a_rare_input_is_left_out():
    many = rows(days=10)
    rare = np.where(np.arange(len(many)) < 100, 3.0, np.nan)
    recipe = recipe_of(
        [replace(many, weather={**many.weather, "wind_speed": rare})], (PLANT,), STEP
    )
    assert "wind_speed" not in [each.name for each in recipe.inputs]


def test_a_known_orientation_gives_the_plane_and_an_unknown_one_the_directions_of_the_beam():
    many = rows(days=10)
    steep = PLANT.model_copy(update={"surface_tilt": 60.0, "surface_azimuth": 90.0})
    names, flat, _ = features.compute(many, recipe_of([many], (PLANT,), STEP))
    _, tilted, _ = features.compute(many, recipe_of([many], (steep,), STEP))
    place = names.index("poa_estimate")
    morning, evening = 96 * 5 + 28, 96 * 5 + 66
    assert tilted[morning, place] > flat[morning, place]
    assert tilted[evening, place] < flat[evening, place]
    assert {"beam_east", "beam_north", "beam_up"} <= set(names)


def test_sites_are_told_apart_and_share_one_matrix():
    hill = Plant(site_id="hill", latitude=-30.0, longitude=20.0, ac_capacity_kw=5.0)
    one, other = rows(days=3), rows(days=3, plant=hill)
    both = Rows(
        sites=("hill", "meadow"),
        site=np.repeat([1, 0], len(one)),
        times=np.concatenate([one.times, other.times]),
        weather={
            name: np.concatenate([one.weather[name], other.weather[name]]) for name in one.weather
        },
        power_ac=np.concatenate([one.power_ac, other.power_ac]),
    )
    recipe = recipe_of([both], (PLANT, hill), STEP)
    names, values, _ = features.compute(both, recipe)
    assert values[:, names.index("site_meadow")].sum() == len(one)
    _, alone, _ = features.compute(other, recipe)
    np.testing.assert_array_equal(alone, values[len(one) :])


def test_a_site_that_the_model_does_not_know_is_named_with_those_it_knows():
    recipe = recipe_of([rows(days=3)], (PLANT,), STEP)
    stranger = replace(rows(days=1), sites=("moon",))
    with pytest.raises(NotFoundError, match=r"moon.*meadow"):
        features.compute(stranger, recipe)
