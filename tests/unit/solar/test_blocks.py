"""A row of a forecast sees the whole of its own issue, and nothing of any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shared.errors import NotFoundError
from shared.solar import blocks, features
from shared.solar.features import MissingIssueError
from shared.solar.recipe import Recipe, recipe_of
from shared.solar.rows import Rows, together
from tests.unit.solar import plant_data
from tests.unit.solar.issued import forecasts
from tests.unit.solar.plant_data import PLANT, STEP

TWO_ISSUES = (12, 36)


def recipe_for(rows: Rows, plants=(PLANT,)) -> Recipe:
    return recipe_of([rows], plants, STEP, inputs_kind="forecast")


def named(rows: Rows, recipe: Recipe) -> dict[str, np.ndarray]:
    names, values, _ = features.compute(rows, recipe)
    return {name: values[:, place] for place, name in enumerate(names)}


def one_issue(rows: Rows, number: int) -> np.ndarray:
    return rows.issued_at == np.unique(rows.issued_at)[number]


@pytest.fixture
def rows() -> Rows:
    return forecasts(days=4, hours_before=TWO_ISSUES)


def changed(rows: Rows, which: np.ndarray) -> Rows:
    weather = {name: np.where(which, values * 0.3, values) for name, values in rows.weather.items()}
    return replace(rows, weather=weather)


def test_no_other_issue_reaches_a_rows_features(rows):
    """A planted fault: whatever the other issues say, and whether they are there, changes nothing."""
    recipe, own = recipe_for(rows), one_issue(rows, 2)
    _, plain, _ = features.compute(rows, recipe)
    _, others_changed, _ = features.compute(changed(rows, ~own), recipe)
    _, alone, _ = features.compute(rows.take(own), recipe)
    np.testing.assert_array_equal(others_changed[own], plain[own])
    np.testing.assert_array_equal(alone, plain[own])


def test_the_own_issue_does_reach_them(rows):
    recipe, own = recipe_for(rows), one_issue(rows, 2)
    noon = np.flatnonzero(own)[48]
    others = own & (np.arange(len(rows)) != noon)
    before, after = named(rows, recipe), named(changed(rows, others), recipe)
    for name in ("sky_3h", "sky_day", "pv_day"):
        assert after[name][noon] < before[name][noon], name
    assert after["forecast_ghi"][noon] == before["forecast_ghi"][noon]


def test_power_reaches_no_feature(rows):
    recipe = recipe_for(rows)
    _, plain, _ = features.compute(rows, recipe)
    other = replace(rows, power_ac=rows.power_ac[::-1], power_ac_24h_ago=rows.power_ac)
    _, again, _ = features.compute(other, recipe)
    np.testing.assert_array_equal(again, plain)


def test_the_order_of_rows_changes_nothing(rows):
    recipe = recipe_for(rows)
    _, plain, _ = features.compute(rows, recipe)
    shuffled = np.random.default_rng(1).permutation(len(rows))
    _, again, _ = features.compute(rows.take(shuffled), recipe)
    np.testing.assert_array_equal(again, plain[shuffled])


def test_providers_of_the_same_issue_do_not_see_each_other():
    rows = forecasts(days=3, providers=("ecmwf", "icon"))
    recipe = recipe_for(rows)
    own = rows.provider == 1
    _, plain, _ = features.compute(rows, recipe)
    _, again, _ = features.compute(changed(rows, ~own), recipe)
    np.testing.assert_array_equal(again[own], plain[own])
    columns = named(rows, recipe)
    assert columns["provider_icon"].tolist() == own.astype(float).tolist()


def test_sites_of_the_same_issue_do_not_see_each_other(rows):
    hill = PLANT.model_copy(update={"site_id": "hill"})
    both = together([rows, replace(changed(rows, np.ones(len(rows), bool)), sites=("hill",))])
    recipe = recipe_for(both, (PLANT, hill))
    _, values, _ = features.compute(both, recipe)
    _, meadow, _ = features.compute(both.take(both.site == 0), recipe)
    np.testing.assert_array_equal(values[both.site == 0], meadow)


def test_means_are_those_of_the_rows_around(rows):
    own = rows.take(one_issue(rows, 2))
    columns = named(own, recipe_for(rows))
    noon = int(np.argmax(columns["clearsky_ghi"]))
    sums = {}
    for name, reach in (("sky_hour", 4), ("sky_3h", 12)):
        around = slice(noon - reach, noon + reach + 1)
        told, clear = columns["forecast_ghi"][around].sum(), columns["clearsky_ghi"][around].sum()
        sums[name] = told / clear
    for name, expected in sums.items():
        assert columns[name][noon] == pytest.approx(expected, abs=1e-4), name


def test_a_single_row_is_its_own_hour_and_day(rows):
    recipe, noon = recipe_for(rows), np.flatnonzero(one_issue(rows, 1))[[48]]
    columns = named(rows.take(noon), recipe)
    for name in ("sky_hour", "sky_3h", "sky_day"):
        assert columns[name][0] == pytest.approx(
            columns["forecast_ghi_clearsky_index"][0], abs=1e-3
        )
    assert columns["sky_day_deviation"][0] == 0


def test_a_missing_value_counts_in_no_mean(rows):
    recipe, own = recipe_for(rows), one_issue(rows, 2)
    place = np.flatnonzero(own)[48]
    ghi = rows.weather["forecast_ghi"].copy()
    ghi[place] = np.nan
    holed = replace(rows, weather=rows.weather | {"forecast_ghi": ghi})
    without = rows.take(np.arange(len(rows)) != place)
    beside = place + 1
    assert (
        named(holed, recipe)["sky_hour"][beside] == named(without, recipe)["sky_hour"][beside - 1]
    )
    assert all(np.isfinite(values).all() for values in named(holed, recipe).values())


def test_training_cuts_the_same_part_of_the_issues_in_two():
    rows = forecasts(days=60)
    behind = blocks.cut_off(rows, 0.25)
    before = blocks.before_a_cut(rows, behind)
    issues = [set(rows.issued_at[part].tolist()) for part in (before, behind)]
    assert issues[0] == issues[1]
    assert 5 < len(issues[0]) < 30
    for issue in issues[0]:
        own = rows.issued_at.astype(np.int64) == np.datetime64(issue).astype(
            "datetime64[s]"
        ).astype(int)
        assert rows.times[own & before].max() < rows.times[own & behind].min()
    shuffled = np.random.default_rng(1).permutation(len(rows))
    np.testing.assert_array_equal(blocks.cut_off(rows.take(shuffled), 0.25), behind[shuffled])


def test_a_lead_is_a_feature_only_where_an_hour_has_several():
    once, twice = forecasts(days=4), forecasts(days=4, hours_before=TWO_ISSUES)
    assert recipe_for(once).leads is None
    assert recipe_for(twice).leads == (12.0, 59.75)
    assert "lead" not in named(once, recipe_for(once))
    late = replace(twice, issued_at=twice.issued_at - np.timedelta64(90 * 86_400, "s"))
    assert named(late, recipe_for(twice))["lead"].max() == pytest.approx(59.75 / 24)


def test_rows_without_an_issue_are_refused_with_what_to_do(rows):
    with pytest.raises(MissingIssueError, match="issued_at"):
        features.compute(plant_data.rows(2), recipe_for(rows))


def test_an_unknown_provider_is_refused_by_name(rows):
    with pytest.raises(NotFoundError, match=r"'icon'.*trained with ecmwf"):
        features.compute(forecasts(days=2, providers=("icon",)), recipe_for(rows))


def test_a_recipe_of_measured_weather_is_written_as_before():
    recipe = recipe_of([plant_data.rows(5)], (PLANT,), STEP)
    assert set(recipe.model_dump()) == {
        "version",
        "step_minutes",
        "plants",
        "inputs",
        "earlier_sky",
    }


def test_the_beam_share_is_known_where_a_provider_splits_its_irradiance(rows):
    ghi = rows.weather["forecast_ghi"]
    split = replace(rows, weather=rows.weather | {"forecast_dhi": 0.4 * ghi})
    columns = named(split, recipe_for(split))
    bright = columns["forecast_ghi"] > 0.2
    assert columns["beam_share_3h"][bright] == pytest.approx(np.full(bright.sum(), 0.6), abs=1e-3)
    assert "beam_share" not in named(rows, recipe_for(rows))


@pytest.mark.parametrize("given", ["forecast_temp_air", "forecast_poa_global"])
def test_a_provider_without_global_irradiance_is_no_error(rows, given):
    other = replace(rows, weather={given: rows.weather["forecast_ghi"] / 40})
    columns = named(other, recipe_for(other))
    assert all(np.isfinite(values).all() for values in columns.values())
    assert ("sky_day" in columns) == (given == "forecast_poa_global")
