"""The band of a sum lies between that of sites that err for themselves and that of sites that err alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.solar import fleet
from shared.solar.position import Floats

WIDTHS = arrays(float, (3, 4), elements=st.floats(0, 100))


@given(WIDTHS, st.floats(0, 1))
def test_a_band_is_never_wider_than_the_sum_nor_narrower_than_the_widest(
    widths: Floats, alike: float
) -> None:
    found = fleet.band(widths, alike)
    assert (found <= widths.sum(axis=0) + 1e-6).all()
    assert (found >= widths.max(axis=0) - 1e-6).all()


def errors(share_of_common: float, sites: int = 6, times: int = 4000) -> tuple[Floats, Floats]:
    """Return errors of sites of several sizes, whose correlation is known, and their usual widths."""
    random = np.random.default_rng(4)
    size = np.linspace(1, 3, sites)[:, None]
    own = random.normal(size=(sites, times)) * np.sqrt(1 - share_of_common)
    common = random.normal(size=times) * np.sqrt(share_of_common)
    return size * (own + common), size * np.full((sites, times), 1.28)


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.8, 1.0])
def test_the_dependence_that_errors_have_is_found(alike: float) -> None:
    assert fleet.dependence(*errors(alike)) == pytest.approx(alike, abs=0.05)


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
def test_a_band_of_the_sum_holds_eight_of_ten(alike: float) -> None:
    error, width = errors(alike)
    found = fleet.band(width, fleet.dependence(error, width) or 0.0)
    inside = np.abs(error.sum(axis=0)) <= found
    assert inside.mean() == pytest.approx(0.8, abs=0.03)


def test_sites_that_are_missing_now_and_then_change_little() -> None:
    error, width = errors(0.5)
    error[2, ::3] = np.nan
    assert fleet.dependence(error, width) == pytest.approx(0.5, abs=0.05)


def test_of_one_site_or_few_times_nothing_is_said() -> None:
    error, width = errors(0.5)
    assert fleet.dependence(error[:1], width[:1]) is None
    assert fleet.dependence(error[:, :20], width[:, :20]) is None


def test_energy_of_hours_that_err_together_has_the_sum_of_their_ranges() -> None:
    power = (np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([3.0, 5.0]))
    found = fleet.energy(power, 0.5, 1.0)
    assert (found.p10, found.p50, found.p90) == pytest.approx((1.5, 3.0, 4.0))
    alone = fleet.energy(power, 0.5, 0.0)
    assert alone.p10 == pytest.approx(3.0 - 0.5 * np.sqrt(1 + 4))


def test_energies_of_sites_add_up_and_none_falls_below_nothing() -> None:
    one, other = fleet.Energy(0.0, 1.0, 2.0), fleet.Energy(0.0, 1.0, 4.0)
    found = fleet.added([one, other], 1.0)
    assert (found.p10, found.p50, found.p90) == (0.0, 2.0, 6.0)
    assert fleet.added([one, other], 0.0).p90 == pytest.approx(2 + np.sqrt(1 + 9))
