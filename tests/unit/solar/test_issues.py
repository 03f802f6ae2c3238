"""Forecasts come in blocks of coarse steps; a model sees them on its own step, each block for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.solar import features, irradiance, issues
from shared.solar import rows as solar_rows
from shared.solar.position import Floats, Times, ephemeris, position
from shared.solar.recipe import Plant, recipe_of
from shared.solar.rows import Rows

PLACE = (48.0, 11.0)
ROOF = Plant(site_id="roof", latitude=PLACE[0], longitude=PLACE[1], ac_capacity_kw=6.0)
MORNING = datetime(2024, 6, 1, tzinfo=UTC)


def table(
    weather: Mapping[str, Sequence[float | None]],
    *,
    step_minutes: int = 60,
    issued: datetime = MORNING,
    provider: str = "ecmwf",
    starts: Sequence[datetime] | None = None,
    minutes: Sequence[int | None] | None = None,
) -> pa.Table:
    """Canonical rows of one issue; without `minutes` as older objects have them, which tell no lengths."""
    count = len(next(iter(weather.values())))
    begins = starts or [MORNING + timedelta(minutes=step_minutes * at) for at in range(count)]
    stamp = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "timestamp": pa.array(begins, stamp),
            "issued_at": pa.array([issued] * count, stamp),
            "provider": pa.array([provider] * count).dictionary_encode(),
            **({} if minutes is None else {"step_minutes": pa.array(minutes, pa.int16())}),
            **{
                f"forecast_{name}": pa.array(values, pa.float64())
                for name, values in weather.items()
            },
        }
    )


def stepped(*tables: pa.Table, step_minutes: int = 15) -> Rows:
    found = issues.rows_of(tables, "roof", PLACE, step_minutes)
    assert found is not None
    return found


def clear_sky(times: Times, step_minutes: int) -> Floats:
    centres: Times = times + np.timedelta64(step_minutes * 30, "s")
    return irradiance.clearsky_ghi(position(ephemeris(centres), *PLACE).up)


def hourly_clear_sky(hours: int = 24) -> Floats:
    quarters: Times = np.datetime64("2024-06-01T00:00:00", "s") + np.arange(
        hours * 4
    ) * np.timedelta64(900, "s")
    mean: Floats = clear_sky(quarters, 15).reshape(-1, 4).mean(axis=1)
    return mean


def test_the_mean_of_a_coarse_interval_stays_what_the_provider_said() -> None:
    said = hourly_clear_sky() * np.linspace(0.2, 1.0, 24)
    rows = stepped(table({"ghi": said.tolist()}))
    assert rows.weather["forecast_ghi"].reshape(-1, 4).mean(axis=1) == pytest.approx(said)


@pytest.mark.parametrize("hours", [1, 3])
def test_a_clear_day_follows_the_sun_and_no_straight_line(hours: int) -> None:
    fine = clear_sky(stepped(table({"ghi": hourly_clear_sky().tolist()})).times, 15)
    said = fine.reshape(-1, 4 * hours).mean(axis=1)
    rows = stepped(table({"ghi": said.tolist()}, step_minutes=60 * hours))
    assert rows.weather["forecast_ghi"] == pytest.approx(fine, abs=0.5)


def test_a_temperature_goes_straight_from_one_middle_to_the_next() -> None:
    rows = stepped(table({"temp_air": [10.0, 14.0]}))
    assert rows.weather["forecast_temp_air"].tolist() == [
        10.0,
        10.0,
        10.5,
        11.5,
        12.5,
        13.5,
        14.0,
        14.0,
    ]


def test_a_step_that_grows_within_an_issue_is_seen() -> None:
    begins = [MORNING + timedelta(hours=hour) for hour in (0, 1, 2, 3, 6, 9)]
    rows = stepped(table({"temp_air": [1.0] * 6}, starts=begins), step_minutes=60)
    assert len(rows) == 12
    assert rows.times[-1] == np.datetime64("2024-06-01T11:00:00")


def test_a_row_that_tells_its_length_keeps_it_before_a_missing_row_and_at_the_end() -> None:
    begins = [MORNING + timedelta(hours=hour) for hour in (0, 1, 3, 4, 7)]
    told = table({"temp_air": [1.0] * 5}, starts=begins, minutes=[60, 60, 60, 180, 180])
    rows = stepped(told, step_minutes=60)
    assert [time.hour for time in rows.times.tolist()] == [0, 1, 3, 4, 5, 6, 7, 8, 9]


def test_older_objects_beside_newer_ones_are_read_as_before() -> None:
    begins = [MORNING + timedelta(hours=hour) for hour in (0, 1, 2, 3, 6, 9)]
    older = table({"temp_air": [1.0] * 6}, starts=begins)
    later = MORNING + timedelta(hours=6)
    newer = table({"temp_air": [2.0]}, starts=[later], issued=later, minutes=[180])
    both = stepped(older, newer, step_minutes=60)
    alone = stepped(older, step_minutes=60)
    assert both.times[both.issued_at == alone.issued_at[0]].tolist() == alone.times.tolist()
    assert len(both) == len(alone) + 3


def test_of_one_row_in_two_files_the_one_that_tells_its_length_decides() -> None:
    begins = [MORNING, MORNING + timedelta(hours=3)]
    older = table({"temp_air": [1.0, 1.0]}, starts=begins)
    newer = table({"temp_air": [2.0, 2.0]}, starts=begins, minutes=[60, 60])
    for tables in ([older, newer], [newer, older]):
        assert len(stepped(*tables, step_minutes=60)) == 2


def test_irradiance_follows_the_sun_over_a_coarser_step() -> None:
    fine = clear_sky(stepped(table({"ghi": hourly_clear_sky().tolist()})).times, 15)
    hours = [*range(9), *range(9, 24, 3)]
    ends = [*hours[1:], 24]
    said = [0.7 * fine[4 * one : 4 * end].mean() for one, end in zip(hours, ends, strict=True)]
    rows = stepped(
        table(
            {"ghi": said},
            starts=[MORNING + timedelta(hours=hour) for hour in hours],
            minutes=[60 * (end - one) for one, end in zip(hours, ends, strict=True)],
        )
    )
    assert rows.weather["forecast_ghi"] == pytest.approx(0.7 * fine, abs=0.5)


def test_features_of_the_hourly_days_are_the_same_with_and_without_a_coarse_tail() -> None:
    """The rows of a site's day see their whole day, so that only days within the hourly part can be alike."""
    random = np.random.default_rng(3)
    hours = [*range(120), *range(120, 240, 3)]
    lengths = [60] * 120 + [180] * 40
    sky = np.tile(hourly_clear_sky(), 10)[hours] * random.uniform(0.3, 1.0, len(hours))
    warm = random.normal(15.0, 5.0, len(hours))

    def part(count: int) -> Rows:
        return stepped(
            table(
                {"ghi": sky[:count].tolist(), "temp_air": warm[:count].tolist()},
                starts=[MORNING + timedelta(hours=hour) for hour in hours[:count]],
                minutes=lengths[:count],
            )
        )

    whole, alone = part(160), part(120)
    recipe = recipe_of([whole], (ROOF,), 15, inputs_kind="forecast")
    (names, with_tail, _), (_, without, _) = (
        features.compute(rows, recipe) for rows in (whole, alone)
    )
    assert "sky_day" in names
    day = alone.times < np.datetime64("2024-06-05T00:00:00")
    assert day.sum() == 4 * 96
    np.testing.assert_array_equal(with_tail[: len(alone)][day], without[day])
    assert len(whole) == 960


