"""Planted canaries: a shuffled split and an input that knows the power are refused, honest weather is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import numpy as np
import pytest

from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.judging import scoring
from services.trainer_trigger.pipeline.judging.champion import ServedModel
from services.trainer_trigger.pipeline.judging.leaks import leaks
from shared.evaluation import Window
from shared.solar import irradiance
from shared.solar.predictor import Predictor
from shared.solar.recipe import recipe_of
from shared.solar.rows import together
from tests.unit.pipeline.datasets import Bench, frame
from tests.unit.solar.plant_data import PLANT, STEP, rows, sun_at


def described(many):
    return scoring.describe(many, recipe_of([many], (PLANT,), STEP))


def before(many) -> Window:
    end = many.times.min().astype(object).replace(tzinfo=UTC)
    return Window(start=end.replace(year=end.year - 1), end=end)


def with_column(many, name, values):
    return replace(many, weather={**many.weather, name: values})


def test_honest_weather_is_no_leak_however_well_it_fits():
    many = rows(days=20, noise=0.005)
    assert leaks(described(many), before(many)) == ()


def test_a_cloudless_month_with_a_late_clock_is_no_leak():
    many = rows(days=20, noise=0.003)
    clear = np.roll(irradiance.clearsky_ghi(sun_at(many.times).up), 4)
    many = replace(with_column(many, "ghi", clear), power_ac=np.roll(clear, -4) * 0.08)
    assert not [each for each in leaks(described(many), before(many)) if "is the power" in each]


def test_a_column_made_from_the_power_is_refused():
    many = rows(days=20)
    planted = with_column(many, "temp_module", 20 + many.power_ac * 0.3)
    (found,) = leaks(described(planted), before(many))
    assert "temp_module is the power itself" in found


@pytest.mark.parametrize("ahead", [1, 2, 4, 8])
def test_a_planted_future_column_is_refused(ahead):
    many = rows(days=20)
    planted = with_column(many, "relative_humidity", np.roll(many.power_ac, -ahead))
    (found,) = leaks(described(planted), before(many))
    assert "relative_humidity knows later power" in found


def test_a_planted_future_is_found_where_sites_share_their_stamps():
    """Between rows of the same moment no time passes; the step is that of the plant's clock."""
    one = rows(days=20)
    future = with_column(one, "relative_humidity", np.roll(one.power_ac, -2))
    both = together([future, replace(future, sites=("hill",))])
    hill = PLANT.model_copy(update={"site_id": "hill"})
    test = scoring.describe(both, recipe_of([both], (PLANT, hill), STEP))
    (found,) = leaks(test, before(both))
    assert "relative_humidity knows later power" in found


@pytest.mark.parametrize(("count", "said"), [(99, 0), (100, 1)])
def test_fewer_than_a_hundred_rows_prove_no_leak(count, said):
    many = rows(days=20)
    few = many.take(np.flatnonzero(sun_at(many.times).up > 0)[:count])
    planted = with_column(few, "temp_module", 20 + few.power_ac * 0.3)
    assert len(leaks(described(planted), before(many))) == said


def test_a_column_that_never_changes_and_one_that_is_missing_are_no_leak():
    many = rows(days=20)
    still = with_column(many, "wind_speed", np.full(len(many.times), 3.0))
    missing = with_column(still, "pressure", np.full(len(many.times), np.nan))
    assert leaks(described(missing), before(many)) == ()


def test_rows_of_a_single_moment_are_no_leak():
    one = rows(days=20)
    noon = one.take(np.array([48]))
    assert leaks(described(noon), before(noon)) == ()


def test_the_night_makes_no_column_look_like_the_power():
    """What is dark with the sun is alike at night; only daylight tells."""
    many = rows(days=20)
    shine = np.where(sun_at(many.times).up > 0, 30.0, 0.0)
    assert leaks(described(with_column(many, "temp_module", shine)), before(many)) == ()


@pytest.mark.parametrize(("early", "said"), [(0, ()), (96, ("96 of 1920",))])
def test_test_rows_in_the_training_time_are_counted(early, said):
    many = rows(days=20)
    end = many.times[early].astype(object).replace(tzinfo=UTC)
    found = leaks(described(many), Window(start=end.replace(year=end.year - 1), end=end))
    assert [part for each in found for part in said if part in each] == list(said)
    assert len(found) == len(said)


def test_a_shuffled_split_is_refused_through_the_whole_chain(tmp_path):
    bench = Bench(tmp_path)
    bench.upload(frame(days=30))
    prepared = bench.preprocess()
    dataset = bench.freeze()
    swap = np.random.default_rng(1).permutation(len(prepared.train))[: len(prepared.test)]
    kept = np.setdiff1d(np.arange(len(prepared.train)), swap)
    challenger = Predictor(
        train.train(
            [prepared.train.take(kept)],
            dataset,
            prepared.validation,
            model_type="ridge",
            run_id="r",
            checkpoint_folder=tmp_path / "checkpoints",
        ).artifact
    )
    result = evaluate.evaluate(
        challenger=challenger,
        champion=ServedModel(),
        rows=prepared.train.take(np.sort(swap)),
        masked=[],
        dataset=dataset,
        validation=prepared.validation,
        accuracy_threshold=0.5,
    )
    assert result.evaluation.verdict == "reject"
    assert "was the split shuffled?" in result.evaluation.reasons[0]
