"""A model of forecasts learns from issues, predicts whole or broken ones, and says how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import onnxruntime as ort
import pyarrow as pa
import pytest

from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.models import blend, forecast, ridge, trees
from services.trainer_trigger.pipeline.models.base import Examples
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.examples import FeatureRoom, Gathered, gather, survey
from services.trainer_trigger.pipeline.models.folds import folds
from shared.solar import artifact, blocks, features, issues
from shared.solar.artifact import Artifact, ModelCard
from shared.solar.predictor import Predictor
from shared.solar.recipe import recipe_of
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench, frame
from tests.unit.pipeline.datasets import forecast as forecast_of
from tests.unit.solar.issued import forecasts
from tests.unit.solar.plant_data import PLANT, STEP

DAYS = 45
FEW_ROUNDS = 50  # as many trees as a made-up plant needs
LEVELS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)


@pytest.fixture(scope="module", autouse=True)
def _few_rounds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "_STEADY_ROUNDS", FEW_ROUNDS)
        yield


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("plant"), inputs="forecast")
    measured = frame(DAYS)
    bench.upload(measured)
    for hours in (2, 14):
        bench.upload(forecast_of(measured, hours_before=hours), provider="ecmwf")
    return bench


@pytest.fixture(scope="module")
def test_rows(bench) -> Rows:
    return bench.preprocess().test


@pytest.fixture(scope="module")
def trained(bench, test_rows) -> Artifact:
    bench.lay_out_training("auto")
    train.run(bench.container)
    return artifact.load(bench.container.path(train.MODEL))


@pytest.fixture(scope="module")
def predictor(trained) -> Predictor:
    return Predictor(trained)


def test_the_card_says_what_the_model_is_for(trained):
    assert trained.card.recipe.inputs_kind == "forecast"
    assert trained.card.recipe.providers == ("ecmwf",)
    assert trained.card.intervals is None
    assert sum(trained.card.weights.values()) == pytest.approx(1, abs=1e-3)
    again = ModelCard.model_validate_json(trained.card.model_dump_json())
    assert again == trained.card


def test_a_card_with_the_other_kinds_range_is_refused(trained):
    given = trained.card.model_dump()
    given["recipe"]["inputs_kind"] = "measured"
    with pytest.raises(ValueError, match="a model of forecasts has `spread`"):
        ModelCard.model_validate(given)


def test_it_predicts_better_than_the_last_known_day(predictor, test_rows):
    said = predictor.predict(test_rows).power_ac
    own = np.abs(said - test_rows.power_ac).mean()
    yesterday = np.abs(test_rows.power_ac_24h_ago - test_rows.power_ac)
    assert own < 0.6 * np.nanmean(yesterday)


def test_quantiles_rise_within_what_the_plant_can_give_and_are_zero_at_night(predictor, test_rows):
    said = predictor.predict(test_rows)
    found = predictor.quantiles(test_rows, LEVELS)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= predictor.card.cap * PLANT.ac_capacity_kw + 1e-9
    assert (found[said.power_ac == 0][:, 3] == 0).all()
    night = test_rows.times.astype("datetime64[h]").astype(int) % 24 == 0
    assert (found[night] == 0).all()
    np.testing.assert_allclose(found[:, 1], said.p10)
    np.testing.assert_allclose(found[:, 3], said.power_ac)
    np.testing.assert_allclose(found[:, 5], said.p90)


def test_the_range_holds_about_as_often_as_it_says(predictor, test_rows):
    said = predictor.predict(test_rows)
    lit = said.power_ac > 1
    inside = (test_rows.power_ac >= said.p10) & (test_rows.power_ac <= said.p90)
    assert 0.6 < inside[lit].mean() < 0.95


def test_a_block_is_predicted_alike_alone_among_others_and_in_any_order(predictor, test_rows):
    whole = predictor.predict(test_rows)
    own = test_rows.issued_at == np.unique(test_rows.issued_at)[3]
    alone = predictor.predict(test_rows.take(own))
    shuffled = np.random.default_rng(1).permutation(len(test_rows))
    mixed = predictor.predict(test_rows.take(shuffled))
    for name in ("power_ac", "p10", "p90"):
        np.testing.assert_allclose(getattr(alone, name), getattr(whole, name)[own], atol=1e-3)
        np.testing.assert_allclose(getattr(mixed, name), getattr(whole, name)[shuffled], atol=1e-3)


@pytest.mark.parametrize("kept", ["first half", "every third row", "single rows"])
def test_a_block_in_part_is_predicted_nearly_as_well(predictor, test_rows, kept):
    whole = np.abs(predictor.predict(test_rows).power_ac - test_rows.power_ac)
    hour = test_rows.times.astype("datetime64[h]").astype(int) % 24
    if kept == "first half":
        which = hour < 12
        said = predictor.predict(test_rows.take(which)).power_ac
    elif kept == "every third row":
        which = np.arange(len(test_rows)) % 3 == 0
        said = predictor.predict(test_rows.take(which)).power_ac
    else:
        which = np.ones(len(test_rows), dtype=bool)
        said = predictor.predict(test_rows, alone=which).power_ac
    error = np.abs(said - test_rows.power_ac[which])
    assert error.mean() < 1.3 * whole[which].mean()


def test_the_evaluation_judges_it(bench, trained, capsys):
    bench.lay_out_evaluation()
    evaluate.run(bench.container, ["--accuracy-threshold", "0.5"])
    assert "evaluate: " in capsys.readouterr().out


@pytest.mark.parametrize(("floor_lead", "hours_before"), [(3, 2), (38, 14)])
def test_the_floor_is_that_of_the_lead_that_the_models_yaml_names(
    test_rows, bench, floor_lead, hours_before
):
    dataset = replace(bench, floor_lead=timedelta(hours=floor_lead)).freeze()
    judged = test_rows.take(evaluate._judged(test_rows, dataset, ()))
    begin = judged.times.astype("datetime64[D]")
    assert set((begin - judged.issued_at).astype(int).tolist()) == {hours_before * 3600}


def examples(rows: Rows) -> Examples:
    names, values, sun = features.compute(
        rows, recipe_of([rows], (PLANT,), STEP, inputs_kind="forecast")
    )
    lit = sun.up > 0
    seconds = rows.times.astype(np.int64)
    found = Examples(
        values=values,
        share=(rows.power_ac / PLANT.ac_capacity_kw).astype(np.float32),
        part=folds(seconds),
        seconds=seconds,
        names=names,
        weight=rows.weight.astype(np.float32),
    )
    return found.take(lit)


@pytest.mark.parametrize("members", [("ridge",), tuple(forecast.PRIOR)])
def test_the_one_graph_says_what_its_members_and_quantiles_say(tmp_path, members):
    given = examples(forecasts(days=12, hours_before=(12, 36)))
    learnt = forecast.fit(given, 3, Checkpoints(tmp_path, "f"), members)
    session = ort.InferenceSession(learnt.graph, providers=["CPUExecutionProvider"])
    (entry,), matrix = session.get_inputs(), given.values
    (said,) = session.run(None, {entry.name: matrix})
    fitted = forecast._fit(given, 3, members, Checkpoints(tmp_path, "f"))
    expected = fitted.predict(matrix, members) @ list(learnt.weights.values())
    np.testing.assert_allclose(said[:, 0], expected, atol=3e-4)
    np.testing.assert_allclose(said[:, 1:], fitted.heads(matrix), atol=3e-4)


def test_the_same_rows_give_the_same_model(tmp_path):
    given = examples(forecasts(days=20))
    first, second = (
        forecast.fit(given, 3, Checkpoints(tmp_path / name, "f"), ("ridge", "residual"))
        for name in ("a", "b")
    )
    assert first.graph == second.graph


def test_what_comes_later_reaches_no_earlier_prediction(tmp_path):
    given = examples(forecasts(days=20))
    rewritten = examples(forecasts(days=20))
    rewritten.share[-len(rewritten.share) // 10 :] = 0.9
    plain, again = (
        forecast.fit(each, 3, Checkpoints(tmp_path / name, "f"), ("ridge", "residual"))
        for name, each in (("a", given), ("b", rewritten))
    )
    before = slice(0, int(0.84 * len(given.share)))
    np.testing.assert_array_equal(plain.heads[before], again.heads[before])


def test_rows_of_no_weight_teach_a_ridge_nothing():
    given = examples(forecasts(days=20))
    spoilt = given.share.copy()
    spoilt[::3] = 0.0
    weight = np.ones(len(spoilt), dtype=np.float32)
    weight[::3] = 0.0
    heavy, light = given.take(weight > 0), replace(given, share=spoilt, weight=weight)
    one, other = ridge.fit_of_forecasts(heavy), ridge.fit_of_forecasts(light)
    matrix = given.values
    share = one.predict(matrix)
    assert other.predict(matrix) == pytest.approx(share, abs=0.02)


def test_trees_learn_from_rows_as_much_as_they_weigh():
    given = examples(forecasts(days=20))
    spoilt = given.share.copy()
    spoilt[::3] = 0.0
    weight = np.ones(len(spoilt), dtype=np.float32)
    weight[::3] = 1e-4
    light = replace(given, share=spoilt, weight=weight)
    grown = trees.fit_steady(light, light.share, 1, "regression")
    assert grown.predict(given.values).mean() == pytest.approx(given.share.mean(), rel=0.1)


def test_a_prior_is_moved_but_not_forgotten():
    share, origin = np.random.default_rng(2).uniform(0, 1, 4000), np.arange(4000) // 1000
    random = np.random.default_rng(1)
    said = np.column_stack([share + random.normal(0, each, 4000) for each in (0.1, 0.11)])
    members = ("residual", "neural_network")
    moved = forecast.weigh(said, share, origin, members)
    sharp = blend.weigh(said, share, origin)
    start = forecast.PRIOR[members[0]] / sum(forecast.PRIOR[name] for name in members)
    assert start < moved[0] < sharp[0]


def test_a_missing_hour_of_a_forecast_is_no_error(predictor, test_rows):
    weather = {name: values.copy() for name, values in test_rows.weather.items()}
    for values in weather.values():
        values[40:60] = np.nan
    said = predictor.predict(replace(test_rows, weather=weather))
    assert np.isfinite(said.power_ac).all()
    assert (said.p10 <= said.p90).all()


def gathered(rows: Rows) -> Gathered:
    recipe = recipe_of([rows], (PLANT,), STEP, inputs_kind="forecast")
    return gather([rows], recipe, survey([rows], recipe), FeatureRoom(), None)


def test_of_each_interval_one_forecast_speaks_for_the_days():
    found = gathered(forecasts(days=6, hours_before=(12, 36)))
    seconds = found.examples.seconds
    assert 2 * found.judged.sum() == len(seconds)
    assert len(np.unique(seconds[found.judged])) == found.judged.sum()


def test_a_cut_issue_is_learnt_as_two_that_do_not_see_each_other():
    rows = forecasts(days=30)
    behind = blocks.cut_off(rows, 0.25)
    recipe = recipe_of([rows], (PLANT,), STEP, inputs_kind="forecast")
    names, whole, sun = features.compute(rows, recipe)
    _, parts, _ = features.compute(rows.take(behind), recipe)
    lit = sun.elevation >= survey([rows], recipe).night_below
    learnt = gathered(rows).examples.values[behind[lit]]
    np.testing.assert_array_equal(learnt, parts[lit[behind]])
    day = names.index("sky_day")
    assert (learnt[:, day] != whole[behind & lit][:, day]).any()


def test_many_issues_of_an_interval_are_learnt_from_by_lot_and_keep_their_weight():
    given = examples(forecasts(days=20, hours_before=(12, 24, 36, 48)))
    fewer = forecast._some(given, seed=1)
    assert len(fewer.share) == pytest.approx(len(given.share) / 4, rel=0.1)
    assert fewer.weight.sum() == pytest.approx(given.weight.sum(), rel=0.1)
    single = examples(forecasts(days=20))
    assert forecast._some(single, seed=1) is single


def test_predictions_of_hourly_days_are_the_same_with_and_without_a_coarse_tail(trained) -> None:
    """As GFS has it: hourly, then 3-hourly. A row sees its own day, so that only whole days can be alike."""
    hours = [*range(72), *range(72, 144, 3)]
    clear = forecast_of(frame(6))["forecast_ghi"].to_numpy()
    at = np.datetime64("2023-03-01T00:00:00", "us")

    def part(count: int) -> Rows:
        begins = [at + np.timedelta64(hour, "h") for hour in hours[:count]]
        table = pa.table(
            {
                "timestamp": pa.array(begins).cast(pa.timestamp("us", "UTC")),
                "issued_at": pa.array([at] * count).cast(pa.timestamp("us", "UTC")),
                "provider": ["ecmwf"] * count,
                "step_minutes": pa.array([60 if hour < 72 else 180 for hour in hours[:count]]),
                "forecast_ghi": clear[hours[:count]],
                "forecast_temp_air": [12.0] * count,
            }
        )
        place = (PLANT.latitude, PLANT.longitude)
        found = issues.rows_of([table], PLANT.site_id, place, STEP)
        assert found is not None
        return found

    predictor = Predictor(trained)
    whole, alone = part(len(hours)), part(72)
    with_tail, without = predictor.predict(whole), predictor.predict(alone)

    days = 2 * 24 * 60 // STEP
    for name in ("p10", "power_ac", "p90"):
        one, other = getattr(with_tail, name), getattr(without, name)
        np.testing.assert_array_equal(one[:days], other[:days])
        assert np.isfinite(one).all()
    assert len(whole) == 144 * 60 // STEP
    assert with_tail.power_ac[-days:].max() > 0.1 * PLANT.ac_capacity_kw