def test_a_gap_stays_a_gap() -> None:
    begins = [MORNING + timedelta(hours=hour) for hour in (0, 1, 2, 20, 21)]
    rows = stepped(table({"temp_air": [1.0, 1.0, 1.0, 9.0, 9.0]}, starts=begins), step_minutes=60)
    assert [time.hour for time in rows.times.tolist()] == [0, 1, 2, 20, 21]
    assert rows.weather["forecast_temp_air"].tolist() == [1.0, 1.0, 1.0, 9.0, 9.0]


def test_what_is_unknown_is_not_made_up() -> None:
    rows = stepped(table({"temp_air": [10.0, None, 14.0], "wind_speed": [1.0, 1.0, 1.0]}))
    assert np.isnan(rows.weather["forecast_temp_air"][4:8]).all()
    assert np.isfinite(rows.weather["forecast_temp_air"][[0, 11]]).all()


def test_finer_values_are_averaged_and_less_than_half_of_an_interval_is_none() -> None:
    begins = [MORNING + timedelta(minutes=minute) for minute in (0, 5, 10, 15)]
    rows = stepped(table({"ghi": [3.0, 6.0, 9.0, 6.0]}, starts=begins))
    assert rows.weather["forecast_ghi"].tolist() == [6.0]


def test_issues_and_providers_stand_beside_each_other() -> None:
    later = MORNING + timedelta(hours=6)
    rows = stepped(
        table({"temp_air": [1.0]}),
        table({"temp_air": [2.0]}, issued=later),
        table({"temp_air": [3.0]}, provider="icon"),
        step_minutes=60,
    )
    assert rows.providers == ("ecmwf", "icon")
    assert rows.weather["forecast_temp_air"].tolist() == [1.0, 2.0, 3.0]
    assert rows.provider.tolist() == [0, 0, 1]
    assert rows.issued_at.tolist()[:2] == [each.replace(tzinfo=None) for each in (MORNING, later)]


