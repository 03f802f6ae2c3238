"""Whatever fault a healthy issue file gets: it is read right, refused, or masked with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.forecast_files import (
    ADDED_UP,
    HOUR,
    Row,
    added_up,
    canonical,
    csv,
    forecasts,
    site,
)

Fault = Callable[[list[Row], Random], list[Row]]
CLOSE = 0.02  # of a value, and half a W/m2 of rounding


def _dropped(rows: list[Row], chance: Random) -> list[Row]:
    return [row for row in rows if chance.random() > 0.15]


def _shuffled(rows: list[Row], chance: Random) -> list[Row]:
    return chance.sample(rows, len(rows))


def _repeated(rows: list[Row], chance: Random) -> list[Row]:
    return [*rows, *chance.sample(rows, 5)]


def _issued_late(rows: list[Row], chance: Random) -> list[Row]:
    hours = chance.choice([1, 5, 20, 60])
    return [replace(row, issued=row.issued + hours * HOUR) for row in rows]


def _shifted(rows: list[Row], chance: Random) -> list[Row]:
    hours = chance.choice([-9, -4, 4, 9])
    return [replace(row, begins=row.begins + hours * HOUR) for row in rows]


def _spiked(rows: list[Row], chance: Random) -> list[Row]:
    bad = chance.sample(range(len(rows)), 3)
    return [replace(row, ghi=5000.0) if n in bad else row for n, row in enumerate(rows)]


def _scaled(rows: list[Row], chance: Random) -> list[Row]:
    factor = chance.choice([1e-3, 3.6, 1e3, 3600])
    return [replace(row, ghi=row.ghi * factor) for row in rows]


def _scaled_from_the_middle(rows: list[Row], chance: Random) -> list[Row]:
    factor, middle = chance.choice([1e-3, 1e3, 3600]), rows[len(rows) // 2].issued
    return [replace(row, ghi=row.ghi * factor) if row.issued >= middle else row for row in rows]


def _coarser(rows: list[Row], chance: Random) -> list[Row]:
    after = chance.choice([0, 20, 30])
    return [
        row for row in rows if (row.begins - row.issued) / HOUR < after or row.begins.hour % 3 == 0
    ]


def _contradicted(rows: list[Row], chance: Random) -> list[Row]:
    some = chance.sample([row for row in rows if row.ghi > 50], 3)
    return [*rows, *(replace(row, ghi=row.ghi / 2) for row in some)]


FAULTS: list[Fault] = [
    _dropped,
    _shuffled,
    _repeated,
    _issued_late,
    _shifted,
    _spiked,
    _scaled,
    _scaled_from_the_middle,
    _coarser,
    _contradicted,
]


def _is_right(data: bytes, where: Site, truth: dict[object, float], *, late: bool) -> None:
    """Read a file; what is there must be what the provider said, and what is not must have a reason."""
    try:
        reading, found = canonical(data, where)
    except UnreadableFileError:
        return  # its words are tested with each fault
    for (issued, begins), value in found.items():
        assert issued <= begins
        if value is not None:
            meant = truth[begins] if late else truth[issued, begins]
            assert abs(value - meant) <= CLOSE * abs(meant) + 0.5, (issued, begins, value, meant)
    lost = sum(value is None for value in found.values())
    assert lost <= sum(reading.rows.masks.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
@given(seed=st.integers(0, 2**32 - 1), clear=st.sampled_from([0.3, 0.6, 0.95]))
@settings(max_examples=8, deadline=None)
def test_a_fault_never_becomes_a_wrong_value(fault: Fault, seed: int, clear: float) -> None:
    chance = Random(seed)
    healthy = forecasts(clear=clear, every=24)
    truth: dict[object, float] = {row.pair: row.ghi for row in healthy}
    late = fault is _issued_late
    if late:  # the same targets, of another issue: one issue alone, so that a target has one value
        healthy = healthy[:48]
        truth = {row.begins: row.ghi for row in healthy}

    _is_right(csv(fault(healthy, chance)), site(), truth, late=late)


@pytest.mark.parametrize("fault", [_shuffled, _repeated, _dropped, _issued_late])
@given(seed=st.integers(0, 2**32 - 1), anew=st.sampled_from([0, 6, 7, 13, 21]))
@settings(max_examples=20, deadline=None)
def test_nor_does_it_where_irradiance_is_a_sum(fault: Fault, seed: int, anew: int) -> None:
    """The sums are those of the healthy file; then rows of the file are lost, repeated or dated anew.

    A sum that begins anew once, in the first light, when it is still small, cannot be seen, and is not tried.
    """
    chance = Random(seed)
    healthy = forecasts(issues=1, clear=0.7)
    data = added_up(healthy, anew=lambda row: anew > 0 and (row.begins - row.issued) / HOUR == anew)
    head, *lines = data.decode().strip().splitlines()
    written = dict(zip([row.pair for row in healthy], lines, strict=True))
    after = fault(healthy, chance)
    first = after[0].issued - healthy[0].issued
    chosen = [
        f"{row.issued:%Y-%m-%d %H:%M}" + written[row.issued - first, row.begins][16:]
        for row in after
    ]
    truth: dict[object, float] = {row.begins: row.ghi for row in healthy}

    _is_right("\n".join([head, *chosen]).encode(), site(ADDED_UP), truth, late=True)


def test_the_healthy_file_itself_is_read_whole() -> None:
    healthy = forecasts(clear=0.3, every=24)
    reading, found = canonical(csv(healthy))

    assert reading.rows.masks == {}
    assert None not in found.values()
    assert len(found) == len(healthy)
    assert reading.rows.window_end - reading.rows.window_start == timedelta(days=5)
