"""Files of many uploads and steps become one table: the later upload wins, row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from services.trainer_trigger.pipeline.data.merge import site_table
from services.trainer_trigger.pipeline.failure import RunFailedError
from tests.unit.pipeline.datasets import Bench


def series(
    name: str, values: list[float], start: str = "2024-05-01", step: int = 15
) -> pd.DataFrame:
    index = pd.date_range(start, periods=len(values), freq=f"{step}min", tz="UTC")
    return pd.DataFrame({name: values}, index=index)


def merged(bench: Bench, step: int = 15) -> pd.DataFrame:
    table = site_table(bench.files, bench.input, step)
    assert table is not None
    return table.frame


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def test_a_later_upload_wins_row_by_row_and_only_for_the_columns_it_carries(bench):
    bench.upload(series("power_ac", [1, 2, 3, 4]).assign(ghi=[10, 20, 30, 40]))
    bench.upload(series("power_ac", [7, 8], start="2024-05-01 00:15"))
    found = merged(bench)
    assert found["power_ac"].tolist() == [1, 7, 8, 4]
    assert found["ghi"].tolist() == [10, 20, 30, 40]


def test_the_order_of_the_list_does_not_matter_only_the_order_of_upload(bench):
    bench.upload(series("power_ac", [7, 8]), hours=2)
    bench.upload(series("power_ac", [1, 2, 3]), hours=1)
    assert merged(bench)["power_ac"].tolist() == [7, 8, 3]


def test_a_later_upload_may_take_a_value_back(bench):
    bench.upload(series("power_ac", [1, 2, 3]))
    bench.upload(series("power_ac", [np.nan], start="2024-05-01 00:15"))
    assert np.isnan(merged(bench)["power_ac"].iloc[1])


def test_power_and_weather_of_different_files_and_steps_are_joined(bench):
    bench.upload(series("power_ac", [1, 2, 3, 4]))
    bench.upload(series("ghi", [100, 200], step=30))
    found = merged(bench)
    assert found["power_ac"].tolist() == [1, 2, 3, 4]
    assert found["ghi"].tolist() == [100, 125, 175, 200]  # between centres, held at the ends


def test_finer_rows_are_averaged_and_a_mostly_missing_interval_stays_unknown(bench):
    bench.upload(series("power_ac", [1, 2, 3, 4, np.nan, np.nan], step=5))
    assert merged(bench)["power_ac"].tolist()[0] == 2
    assert np.isnan(merged(bench)["power_ac"].iloc[1])


def test_coarser_rows_are_interpolated_at_most_one_step(bench):
    before, after = series("ghi", [100], step=60), series("ghi", [400], "2024-05-01 03:00", step=60)
    bench.upload(pd.concat([before, series("ghi", [200], "2024-05-01 01:00", step=60), after]))
    found = merged(bench)["ghi"]
    assert found["2024-05-01 02:00":"2024-05-01 02:45"].isna().all()
    assert found.loc["2024-05-01 03:00"] == 400
    assert found.notna().sum() == 12


def test_a_restatement_in_another_step_wins_where_it_is_newer(bench):
    bench.upload(series("power_ac", [1, 1, 1, 1]))
    bench.upload(series("power_ac", [9, 9, 9], step=5))
    assert merged(bench)["power_ac"].tolist() == [9, 1, 1, 1]


def test_stamps_off_the_grid_by_seconds_are_put_on_it(bench):
    table = series("power_ac", [1, 2, 3])
    table.index = table.index + pd.to_timedelta([0, 20, -20], unit="s")
    bench.upload(table)
    assert merged(bench)["power_ac"].tolist() == [1, 2, 3]


def test_a_missing_file_is_named_with_what_to_do(bench):
    bench.upload(series("power_ac", [1, 2]))
    (bench.input / bench.files[0].key).unlink()
    with pytest.raises(RunFailedError, match=r"canonical/meadow/.* is missing; .*retrain"):
        merged(bench)


def test_no_file_is_no_table(bench):
    assert site_table([], bench.input, 15) is None
