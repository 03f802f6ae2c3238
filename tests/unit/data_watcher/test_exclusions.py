"""What people take out of training is versioned configuration, and the model hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_watcher.domain import validation
from shared.dataset import Exclusion
from shared.errors import InvalidConfigError
from shared.exclusions import ActiveExclusions, ExcludedRange, SiteExclusions
from tests.unit.data_watcher.fakes import World
from tests.unit.data_watcher.test_onboarding import KEY as SITE_KEY
from tests.unit.data_watcher.test_onboarding import SITE

KEY = "config/exclusions/east.yaml"
RANGES = b"""\
site_id: east
exclusions:
  - start: 2024-07-01T00:00:00+02:00
    end: 2024-07-03T00:00:00+02:00
    reason: inverter swapped
    excluded_by: ops
"""
DAY = datetime(2024, 7, 1, tzinfo=UTC)


def test_exclusions_are_in_force_and_the_sites_model_is_looked_at_again() -> None:
    world = World()
    world.upload(SITE_KEY, SITE)
    world.publisher.told.clear()
    world.upload(KEY, RANGES)

    (told,) = world.publisher.told
    assert (told.type, told.kind, told.name) == ("solar.config_accepted", "exclusions", "east")
    assert told.model_id == "fleet"
    in_force = world.configurations.exclusions["east"]
    assert in_force.config_version == told.config_version
    assert in_force.for_dataset() == (
        Exclusion(
            site_id="east",
            start=datetime(2024, 6, 30, 22, tzinfo=UTC),
            end=datetime(2024, 7, 2, 22, tzinfo=UTC),
            reason="inverter swapped",
        ),
    )


def test_exclusions_that_come_before_their_site_are_in_force_with_it() -> None:
    world = World()
    world.upload(KEY, RANGES)
    assert world.publisher.told == []
    world.upload(SITE_KEY, SITE)

    assert world.publisher.kinds() == ["config_accepted"]
    assert "east" in world.configurations.exclusions


def test_exclusions_touch_no_file() -> None:
    world = World()
    world.upload(SITE_KEY, SITE)
    world.upload("raw/east/a.csv", b"one")
    before = dict(world.ledger.records)
    world.upload(KEY, RANGES)

    assert world.ledger.records == before


def test_deleting_the_file_leaves_the_last_good_exclusions_in_force() -> None:
    world = World()
    world.upload(KEY, RANGES)
    world.bucket.delete(KEY)
    world.event(KEY)

    assert world.configurations.exclusions["east"].exclusions
    assert world.publisher.kinds() == ["config_rejected"]


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        (RANGES.replace(b"07-03", b"06-03"), 3, "end must come after start"),
        (RANGES.replace(b"+02:00", b""), 3, "timezone"),
        (RANGES.replace(b"reason", b"reasn"), 3, "'reason' is missing"),
        (RANGES.replace(b"east", b"west"), 1, "is called east.yaml"),
    ],
)
def test_bad_exclusions_are_refused_with_line_and_reason(body: bytes, line: int, says: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        validation.read(KEY, body)

    assert says in caught.value.reason
    assert caught.value.line == line


# --- the algebra of ranges ----------------------------------------------------------------------------


def hours(start: int, end: int) -> ExcludedRange:
    return ExcludedRange(
        start=DAY + timedelta(hours=start), end=DAY + timedelta(hours=end), reason="why"
    )


def excluded(stated: SiteExclusions) -> set[int]:
    return {
        hour
        for hour in range(60)
        for each in stated.exclusions
        if each.start <= DAY + timedelta(hours=hour) < each.end
    }


some_ranges = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15)).map(lambda each: hours(each[0], sum(each))),
    max_size=6,
)


@given(some_ranges, st.integers(0, 40), st.integers(1, 20))
def test_including_takes_out_exactly_the_hours_that_it_names(
    ranges: list[ExcludedRange], start: int, length: int
) -> None:
    stated = SiteExclusions(site_id="east", exclusions=tuple(ranges))
    left = stated.including(hours(start, start + length).start, hours(start, start + length).end)

    assert excluded(left) == excluded(stated) - set(range(start, start + length))


@given(some_ranges, st.integers(0, 40), st.integers(1, 20))
def test_excluding_adds_exactly_the_hours_that_it_names_and_again_changes_nothing(
    ranges: list[ExcludedRange], start: int, length: int
) -> None:
    stated = SiteExclusions(site_id="east", exclusions=tuple(ranges))
    more = stated.excluding(hours(start, start + length))

    assert excluded(more) == excluded(stated) | set(range(start, start + length))
    assert more.excluding(hours(start, start + length)) == more


@given(some_ranges)
def test_the_same_ranges_are_the_same_version_wherever_they_were_stated(
    ranges: list[ExcludedRange],
) -> None:
    one = ActiveExclusions.of(SiteExclusions(site_id="east", exclusions=tuple(ranges)))
    other = ActiveExclusions.model_validate_json(one.model_dump_json())

    assert other == one
    assert other.for_dataset() == one.for_dataset()
