"""What is expected of a day is what days of its month and sky were like; else of the next wider ones."""

from __future__ import annotations

import pytest

from services.deployer.domain.live.promise import expected
from shared.evaluation import Promise, PromisedDays

CLEAR, BROKEN = 1.0, 0.5


def cell(month=None, sky=None, ratio=1.0, **changes) -> PromisedDays:
    common = {"days": 30, "energy_ratio": ratio, "energy_spread": 0.1, "nmae": 0.03}
    common |= {"nmae_spread": 0.01, "level": ratio, "level_spread": 0.04}
    return PromisedDays(month=month, sky=sky, **common | changes)


def of(*cells, month=6, sky=CLEAR, site_id="meadow", **options):
    return expected(Promise(cells=cells, **options), site_id, month, sky)


@pytest.mark.parametrize(
    ("there", "nearest", "said"),
    [
        ([(6, "clear"), (6, None), (None, "clear"), (None, None)], 0, ""),
        ([(5, "clear"), (6, None), (None, "clear"), (None, None)], 0, "month 5, clear skies"),
        ([(7, "clear"), (6, None), (None, "clear"), (None, None)], 0, "month 7, clear skies"),
        ([(6, None), (None, "clear"), (None, None)], 1, "all months, clear skies"),
        ([(6, None), (None, None)], 0, "month 6, all skies"),
        ([(1, "clear"), (None, None)], 1, "all months, all skies"),
    ],
)
def test_the_nearest_days_that_were_seen_are_promised_and_that_is_said(
    there, nearest, said
) -> None:
    cells = [cell(*place, ratio=0.9 - 0.01 * number) for number, place in enumerate(there)]
    found = of(*cells)
    assert found.wider == said
    assert found.energy_ratio == pytest.approx(cells[nearest].energy_ratio)


def test_december_and_january_are_neighbours() -> None:
    assert of(cell(12, "clear"), cell(), month=1).wider == "month 12, clear skies"
    assert of(cell(1, "clear"), cell(), month=12).wider == "month 1, clear skies"


def test_a_day_whose_sky_is_unknown_is_held_against_all_skies() -> None:
    found = of(cell(6, "clear", 0.5), cell(6, None, 0.9), cell(), sky=None)
    assert (found.energy_ratio, found.wider) == (0.9, "")


def test_the_level_lies_between_the_month_and_the_year_by_how_many_days_were_seen() -> None:
    many = of(cell(6, None, 0.8, days=1500), cell())
    few = of(cell(6, None, 0.8, days=5), cell())
    assert many.level == pytest.approx(0.8, abs=0.005)
    assert few.level == pytest.approx(0.8**0.25)


def test_the_less_of_the_season_was_seen_the_more_it_may_be_off() -> None:
    own, beside, never = (
        of(*cells) for cells in ((cell(6), cell()), (cell(5), cell()), (cell(1), cell()))
    )
    assert own.doubt < beside.doubt < never.doubt
    assert (own.seen, beside.seen, never.seen) == (True, True, False)


def test_a_site_has_its_own_level_beside_that_of_its_model() -> None:
    found = of(cell(6, "clear", 0.9), cell(6, None, 0.9), cell(), site_level={"meadow": 0.95})
    assert found.energy_ratio == pytest.approx(0.9 * 0.95)
    other = of(cell(6), cell(), site_level={"hill": 0.95})
    assert other.level == of(cell(6), cell()).level


@pytest.mark.parametrize("promise", [None, Promise(cells=())])
def test_without_a_promise_a_plant_is_held_against_its_prediction(promise) -> None:
    found = expected(promise, "meadow", 6, CLEAR)
    assert (found.energy_ratio, found.level, found.nmae) == (1.0, 1.0, None)
    assert found.wider == "no promise"
    assert not found.seen


def test_days_without_a_sure_level_promise_energy_only() -> None:
    found = of(cell(None, None, 0.9, level=None, level_spread=None))
    assert (found.energy_ratio, found.level) == (0.9, 1.0)