def test_the_later_upload_counts_where_it_says_something() -> None:
    rows = stepped(
        table({"temp_air": [1.0, 2.0], "wind_speed": [5.0, 6.0]}),
        table({"temp_air": [7.0, None]}),
        step_minutes=60,
    )
    assert rows.weather["forecast_temp_air"].tolist() == [7.0, 2.0]
    assert rows.weather["forecast_wind_speed"].tolist() == [5.0, 6.0]


def test_tables_without_a_value_are_no_rows() -> None:
    assert issues.rows_of([], "roof", PLACE, 15) is None
    assert issues.rows_of([table({"ghi": [None]})], "roof", PLACE, 15) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ecmwf", "icon"]),
            st.integers(0, 2),
            st.lists(st.floats(0, 900) | st.none(), min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[:2],
    ),
    st.sampled_from([30, 60, 180]),
)
def test_a_block_is_the_same_with_and_without_others(
    blocks: list[tuple[str, int, list[float | None]]], step: int
) -> None:
    tables = [
        table(
            {"ghi": values},
            step_minutes=step,
            issued=MORNING + timedelta(hours=6 * at),
            provider=provider,
        )
        for provider, at, values in blocks
    ]
    alone = [
        found
        for each in tables
        if (found := issues.rows_of([each], "roof", PLACE, 15)) is not None and len(each) > 1
    ]
    together = issues.rows_of(reversed(tables), "roof", PLACE, 15)
    for one in alone:
        assert together is not None
        name = together.providers.index(one.providers[0])
        same = (together.provider == name) & (together.issued_at == one.issued_at[0])
        found = together.take(same)
        assert found.times.tolist() == one.times.tolist()
        assert found.weather["forecast_ghi"] == pytest.approx(
            one.weather["forecast_ghi"], nan_ok=True
        )


def test_rows_of_forecasts_are_kept_and_joined(tmp_path: Path) -> None:
    rows = stepped(table({"temp_air": [1.0, 2.0]}), table({"temp_air": [3.0]}, provider="icon"))
    solar_rows.write(rows, tmp_path / "roof.parquet")
    again = solar_rows.read(tmp_path / "roof.parquet")
    assert again.issued_at.tolist() == rows.issued_at.tolist()
    assert again.providers == rows.providers
    assert again.lead_hours.tolist() == rows.lead_hours.tolist()
    icon = rows.take(rows.provider == 1)
    joined = solar_rows.together([icon, rows.take(rows.provider == 0)])
    assert (
        joined.weather["forecast_temp_air"][
            joined.provider == joined.providers.index("icon")
        ].tolist()
        == [3.0] * 4
    )


@pytest.mark.parametrize("step_minutes", [15, 60, 180])
def test_rows_that_are_issues_of_their_own_are_as_long_as_they_are_apart(step_minutes: int) -> None:
    """A constant lead dates each row by itself, so that no row of an issue says how long another is."""
    begins = [MORNING + timedelta(minutes=step_minutes * at) for at in range(1440 // step_minutes)]
    tables = [
        table({"temp_air": [15.0]}, issued=at - timedelta(hours=24), starts=[at]) for at in begins
    ]
    rows = stepped(*tables)

    assert len(rows) == 96
    assert len(set(rows.times.tolist())) == 96
