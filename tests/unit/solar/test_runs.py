"""Runs of rows: where they begin and end."""

from __future__ import annotations

import numpy as np
import pytest

from shared.solar import runs


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ([], []),
        ([False, False], []),
        ([True], [(0, 1)]),
        ([True, False, True, True], [(0, 1), (2, 4)]),
        ([False, True, True, False], [(1, 3)]),
    ],
)
def test_each_run_of_true_rows_has_its_begin_and_the_row_after_its_last(
    mask: list[bool], found: list[tuple[int, int]]
) -> None:
    assert list(zip(*runs.where(np.array(mask, bool)), strict=True)) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], []),
        ([0.0], [0]),
        ([-1.0, -1.0, 2.0, -1.0], [0, 2, 3]),
        ([np.nan, np.nan], [0, 1]),
    ],
)
def test_each_run_of_equal_values_begins_where_the_value_changes(
    values: list[float], found: list[int]
) -> None:
    assert runs.starts(np.array(values)).tolist() == found
