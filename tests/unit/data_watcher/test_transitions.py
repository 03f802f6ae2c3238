"""How a version changes from one state to another: edges that the whole ledger's tests do not single out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.data_watcher.domain import transitions
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Listed
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Duplicate,
    Fault,
    FileVersion,
    Known,
    Pending,
    Quarantined,
    Released,
    Removed,
    RowSummary,
    Superseded,
    Upload,
    canonical_key,
)

NOW = datetime(2024, 7, 1, tzinfo=UTC)
KEY = "raw/east/b.csv"
ROWS = RowSummary(3, 0, {}, ("power_ac",), NOW, NOW + timedelta(days=1))
FAULT = Fault("unreadable", "it is broken", "send it again")
CANONICAL = CanonicalObject("file", "canonical/east/2024-07/file.parquet", NOW)
RELEASED = Released("request", "it was mended")


def upload(number: int = 5, size: int = 9) -> Upload:
    return Upload(f"v{number}", NOW + timedelta(minutes=number), size)


def pending(**facts: object) -> Pending:
    return replace(Pending(upload=upload(), changes=4, reading="r", released=RELEASED), **facts)


def accepted(**facts: object) -> Accepted:
    version = Accepted(
        upload=upload(),
        changes=4,
        published_at=NOW,
        released=RELEASED,
        reading="r",
        sha256="s",
        canonical=CANONICAL,
        rows=ROWS,
    )
    return replace(version, **facts)


def record(*versions: FileVersion) -> KeyRecord:
    return KeyRecord("east", KEY, 7, {each.version_id: each for each in versions})


def listed(number: int = 5, *, latest: bool = True, marker: bool = False) -> Listed:
    when = NOW + timedelta(minutes=number)
    return Listed(f"v{number}", latest, when, is_marker=marker, size=9)


def only(found: KeyRecord) -> FileVersion:
    (version,) = found.versions.values()
    return version


@pytest.mark.parametrize(
    "after",
    [
        transitions.accept(record(), pending(), "s", "s", CANONICAL, ROWS),
        transitions.quarantine(record(), pending(), FAULT),
        transitions.duplicate(record(), pending(), "s", "s", "raw/east/a.csv", ROWS),
        record(transitions.pend(accepted(), "other")),
        transitions.observe(record(accepted()), [], "r"),
        transitions.observe(
            record(accepted()), [listed(6, marker=True), listed(latest=False)], "r"
        ),
    ],
    ids=["accept", "quarantine", "duplicate", "pend", "remove", "supersede"],
)
def test_every_change_of_state_is_numbered_and_unpublished_and_remembers_who_released_it(
    after: KeyRecord,
) -> None:
    version = only(after)

    assert version.changes == 5
    assert version.published_at is None
    assert version.released == RELEASED
    assert version.upload == upload()


def test_an_older_version_that_is_new_here_is_superseded_by_its_successor() -> None:
    found = transitions.observe(record(), [listed(6), listed(latest=False)], "r")

    assert found.versions["v5"] == Superseded(upload=upload(), changes=1, by="v6")
    assert found.versions["v6"] == Pending(upload=upload(6), reading="r")


def test_another_successor_of_a_superseded_version_is_no_news() -> None:
    known = Superseded(upload=upload(), changes=2, published_at=NOW, by="gone")

    found = transitions.observe(record(known), [listed(6), listed(latest=False)], "r")

    assert found.versions["v5"] == replace(known, by="v6")


@pytest.mark.parametrize(
    ("newer", "why"),
    [
        (listed(6), "a newer version was uploaded"),
        (listed(6, marker=True), "the file was deleted"),
    ],
)
def test_rows_that_no_longer_count_are_withdrawn_with_the_reason(newer: Listed, why: str) -> None:
    found = transitions.observe(record(accepted()), [newer, listed(latest=False)], "r")

    (withdrawal,) = found.withdrawals.values()
    assert withdrawal.reason == why
    assert withdrawal.revision == 8  # of the record that will say so


def test_what_was_known_of_the_rows_stays_known_in_history_and_while_a_version_waits() -> None:
    gone = only(transitions.observe(record(accepted()), [], "r"))
    again = transitions.pend(accepted(), "other")

    assert isinstance(gone, Removed)
    assert gone.known == again.known == Known("s", CANONICAL, ROWS)
    assert canonical_key(again) == CANONICAL.key
    assert again.reading == "other"


def test_a_key_whose_current_version_went_holds_no_content() -> None:
    held = replace(record(accepted()), content="s")

    assert transitions.observe(held, [listed()], "r").content == "s"
    assert transitions.observe(held, [], "r").content is None


@pytest.mark.parametrize(("minutes", "attempts"), [(1.99, 1), (2, 2), (60, 2)])
def test_a_claim_fails_only_once_a_function_cannot_live_any_more(
    minutes: float, attempts: int
) -> None:
    claimed = transitions.claim(pending(), NOW)
    assert isinstance(claimed, Pending)
    later = NOW + timedelta(minutes=minutes)

    again = transitions.claim(claimed, later)

    assert isinstance(again, Pending)
    assert again.attempts == attempts
    assert again.claimed_at == (NOW if attempts == 1 else later)


def test_the_fourth_reading_does_not_begin() -> None:
    claim = transitions.claim(pending(attempts=2), NOW)
    assert isinstance(claim, Pending)

    refused = transitions.claim(claim, NOW + timedelta(hours=1))

    assert isinstance(refused, Fault)
    assert refused.code == "cannot_be_read"


def test_only_a_refused_file_is_released_and_only_once_per_request() -> None:
    refused = Quarantined(upload=upload(), reading="r", fault=FAULT)
    settled = replace(record(refused), settled=True)

    released = transitions.release(settled, "request", "it was mended")

    assert isinstance(released.current, Pending)
    assert released.current.released == RELEASED
    assert not released.settled
    assert transitions.release(record(accepted()), "request", "why") == record(accepted())
    again = record(replace(refused, released=RELEASED))
    assert transitions.release(again, "request", "why") == again
    assert transitions.release(again, "another", "why") != again


@pytest.mark.parametrize(
    ("version", "owner", "follows"),
    [
        (accepted(), KEY, True),
        (accepted(), "raw/east/a.csv", False),
        (accepted(), None, False),
        (Duplicate(upload=upload(), reading="r", of="a", sha256="s", rows=ROWS), "a", True),
        (Duplicate(upload=upload(), reading="r", of="a", sha256="s", rows=ROWS), KEY, False),
        (pending(), "raw/east/a.csv", True),
        (Quarantined(upload=upload(), reading="r", fault=FAULT), None, True),
    ],
)
def test_rows_count_under_the_key_that_owns_the_bytes(
    version: FileVersion, owner: str | None, *, follows: bool
) -> None:
    assert transitions.follows_owner(record(version), owner) is follows


def older(number: int, sha256: str | None = None, size: int = 9) -> Superseded:
    return Superseded(upload=upload(number, size), by="v5", known=Known(sha256))


@pytest.mark.parametrize(
    ("versions", "since", "longer"),
    [
        ([older(1)], 5, True),
        ([older(1, "s")], 5, True),
        ([older(1, "other")], 5, False),
        ([older(1), older(2, "other")], 5, False),
        ([older(1, size=8)], 5, False),
        ([older(9)], 5, False),  # it was uploaded later
        ([older(1)], 1, False),
        ([older(1)], None, True),
        ([], None, False),
    ],
)
def test_rows_may_count_from_an_older_upload_of_the_same_bytes(
    versions: list[Superseded], since: int | None, *, longer: bool
) -> None:
    counts_from = None if since is None else NOW + timedelta(minutes=since)
    version = accepted(canonical=replace(CANONICAL, counts_from=counts_from))

    assert transitions.may_count_longer(record(*versions, version), version) is longer


def test_accepting_withdraws_the_rows_of_another_reading_but_not_the_same_rows() -> None:
    other = CanonicalObject("old", "canonical/east/2024-07/old.parquet", NOW)
    for known, withdrawn in ((other, {other.key}), (CANONICAL, set()), (None, set())):
        version = pending(known=Known("s", known))
        found = transitions.accept(record(version), version, "s", "s", CANONICAL, ROWS)
        assert found.withdrawals.keys() == withdrawn
        assert found.content == "s"


def test_a_withdrawal_does_not_hold_where_the_rows_count_again() -> None:
    due = record(accepted()).withdrawing(CANONICAL.key, "gone").withdrawing("other", "gone")

    assert transitions.due_withdrawals(due).keys() == {"other"}
    assert transitions.due_withdrawals(replace(due, versions={})).keys() == {CANONICAL.key, "other"}


def test_settling_notes_the_time_of_what_was_not_published_yet() -> None:
    unsettled = replace(
        record(older(1), accepted()), hints=frozenset({"raw/east/c.csv"})
    ).withdrawing("other", "gone")

    settled = transitions.settle(unsettled, NOW + timedelta(hours=1))

    assert settled.settled
    assert not settled.hints
    assert not settled.withdrawals
    assert settled.versions["v1"].published_at == NOW + timedelta(hours=1)
    assert settled.versions["v5"].published_at == NOW


def test_the_smallest_key_owns_a_content_and_nobody_owns_what_no_key_holds() -> None:
    assert ContentRecord("east", "s", keys=frozenset("cab")).owner == "a"
    assert ContentRecord("east", "s").owner is None
