"""An evaluation promises what single days will look like, from rows that no fit had seen."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.judging import promise
from services.trainer_trigger.pipeline.models.site_days import SiteDays, days_of, joined, summarise
from shared.evaluation import Evaluation, Promise
from shared.solar.irradiance import clearsky_ghi
from tests.unit.pipeline.datasets import Bench, frame, site
from tests.unit.solar import plant_data


def site_days(
    count: int, *, name: str = "meadow", level: float = 1.0, seed: int = 1, **changes
) -> SiteDays:
    """Return days that go through the year, clear and broken ones in turn."""
    random = np.random.default_rng(seed)
    clear = np.arange(count) % 2 == 0
    noise = np.exp(random.normal(0, np.where(clear, 0.03, 0.1)))
    columns = {
        "site": np.full(count, name),
        "month": np.arange(count) // 30 % 12 + 1,
        "sky": np.where(clear, 1.0, 0.5),
        "energy_ratio": level * noise,
        "nmae": np.where(clear, 0.02, 0.06),
        "level": level * noise,
        "scatter": np.where(clear, 0.04, 0.12),
    }
    return SiteDays(**columns | changes)


def cells(found: Promise) -> dict:
    return {(each.month, each.sky): each for each in found.cells}


def test_days_are_promised_by_month_and_sky() -> None:
    found = cells(promise.promise(site_days(360, level=0.95)))
    assert found[6, "clear"].nmae == 0.02
    assert found[6, "broken"].nmae == 0.06
    assert found[6, "clear"].days == 15
    assert found[6, None].days == 30
    assert found[None, None].days == 360
    assert found[6, "clear"].energy_ratio == pytest.approx(0.95, abs=0.03)
    assert found[None, "broken"].energy_spread == pytest.approx(0.1, abs=0.03)
    assert found[None, "clear"].level_spread == pytest.approx(0.03, abs=0.01)


def test_a_month_or_sky_with_few_days_is_left_to_wider_ones() -> None:
    found = cells(promise.promise(site_days(34)))
    assert (2, None) not in found
    assert (1, None) in found
    assert (None, "overcast") not in found


def test_no_days_promise_nothing() -> None:
    assert promise.promise(SiteDays.none()) is None
    assert promise.promise(site_days(3)) is None


def test_single_days_of_snow_or_outage_are_not_promised() -> None:
    days = site_days(60)
    bad = np.arange(60) % 10 == 0
    hurt = replace(
        days,
        energy_ratio=np.where(bad, 0.05, days.energy_ratio),
        level=np.where(bad, 0.05, days.level),
    )
    plain, spoilt = (cells(promise.promise(each))[None, None] for each in (days, hurt))
    assert spoilt.level == pytest.approx(plain.level, abs=0.02)
    assert spoilt.energy_ratio == pytest.approx(plain.energy_ratio, abs=0.03)


def test_a_site_of_a_fleet_has_its_own_level_and_no_more() -> None:
    days = site_days(120, name="hill", level=0.9) + site_days(120, level=1.0, seed=2)
    days = days + site_days(120, name="lake", level=1.0, seed=3)
    found = promise.promise(days)
    common = cells(found)[None, None].level
    for name, level in (("hill", 0.9), ("meadow", 1.0), ("lake", 1.0)):
        assert common * found.site_level[name] == pytest.approx(level, abs=0.02)
    assert promise.promise(site_days(120, level=0.9)).site_level == {}


def test_a_promise_of_ten_thousand_sites_stays_small() -> None:
    count = 100_000
    days = site_days(count, site=np.array([f"plant-{each % 10_000:05}" for each in range(count)]))
    found = promise.promise(days)
    assert len(found.site_level) == 10_000
    assert len(found.cells) <= 52
    assert len(found.model_dump_json()) < 300_000


def test_rows_are_summed_up_by_the_sites_own_solar_day() -> None:
    rows = plant_data.rows(10)
    up = plant_data.sun_at(rows.times).up
    ghi = clearsky_ghi(up) * 0.9
    days = days_of("meadow", rows.times, plant_data.PLANT.longitude, ghi, up)
    assert len(days.starts) == 11  # solar midnight of Munich is 46 minutes before that of Greenwich
    assert set(days.month) == {3}
    share = np.where(up > 0, up * 0.8, np.nan)
    found = summarise(days, share * 0.9, share, 15)
    assert found.level == pytest.approx(np.full(10, 0.9))
    assert found.energy_ratio[:9] == pytest.approx(np.ones(9) * 0.9)
    assert found.sky[1:9] == pytest.approx(np.full(8, 0.9), abs=0.01)


def test_days_of_several_sites_follow_each_other() -> None:
    times = plant_data.stamps(2)
    up = plant_data.sun_at(times).up
    parts = [days_of(name, times, 11.6, None, up) for name in ("hill", "lake")]
    found = joined(parts, [len(times), len(times)])
    assert found.starts.tolist() == [*parts[0].starts, *(parts[1].starts + len(times))]
    assert set(found.site) == {"hill", "lake"}
    assert np.isnan(found.sky).all()


def test_days_are_read_as_they_were_written(tmp_path) -> None:
    days = site_days(40, sky=np.where(np.arange(40) < 3, np.nan, 0.9))
    days.write(tmp_path)
    first = (tmp_path / "days.parquet").read_bytes()
    days.write(tmp_path)
    assert (tmp_path / "days.parquet").read_bytes() == first
    read = SiteDays.read(tmp_path / "days.parquet")
    for each in fields(SiteDays):
        np.testing.assert_array_equal(getattr(read, each.name), getattr(days, each.name))


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory) -> dict:
    """Return the evaluation of a hundred days of a made-up plant."""
    bench = Bench(tmp_path_factory.mktemp("days"))
    bench.upload(frame(days=100, noise=0.05))
    bench.preprocess()
    bench.lay_out_training("lightgbm")
    train.run(bench.container)
    bench.lay_out_evaluation()
    evaluate.run(bench.container, ["--accuracy-threshold", "0.5"])
    return json.loads(
        (bench.container.path(evaluate.OUTPUT) / evaluate.EVALUATION_FILE).read_text()
    )


def test_the_chain_promises_the_months_of_training_and_test(evaluation) -> None:
    found = Evaluation.model_validate(evaluation).promise
    assert {each.month for each in found.cells} == {3, 4, 5, 6, None}
    (whole,) = [each for each in found.cells if each.month is None and each.sky is None]
    assert whole.days >= 95
    assert whole.level == pytest.approx(1.0, abs=0.03)
    assert 0 < whole.nmae < 0.05


def test_an_evaluation_from_before_the_promise_still_reads(evaluation) -> None:
    old = {name: value for name, value in evaluation.items() if name != "promise"}
    assert Evaluation.model_validate(old).promise is None


def test_a_model_that_left_no_days_is_promised_by_its_test_alone(tmp_path) -> None:
    bench = Bench(tmp_path, sites=[site()])
    bench.upload(frame(days=60, noise=0.05))
    bench.preprocess()
    bench.lay_out_training("ridge")
    train.run(bench.container)
    (bench.container.path(train.MODEL) / "days.parquet").unlink()
    archive = bench.lay_out_evaluation()
    assert len(promise.days_of_training(archive).site) == 0
    evaluate.run(bench.container, ["--accuracy-threshold", "0.5"])
    written = bench.container.path(evaluate.OUTPUT) / evaluate.EVALUATION_FILE
    found = Evaluation.model_validate_json(written.read_bytes()).promise
    assert {each.month for each in found.cells} == {4, None}
