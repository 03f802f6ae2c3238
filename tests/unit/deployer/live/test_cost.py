"""A day of a fleet costs few calls for each site, and no more of them where there are more sites."""

from __future__ import annotations

from bench.scorecard import BATCH, DAY, GOAL_CALLS, GOAL_USD, Cost, a_fleet, cost_of, heard


def a_day_of(sites: int) -> Cost:
    """Return what a day with one file per site costs, predicted, kept and scored."""
    world, table, names = a_fleet(sites)
    messages = [world.upload(f"file-{name}", DAY, site=name) for name in names]
    world.objects.calls.clear()
    seconds = heard(world, messages)
    assert len(world.asking.calls) <= -(-sites // 50)
    assert len(world.predictions) == sites
    return cost_of(world, table, sites, seconds)


def test_a_day_takes_no_more_calls_and_money_for_each_site_than_is_promised() -> None:
    few, many = a_day_of(BATCH // 5), a_day_of(BATCH // 2)
    for each in (few, many):
        assert each.in_all <= GOAL_CALLS
        assert each.usd_per_month <= GOAL_USD
    assert many.in_all <= few.in_all
