"""Whether files stand alone or in compacts, Preprocess sees the same rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading.compact import join
from services.data_watcher.ports import Part
from services.trainer_trigger.pipeline.data.merge import site_table
from services.trainer_trigger.pipeline.failure import RunFailedError
from shared import layout
from shared.canonical import CanonicalFile
from shared.dataset import DatasetFile
from tests.unit.pipeline.datasets import Bench

COLUMNS = ("power_ac", "ghi", "temp_air")
values = st.one_of(st.just(np.nan), st.floats(0, 100, width=16))


@st.composite
def uploads(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a small file: any of the columns, any rows of a day, any values or none."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    start, length = draw(st.integers(0, 20)), draw(st.integers(1, 6))
    step = draw(st.sampled_from([5, 15, 30]))
    begin = pd.Timestamp("2024-05-01", tz="UTC") + pd.Timedelta(minutes=15 * start)
    index = pd.date_range(begin, periods=length, freq=f"{step}min")
    table = {name: draw(st.lists(values, min_size=length, max_size=length)) for name in columns}
    return pd.DataFrame(table, index=index, dtype=float)


def described(file: DatasetFile) -> CanonicalFile:
    return CanonicalFile(
        file_id=file.file_id,
        site_id=file.site_id,
        rows=file.rows,
        rows_masked=0,
        columns=(),
        window_start=file.window_start,
        window_end=file.window_end,
        uploaded_at=file.uploaded_at,
    )


def compact(bench: Bench, name: str, keys: list[str]) -> str:
    """Put objects into one compact, as data_watcher's sweep does, and take them away."""
    files = {file.key: described(file) for file in bench.files}
    body = join([Part((bench.input / key).read_bytes(), files.get(key)) for key in keys])
    made = layout.compact("meadow", "2024-05", name)
    path = bench.input / made
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    for key in keys:
        (bench.input / key).unlink()
    return made


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_grouping_gives_the_same_rows(data):
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for table in data.draw(st.lists(uploads(), min_size=1, max_size=8)):
            hours = data.draw(st.integers(0, 3))
            bench.upload(table.rename_axis(None), hours=hours)
        alone = site_table(bench.files, bench.input, 15)
        keys = [file.key for file in bench.files]
        for number in range(data.draw(st.integers(1, 4))):
            chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
            keys = [key for key in keys if key not in chosen]
            keys.append(compact(bench, f"c{number}", chosen))
        together = site_table(bench.files, bench.input, 15)
        assert (alone is None) == (together is None)
        if alone is not None and together is not None:
            pd.testing.assert_frame_equal(alone.frame, together.frame, check_exact=True)
            assert alone.native_steps == together.native_steps


def test_a_column_that_a_later_file_does_not_carry_is_not_taken_back(tmp_path):
    bench = Bench(tmp_path)
    index = pd.date_range("2024-05-01", periods=2, freq="15min", tz="UTC")
    bench.upload(pd.DataFrame({"power_ac": [1.0, 2.0], "ghi": [10.0, 20.0]}, index=index))
    bench.upload(pd.DataFrame({"power_ac": [np.nan, 7.0]}, index=index))
    compact(bench, "c", [file.key for file in bench.files])
    table = site_table(bench.files, bench.input, 15)
    assert table is not None
    assert table.frame["ghi"].tolist() == [10, 20]
    assert np.isnan(table.frame["power_ac"].iloc[0])
    assert table.frame["power_ac"].iloc[1] == 7


def test_files_of_a_compact_that_are_not_in_the_dataset_are_not_read(tmp_path):
    bench = Bench(tmp_path)
    index = pd.date_range("2024-05-01", periods=2, freq="15min", tz="UTC")
    bench.upload(pd.DataFrame({"power_ac": [1.0, 2.0]}, index=index))
    bench.upload(pd.DataFrame({"power_ac": [8.0, 9.0]}, index=index))
    compact(bench, "c", [file.key for file in bench.files])
    table = site_table(bench.files[:1], bench.input, 15)
    assert table is not None
    assert table.frame["power_ac"].tolist() == [1, 2]


def test_a_compact_that_does_not_say_what_it_holds_is_named(tmp_path):
    bench = Bench(tmp_path)
    index = pd.date_range("2024-05-01", periods=2, freq="15min", tz="UTC")
    bench.upload(pd.DataFrame({"power_ac": [1.0, 2.0]}, index=index))
    key = bench.files[0].key
    path = bench.input / layout.compact("meadow", "2024-05", "c")
    path.parent.mkdir(parents=True)
    (bench.input / key).rename(path)
    with pytest.raises(RunFailedError, match=r"c\.parquet does not say"):
        site_table(bench.files, bench.input, 15)


def test_the_same_parts_give_the_same_bytes_in_any_order(tmp_path):
    bench = Bench(tmp_path)
    index = pd.date_range(datetime(2024, 5, 1, tzinfo=UTC), periods=2, freq="15min")
    for number, name in enumerate(COLUMNS):
        bench.upload(pd.DataFrame({name: [1.0, number]}, index=index))
    parts = [Part((bench.input / f.key).read_bytes(), described(f)) for f in bench.files]
    assert join(parts) == join(parts[::-1])
