"""Of any plant under any weather a healthy file passes as it is, and no fault changes an accepted value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading import read
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.any_plant import AnyPlant

PLANTS = st.integers(0, 10**6).map(AnyPlant.drawn)
TOLERANCE = 0.01  # of a value, and of the smallest number that a file can write of it


def grouped(watt: float) -> str:
    return f"{watt:,.0f}"


def with_comma(watt: float) -> str:
    return f"{watt:.1f}".replace(".", ",")


def small_in_watt(watt: float) -> str:
    return f"{watt:.1f}" if watt < 1000 else f"{watt / 1000:.3f}"


def from_row(plant: AnyPlant, at: int, changed: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(plant.watt)) >= at, changed, plant.watt)


# Each writes a plant's file with its fault, from some row on where it begins somewhere.
FAULTS: dict[str, Callable[[AnyPlant, int], bytes]] = {
    "kW": lambda plant, _: plant.csv(lambda watt: f"{watt / 1000:.5f}"),
    "kW from a row on": lambda plant, at: plant.but(
        watt=from_row(plant, at, plant.watt / 1000)
    ).csv(),
    "kW above 1000": lambda plant, _: plant.csv(small_in_watt),
    "sign": lambda plant, _: plant.but(watt=-plant.watt).csv(),
    "counter": lambda plant, at: plant.but(watt=np.cumsum(plant.watt * plant.step / 60) + at).csv(
        "{:.1f}".format
    ),
    "ten times": lambda plant, _: plant.but(watt=plant.watt * 10).csv(),
    "thousands": lambda plant, _: plant.csv(grouped),
    "decimal comma": lambda plant, _: plant.csv(with_comma),
    "clock": lambda plant, at: plant.late((-7, -4, 4, 8)[at % 4]).csv(),
    "words": lambda plant, _: plant.csv(
        lambda watt: "error" if watt > plant.watt.max() / 2 else f"{watt:.1f}"
    ),
    "cut": lambda plant, at: plant.csv()[: -1 - at],
    "irradiance in kW/m2": lambda plant, _: plant.but(ghi=plant.ghi / 1000).csv(),
    "irradiance in MJ/m2": lambda plant, _: plant.but(ghi=plant.ghi * plant.step * 6e-5).csv(),
}


def wrong(data: bytes, plant: AnyPlant, where: Site) -> list[str]:
    """Read a file; return the accepted values that are not what was measured."""
    table = pq.read_table(pa.BufferReader(read(data, "raw/east/p.csv", where).parquet)).to_pydict()
    found, truth = [], plant.truth()
    for name, place in (("power_ac", 0), ("ghi", 1)):
        for at, value in zip(table["timestamp"], table.get(name, []), strict=False):
            meant = truth.get(at, (np.nan, np.nan))[place]
            if value is not None and not abs(value - meant) <= TOLERANCE * abs(meant) + 0.06:
                found.append(f"{name} at {at}: {value}, not {meant}")
    return found


@settings(max_examples=60, phases=[Phase.generate])
@given(plant=PLANTS, beside=st.booleans())
def test_a_healthy_file_passes_unmasked(plant: AnyPlant, *, beside: bool) -> None:
    where = plant.site if beside else plant.alone()

    assert read(plant.csv(), "raw/east/p.csv", where).rows.masks == {}
    assert wrong(plant.csv(), plant, where) == []


@pytest.mark.parametrize("fault", sorted(FAULTS))
@settings(max_examples=25, phases=[Phase.generate])  # a smaller number draws no simpler plant
@given(plant=PLANTS, part=st.floats(0.2, 0.8), beside=st.booleans())
def test_no_fault_changes_an_accepted_value(
    fault: str, plant: AnyPlant, part: float, *, beside: bool
) -> None:
    data = FAULTS[fault](plant, int(part * len(plant.watt)))
    try:
        assert wrong(data, plant, plant.site if beside else plant.alone()) == []
    except UnreadableFileError:
        return


@pytest.mark.parametrize("is_first", [True, False])
@settings(max_examples=25, phases=[Phase.generate])
@given(plant=PLANTS.map(AnyPlant.unclouded), part=st.floats(0, 0.999))
def test_energies_under_a_clear_sky_are_refused_from_any_row_on(
    plant: AnyPlant, part: float, *, is_first: bool
) -> None:
    rows = plant.under_high_sun()
    assume(rows and plant.step < 60)
    at = rows[int(part * len(rows))]
    energies = plant.watt * plant.step / 60
    low = np.arange(len(energies)) < at if is_first else np.arange(len(energies)) >= at

    with pytest.raises(UnreadableFileError) as caught:
        read(
            plant.but(watt=np.where(low, energies, plant.watt)).csv(),
            "raw/east/p.csv",
            plant.alone(),
        )

    assert caught.value.code == "wrong_unit"
