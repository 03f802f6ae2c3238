"""The sky of the hour before is looked up in the block of rows, and its absence is no error."""

from __future__ import annotations

import numpy as np

from shared.solar import features, neighbours
from shared.solar.recipe import recipe_of
from tests.unit.solar.plant_data import PLANT, STEP, rows


def with_earlier_sky(many):
    return recipe_of([many], (PLANT,), STEP, earlier_sky=True)


def named(many, recipe, alone=None):
    names, values, _ = features.compute(many, recipe, alone)
    return {name: values[:, place] for place, name in enumerate(names)}


def test_earlier_rows_are_found_by_their_time_whatever_the_order_of_rows():
    many = rows(days=5)
    recipe = with_earlier_sky(many)
    found = named(many, recipe)
    np.testing.assert_array_equal(found["sky_1_earlier"][1:], found["ghi_clearsky_index"][:-1])
    shuffled = np.random.default_rng(1).permutation(len(many))
    again = named(many.take(shuffled), recipe)
    np.testing.assert_array_equal(again["sky_2_earlier"], found["sky_2_earlier"][shuffled])


def test_a_row_sent_alone_is_seen_as_training_sees_a_hidden_one():
    many = rows(days=5)
    recipe = with_earlier_sky(many)
    hidden = named(many, recipe, np.ones(len(many), dtype=bool))
    alone = named(many.take(np.array([150])), recipe)
    for name, values in alone.items():
        assert values[0] == hidden[name][150], name
    assert alone["sky_deviation"][0] == 0


def test_a_gap_in_time_or_measurement_is_a_sky_that_stood_still():
    many = rows(days=5)
    many.weather["ghi"][99] = np.nan
    recipe = with_earlier_sky(many)
    kept = np.arange(len(many)) != 149
    found = named(many.take(kept), recipe)
    for place in (100, 149):  # after the missing measurement; after the missing row
        assert found["sky_1_earlier"][place] == found["ghi_clearsky_index"][place]


def test_a_site_never_sees_the_sky_of_another():
    many = rows(days=2)
    hill = PLANT.model_copy(update={"site_id": "hill"})
    both = rows(days=2)
    joined = type(many)(
        sites=("meadow", "hill"),
        site=np.repeat([0, 1], len(many)),
        times=np.concatenate([many.times, both.times]),
        weather={"ghi": np.concatenate([many.weather["ghi"], np.zeros(len(both))])},
        power_ac=np.concatenate([many.power_ac, both.power_ac]),
    )
    recipe = recipe_of([joined], (PLANT, hill), STEP, earlier_sky=True)
    found = named(joined, recipe)
    assert (found["sky_mean"][len(many) :] == 0).all()


def test_the_hidden_days_are_whole_few_and_always_the_same():
    many = rows(days=200)
    hidden = neighbours.hidden_days(many, 0.25)
    by_day = hidden.reshape(200, 96)
    assert (by_day.all(axis=1) | ~by_day.any(axis=1)).all()
    assert 0.2 < hidden.mean() < 0.3
    np.testing.assert_array_equal(hidden, neighbours.hidden_days(many, 0.25))
