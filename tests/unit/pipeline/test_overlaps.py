"""Rows that contradict rows of other files are counted, with an example; many are for a person."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from services.trainer_trigger.pipeline.data.merge import site_table
from tests.unit.pipeline.datasets import Bench, frame, site
from tests.unit.pipeline.test_merge import series


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def found(bench: Bench):
    table = site_table([each for each in bench.files if each.site_id == "meadow"], bench.input, 15)
    assert table is not None
    return table.overlap


def named(bench: Bench, *names: str) -> None:
    bench.files = [
        each.model_copy(update={"raw_key": f"raw/{each.site_id}/{name}"})
        for each, name in zip(bench.files, names, strict=True)
    ]


def test_files_that_agree_or_do_not_overlap_contradict_nothing(bench):
    bench.upload(series("power_ac", [1, 2, 3, 4]))
    bench.upload(series("power_ac", [3, 4, 5], start="2024-05-01 00:30"))
    bench.upload(series("ghi", [9, 9, 9]))
    assert found(bench) is None


def test_number_files_and_an_example_are_told(bench):
    bench.upload(series("power_ac", [1, 2, 3, 4]))
    bench.upload(series("power_ac", [2, 5, 6], start="2024-05-01 00:15"))
    bench.upload(series("power_ac", [7, 8], start="2024-05-02"))
    named(bench, "a.csv", "b.csv", "c.csv")
    overlap = found(bench)
    assert (overlap.rows, overlap.files) == (2, 2)
    assert (overlap.file, overlap.other_file) == ("raw/meadow/b.csv", "raw/meadow/a.csv")
    assert overlap.share == pytest.approx(2 / 3, abs=1e-4)
    assert (overlap.column, overlap.value, overlap.other_value) == ("power_ac", 5, 3)
    assert overlap.time == pd.Timestamp("2024-05-01 00:30", tz="UTC")
    said = overlap.in_words()
    assert "2 rows of 2 files contradict each other" in said
    assert "power_ac at 2024-05-01 00:30 UTC: 5 there, 3 in raw/meadow/a.csv" in said
    assert "`solar files remove`" in said


def test_the_order_of_uploads_does_not_matter(bench, tmp_path):
    tables = {
        "a.csv": series("power_ac", [1, 2, 3, 4]).assign(ghi=[1, 2, 3, 4]),
        "b.csv": series("power_ac", [2, 5, 6], start="2024-05-01 00:15").assign(ghi=[2, 9, 4]),
        "c.csv": series("power_ac", [9, 9], start="2024-05-01 00:30"),
    }
    findings = []
    for number, names in enumerate(itertools.permutations(tables)):
        bench = Bench(tmp_path / str(number))
        for name in names:
            bench.upload(tables[name])
        named(bench, *names)
        findings.append(found(bench))
    assert findings[0].files == 3
    assert all(each == findings[0] for each in findings)


@pytest.mark.parametrize(("value", "is_other"), [(100.5, False), (102.0, True), (np.nan, False)])
def test_rounding_and_missing_values_contradict_nothing(bench, value, is_other):
    bench.upload(series("power_ac", [100.0, 50.0]))
    bench.upload(series("power_ac", [value, 50.0]))
    assert (found(bench) is not None) == is_other


def test_noise_around_zero_contradicts_nothing(bench):
    bench.upload(series("power_ac", [0.001, 100.0]))
    bench.upload(series("power_ac", [-0.002, 100.0]))
    assert found(bench) is None


def test_a_row_that_two_columns_contradict_is_one_row(bench):
    bench.upload(series("power_ac", [1, 2]).assign(ghi=[1, 2]))
    bench.upload(series("power_ac", [1, 9]).assign(ghi=[1, 9]))
    assert found(bench).rows == 1


@pytest.mark.parametrize(("rows", "is_much"), [(96 * 5, False), (96 * 7, True)])
def test_a_fifth_of_a_files_rows_is_for_a_person_and_less_is_a_warning(bench, rows, is_much):
    table = frame(days=30)
    bench.upload(table)
    other = table.copy()
    other.iloc[:rows, other.columns.get_loc("power_ac")] *= 1.5
    bench.upload(other)
    validation = bench.preprocess().validation.sites["meadow"]
    assert validation.is_contradicted == is_much
    assert any("contradict each other" in each for each in validation.warnings)


def test_another_sites_file_in_the_wrong_folder_is_named(bench):
    bench.sites = [site("brook"), site("meadow")]
    mine, theirs = frame(days=30), frame(days=30)
    theirs["power_ac"] *= 0.4
    bench.upload(theirs, "brook")
    bench.upload(mine)
    bench.upload(theirs)
    named(bench, "brook.csv", "meadow.csv", "strayed.csv")
    overlap = bench.preprocess().validation.sites["meadow"].overlap
    assert overlap.file == "raw/meadow/strayed.csv"
    assert overlap.other_site == "brook"
    assert "has the power of site brook; is it in the wrong folder?" in overlap.in_words()
