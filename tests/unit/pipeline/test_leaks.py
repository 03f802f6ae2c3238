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


@pytest.mark.parametrize("ahead", [1, 4])
def test_a_planted_future_column_is_refused(ahead):
    many = rows(days=20)
    planted = with_column(many, "relative_humidity", np.roll(many.power_ac, -ahead))
    (found,) = leaks(described(planted), before(many))
    assert "relative_humidity knows later power" in found


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
        )
    )
    result = evaluate.evaluate(
        challenger=challenger,
        champion=ServedModel(),
        rows=prepared.train.take(np.sort(swap)),
        dataset=dataset,
        validation=prepared.validation,
        accuracy_threshold=0.5,
    )
    assert result.evaluation.verdict == "reject"
    assert "was the split shuffled?" in result.evaluation.reasons[0]
