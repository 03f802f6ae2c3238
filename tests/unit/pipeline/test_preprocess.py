"""Rows are divided in time, never shuffled, and each row that is left out has a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from services.trainer_trigger.pipeline import preprocess
from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.models.folds import PARTS, folds
from shared import layout
from shared.dataset import Exclusion
from shared.masked import MaskedStretches
from shared.solar import rows as solar_rows
from tests.unit.pipeline.datasets import Bench, frame, site


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def test_the_test_rows_are_the_last_part_of_time(bench):
    bench.upload(frame(days=30))
    prepared = bench.preprocess()
    assert prepared.train.times.max() < prepared.test.times.min()
    assert len(prepared.test) == pytest.approx(0.2 * 30 * 96, abs=1)
    assert prepared.validation.train_window.end <= prepared.validation.test_window.start


def test_all_sites_are_cut_at_the_same_moment(bench):
    bench.sites = [site(), site("hill")]
    bench.upload(frame(days=30))
    bench.upload(frame(days=20, seed=2), "hill")
    prepared = bench.preprocess()
    assert prepared.train.times.max() < prepared.test.times.min()
    assert set(prepared.validation.sites) == {"meadow", "hill"}


def test_several_instances_write_together_what_one_writes(tmp_path):
    written = []
    for count in (1, 2):
        bench = Bench(tmp_path / str(count), sites=[site(), site("hill"), site("lake")])
        for number, each in enumerate(bench.sites):
            bench.upload(frame(days=20 + number, seed=number), each.site_id)
        bench.freeze()
        hosts = [f"algo-{number + 1}" for number in range(count)]
        for name in hosts:
            described = bench.container.path(preprocess.HOSTS)
            described.parent.mkdir(parents=True, exist_ok=True)
            described.write_text(json.dumps({"current_host": name, "hosts": hosts}))
            preprocess.run(bench.container)
        output = bench.container.path("/opt/ml/processing/output")
        files = sorted(path for path in output.rglob("*") if path.is_file())
        written.append({path.relative_to(output).as_posix(): path.read_bytes() for path in files})
    assert written[0] == written[1]
    assert {"train/lake.parquet", "test/hill.parquet", "report/validation/meadow.json"} < set(
        written[0]
    )


def test_an_instance_reads_no_other_instances_rows(tmp_path):
    bench = Bench(tmp_path, sites=[site(), site("hill")])
    for each in bench.sites:
        bench.upload(frame(days=20), each.site_id)
    bench.freeze()
    described = bench.container.path(preprocess.HOSTS)
    described.parent.mkdir(parents=True)
    described.write_text(json.dumps({"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}))
    preprocess.run(bench.container)
    assert [path.name for path in bench.container.path(preprocess.TRAIN).iterdir()] == [
        "hill.parquet"
    ]


def test_weather_from_before_the_plant_and_forecasts_after_do_not_move_the_split(bench):
    bench.upload(frame(days=120)[["ghi", "temp_air"]])
    bench.upload(frame(days=120)[["power_ac"]].iloc[96 * 60 : 96 * 90])
    prepared = bench.preprocess()
    assert len(prepared.test) == pytest.approx(0.2 * 30 * 96, abs=1)


def test_what_a_person_excluded_is_in_neither_part_and_counted(bench):
    start = datetime(2023, 3, 5, tzinfo=UTC)
    bench.exclusions = [
        Exclusion(
            site_id="meadow", start=start, end=start + timedelta(days=1), reason="calibration"
        )
    ]
    bench.upload(frame(days=30))
    prepared = bench.preprocess()
    assert prepared.validation.masks() == {"excluded": 96}
    days = prepared.train.times.astype("datetime64[D]").astype(str)
    assert "2023-03-05" not in days
    assert "2023-03-04" in days


def test_every_measured_row_is_used_or_has_a_reason(bench):
    table = frame(days=30)
    table.iloc[100:300, 0] = np.nan
    noon = 96 * 5 + 48
    table.iloc[noon : noon + 60, :] = table.iloc[noon].to_numpy()
    bench.upload(table)
    found = bench.preprocess().validation.sites["meadow"]
    assert found.masks == {"frozen_record": 60}
    assert found.rows == found.used + found.without_power + found.masked
    assert found.without_power == 200


def masked_test(bench: Bench) -> list[solar_rows.Rows]:
    return list(solar_rows.SiteFiles(bench.container.path(preprocess.REPORT) / preprocess.MASKED))


def test_what_a_check_masked_in_the_test_time_is_handed_on_and_what_a_person_excluded_is_not(bench):
    table = frame(days=30)
    out = [
        (table.index >= f"{day}T10:00Z") & (table.index < f"{day}T14:00Z")
        for day in ("2023-03-05", "2023-03-28", "2023-03-29")
    ]
    for hours in out:
        table.loc[hours, "power_ac"] = 0.0
    bench.exclusions = [
        Exclusion(
            site_id="meadow",
            start=datetime(2023, 3, 29, tzinfo=UTC),
            end=datetime(2023, 3, 30, tzinfo=UTC),
            reason="meter swapped",
        )
    ]
    bench.upload(table)
    prepared = bench.preprocess()
    (masked,) = masked_test(bench)
    assert prepared.validation.sites["meadow"].masked > len(masked) > 0, "03-05 is trained on"
    assert set(masked.times.astype("M8[D]").astype(str)) == {"2023-03-28"}
    assert (masked.power_ac == 0).all()
    assert not np.isin(masked.times, prepared.test.times).any()


def stretches_of(bench: Bench, site_id: str = "meadow") -> list[tuple[str, str, str, int]]:
    path = bench.container.path(preprocess.REPORT) / layout.STRETCHES / f"{site_id}.json"
    found = MaskedStretches.model_validate_json(path.read_bytes())
    assert found.site_id == site_id
    return [
        (f"{each.start:%m-%d %H:%M}", f"{each.end:%m-%d %H:%M}", each.reason, each.rows)
        for each in found.stretches
    ]


def test_where_a_check_took_rows_out_is_left_as_stretches_with_their_reason(bench):
    table = frame(days=30)
    for noon in (96 * 5 + 48, 96 * 20 + 48):
        table.iloc[noon : noon + 60, :] = table.iloc[noon].to_numpy()
    bench.upload(table)
    assert bench.preprocess().validation.masks() == {"frozen_record": 120}
    assert stretches_of(bench) == [
        ("03-06 12:00", "03-07 03:00", "frozen_record", 60),
        ("03-21 12:00", "03-22 03:00", "frozen_record", 60),
    ]


def test_what_a_person_excluded_is_no_stretch_and_that_nothing_was_masked_is_said(bench):
    start = datetime(2023, 3, 5, tzinfo=UTC)
    out = {"start": start, "end": start + timedelta(days=1), "reason": "calibration"}
    bench.exclusions = [Exclusion(site_id="meadow", **out)]
    bench.upload(frame(days=30))
    bench.preprocess()
    assert stretches_of(bench) == []


def test_where_nothing_was_masked_nothing_is_handed_on(bench):
    bench.upload(frame(days=30))
    bench.preprocess()
    assert masked_test(bench) == []


def test_several_parts_of_a_site_are_one_site_in_the_order_of_time(bench):
    bench.sites = [site(), site("hill")]
    bench.upload(frame(days=30))
    bench.upload(frame(days=30, seed=2), "hill")
    whole = bench.preprocess().test
    some = (whole.site == whole.sites.index("hill")) & (
        whole.times.astype("M8[h]").astype(int) % 2 == 1
    )
    parts = [whole.take(~some), whole.take(some)]
    joined = solar_rows.together(parts)
    assert joined.sites == whole.sites
    for name in ("site", "times", "power_ac", "power_ac_24h_ago"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_night_draw_is_clipped_at_zero_and_kept(bench):
    table = frame(days=30)
    table.loc[table["power_ac"] == 0, "power_ac"] = -0.3
    bench.upload(table)
    prepared = bench.preprocess()
    assert prepared.train.power_ac.min() == 0
    assert prepared.validation.masks() == {}


def test_yesterdays_power_is_known_on_the_first_test_row(bench):
    bench.upload(frame(days=30))
    test = bench.preprocess().test
    assert np.isfinite(test.power_ac_24h_ago).all()
    np.testing.assert_array_equal(test.power_ac_24h_ago[96:], test.power_ac[:-96])


def test_a_summer_clock_is_reported_and_moved_only_where_the_yaml_allows(bench, tmp_path):
    table = frame(days=120).iloc[96 * 0 :]
    summer = table.index >= "2023-03-26 01:00"
    wall = table.index.where(~summer, table.index + timedelta(hours=1))
    shifted = table[["power_ac"]].set_axis(wall)
    for clock in ("as_stated", "correct"):
        place = Bench(tmp_path / clock, sites=[site(clock=clock)])
        place.upload(shifted)
        place.upload(table[["ghi", "temp_air"]])
        prepared = place.preprocess()
        found = prepared.validation.sites["meadow"]
        assert found.clock.follows_summer_time
        assert found.clock.corrected == (clock == "correct")
        assert any("clock: correct" in warning for warning in found.warnings) == (
            clock != "correct"
        )
        together = np.corrcoef(prepared.train.weather["ghi"], prepared.train.power_ac)[0, 1]
        assert (together > 0.98) == (clock == "correct")


def test_a_summer_clock_is_told_though_the_stated_zone_has_no_summer_time(tmp_path):
    table = frame(days=120)
    summer = table.index >= "2023-03-26 01:00"
    wall = table.index.where(~summer, table.index + timedelta(hours=1))
    for moves, power in ((True, table[["power_ac"]].set_axis(wall)), (False, table[["power_ac"]])):
        place = Bench(tmp_path / str(moves), sites=[site(timezone="+01:00")])
        place.upload(power)
        place.upload(table[["ghi", "temp_air"]])
        found = place.preprocess().validation.sites["meadow"]
        said = [each for each in found.warnings if "moves by an hour" in each]
        assert bool(said) == moves
        assert all("like that of Europe/Berlin" in each for each in said)


@pytest.mark.parametrize(
    ("hours", "plane", "doubted"),
    [
        (0.0, {}, None),
        (0.75, {}, None),
        (1.25, {}, "hours after solar noon"),
        (-1.25, {}, "hours before solar noon"),
        (2.0, {}, "hours after solar noon"),
        (-2.0, {}, "hours before solar noon"),
        (2.0, {"surface_tilt": 30, "surface_azimuth": 270}, None),
        (2.0, {"surface_tilt": 30, "surface_azimuth": 90}, "hours after"),
        (2.0, {"surface_tilt": 5, "surface_azimuth": 270}, "hours after"),
        (2.0, {"surface_tilt": 30, "surface_azimuth": 180}, "hours after"),
    ],
)
def test_a_clock_off_the_sun_is_doubted_unless_the_stated_plane_explains_it(
    bench, hours, plane, doubted
):
    table = frame(days=30)
    bench.sites = [site(timezone="UTC", **plane)]
    bench.upload(table.set_axis(table.index + timedelta(hours=hours)))
    found = bench.preprocess().validation.sites["meadow"]
    if doubted is None:
        assert found.time_doubts == ()
    else:
        (said,) = found.time_doubts
        assert doubted in said
        assert said in found.warnings


def test_single_days_at_odd_hours_are_doubted_because_their_energy_lies_in_the_night(bench):
    table = frame(days=30)
    bench.sites = [site(timezone="UTC")]
    for number in range(0, 30, 2):  # each is too short for a verdict on its own
        day = table.iloc[96 * number : 96 * (number + 1)]
        bench.upload(day.set_axis(day.index + timedelta(hours=9 if number % 4 else -9)))
    found = bench.preprocess().validation.sites["meadow"]
    assert found.night_share > 0.05
    assert "of the energy was generated at night" in found.time_doubts[0]


@pytest.mark.parametrize(("days", "months"), [(range(1, 13), 12), ((3, 4, 5), 3), ((3, 4), 0)])
def test_files_of_a_day_whose_day_and_month_are_swapped_are_doubted_together(bench, days, months):
    bench.test_fraction = 0.4
    for date, day in frame(days=122).groupby(lambda stamp: stamp.date()):
        if date.day in days:  # the third of April becomes the fourth of March
            swapped = pd.Timestamp(2023, date.day, date.month, tz="UTC")
            bench.upload(day.set_axis(day.index + (swapped - day.index[0])))
    found = bench.preprocess().validation.sites["meadow"]
    assert found.months_without_end == months
    assert any("day and month" in each for each in found.time_doubts) == bool(months)


def test_three_months_with_all_their_days_are_not_doubted(bench):
    bench.upload(frame(days=74))
    assert bench.preprocess().validation.sites["meadow"].time_doubts == ()


def test_rows_survive_being_written_and_read(bench, tmp_path):
    bench.sites = [site(), site("hill")]
    bench.upload(frame(days=10))
    bench.upload(frame(days=10, seed=2), "hill")
    train = bench.preprocess().train
    solar_rows.write(train, tmp_path / "a.parquet")
    solar_rows.write(train, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    again = solar_rows.read(tmp_path / "a.parquet")
    assert again.sites == train.sites
    for name in ("site", "times", "power_ac", "power_ac_24h_ago"):
        np.testing.assert_array_equal(getattr(again, name), getattr(train, name))
    assert again.weather.keys() == train.weather.keys()


def test_too_few_rows_fail_with_what_to_do(bench):
    bench.upload(frame(days=4))
    with pytest.raises(RunFailedError, match=r"only \d+ rows .*upload more data"):
        bench.preprocess()


def test_weather_alone_fails_with_what_to_do(bench):
    bench.upload(frame(days=30)[["ghi"]])
    with pytest.raises(RunFailedError, match="no site has rows with power"):
        bench.preprocess()


def test_a_dataset_without_description_fails_with_what_to_do(bench):
    bench.input.mkdir(parents=True)
    with pytest.raises(RunFailedError, match=r"0 dataset\.json"):
        preprocess.read_dataset(bench.input)


def test_parts_are_whole_stretches_of_days_and_every_part_sees_every_season():
    seconds = np.arange(0, 400 * 86_400, 900)
    part = folds(seconds)
    assert sorted(set(part.tolist())) == list(range(PARTS))
    changes = np.flatnonzero(np.diff(part))
    assert np.diff(seconds[changes]).min() > 8 * 86_400
    for number in range(PARTS):
        quarters = set((seconds[part == number] // (100 * 86_400)).tolist())
        assert quarters == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("altitude", "pressure", "warned"),
    [
        (1800.0, 815.0, False),  # as it is up there
        (1800.0, 1013.0, True),  # reduced to sea level
        (1800.0, 790.0, False),  # a low, or a valley: within what weather makes
        (1800.0, 770.0, True),
        (0.0, 815.0, False),  # not stated
    ],
)
def test_a_pressure_that_the_altitude_cannot_have_is_a_warning(bench, altitude, pressure, warned):
    bench.sites = [site(altitude=altitude)]
    bench.upload(frame(days=20).assign(pressure=pressure))
    prepared = bench.preprocess()
    warnings = prepared.validation.sites["meadow"].warnings
    assert any("altitude" in each for each in warnings) is warned
    assert prepared.validation.sites["meadow"].masks == {}


def test_a_site_without_pressure_is_not_asked_for_its_altitude(bench):
    bench.sites = [site(altitude=1800.0)]
    bench.upload(frame(days=20))
    assert bench.preprocess().validation.sites["meadow"].warnings == ()
