"""The ledger's table: nobody overwrites what he has not read, and any key fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.data_watcher.adapters import items
from services.data_watcher.adapters.table import DynamoLedger
from services.data_watcher.adapters.view import DynamoView
from services.data_watcher.domain import transitions
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Withdrawal
from services.data_watcher.domain.traits import Level, Traits
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Decision,
    Duplicate,
    Fault,
    FileVersion,
    Known,
    Pending,
    Quarantined,
    Released,
    Removed,
    RowSummary,
    State,
    Superseded,
    Upload,
)
from services.data_watcher.ports import Wanted
from shared.errors import ConflictError
from tests.integration import tables

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 7, 1, tzinfo=UTC)
KEY = "raw/east/a.csv"
TRAITS = Traits(900.0, 1, "2024-07-01", (Level(0.87, 0.91, is_sure=True),), -3.5, ("b30fdd2e24b6",))
ROWS = RowSummary(96, 3, {"sentinel": 3}, ("power_ac", "ghi"), NOW, NOW + timedelta(days=1))
FAULT = Fault("unreadable", "it is broken", "send it again")


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoLedger]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(**tables.described("data_watcher", "Ledger"))
        yield DynamoLedger.of(client, "solar-data-watcher", lambda: NOW)


def upload(number: int = 1) -> Upload:
    return Upload(f"v{number}", NOW + timedelta(minutes=number), 5, "etag")


def version(number: int = 1) -> Pending:
    return Pending(upload=upload(number), reading="r")


def accepted(number: int = 1) -> Accepted:
    canonical = CanonicalObject("f", "canonical/east/2024-07/f.parquet", NOW)
    return Accepted(upload=upload(number), reading="r", sha256="s", canonical=canonical, rows=ROWS)


def record(key: str = KEY, *versions: FileVersion) -> KeyRecord:
    held = versions or (version(),)
    return KeyRecord("east", key, versions={each.version_id: each for each in held})


def test_what_was_saved_is_what_is_loaded(ledger: DynamoLedger) -> None:
    known = Known("s", CanonicalObject("f", "c", None), ROWS, FAULT)
    done = {"changes": 4, "published_at": NOW, "released": Released("request", "it was right")}
    full = replace(
        record(
            KEY,
            accepted(1),
            Quarantined(upload=upload(2), reading="r", fault=FAULT, **done),
            Duplicate(upload=upload(3), reading="r", of="raw/east/0.csv", sha256="s", rows=ROWS),
            Superseded(upload=upload(4), by="v5", reading="r", known=known, **done),
            Superseded(upload=upload(5), by=None),
            Removed(upload=upload(6), reading="r", known=known),
            Pending(upload=upload(7), reading="r", attempts=2, claimed_at=NOW, known=known),
            Quarantined(upload=upload(8), reading="r", fault=replace(FAULT, covers=(NOW, NOW))),
        ),
        content="s",
        hints=frozenset({"raw/east/b.csv"}),
        withdrawals={"canonical/x": Withdrawal("gone", 3)},
        settled=True,
    )
    saved = ledger.save(KeyRecord("east", KEY), full)

    assert ledger.load("east", KEY) == saved == replace(full, revision=1)


COMMON = {
    "site_id": "east",
    "item": f"{KEY}#v1",
    "key": KEY,
    "version_id": "v1",
    "uploaded_at": "2024-07-01T00:01:00+00:00",
    "etag": "etag",
    "size": 5,
    "changes": 0,
    "attempts": 0,
    "reading": "r",
}
ROWS_ITEM = {
    "sha256": "s",
    "rows": 96,
    "rows_masked": 3,
    "masks": {"sentinel": 3},
    "columns": ["power_ac", "ghi"],
    "window_start": "2024-07-01T00:00:00+00:00",
    "window_end": "2024-07-02T00:00:00+00:00",
}
PLACE = {
    "file_id": "f",
    "canonical_key": "canonical/east/2024-07/f.parquet",
    "counts_from": "2024-07-01T00:00:00+00:00",
}


@pytest.mark.parametrize(
    ("stored", "is_"),
    [
        ({"state": "pending"}, version()),
        ({"state": "accepted", **ROWS_ITEM, **PLACE}, accepted()),
        (
            {
                "state": "quarantined",
                "reason_code": "unreadable",
                "reason": "it is broken",
                "remedy": "send it again",
            },
            Quarantined(upload=upload(), reading="r", fault=FAULT),
        ),
        (
            {"state": "duplicate", "duplicate_of": "raw/east/0.csv", **ROWS_ITEM},
            Duplicate(upload=upload(), reading="r", of="raw/east/0.csv", sha256="s", rows=ROWS),
        ),
        (
            {"state": "superseded", "superseded_by": "v2", **ROWS_ITEM, **PLACE},
            Superseded(upload=upload(), by="v2", reading="r", known=accepted().known),
        ),
        (
            {"state": "removed", **ROWS_ITEM, **PLACE},
            Removed(upload=upload(), reading="r", known=accepted().known),
        ),
    ],
    ids=lambda each: each["state"] if isinstance(each, dict) else "",
)
def test_items_are_read_and_written_as_earlier_releases_wrote_them(
    stored: dict[str, object], is_: FileVersion
) -> None:
    assert items.file_version(COMMON | stored) == is_
    written = items.version_item(record(), is_)
    entered = {name: written.pop(name) for name in ("attention", "since") if name in written}
    assert written == COMMON | stored
    state, at = str(stored["state"]), COMMON["uploaded_at"]
    rare = {"quarantined", "duplicate", "superseded", "removed"}
    assert entered == ({"attention": state, "since": at} if state in rare else {})


def test_what_a_file_is_compared_by_is_kept() -> None:
    version = replace(accepted(), rows=replace(ROWS, traits=TRAITS))

    assert items.file_version(items.version_item(record(), version)) == version


def test_an_accepted_item_of_an_early_release_lacks_when_its_rows_began_to_count() -> None:
    early = COMMON | {"state": "accepted", **ROWS_ITEM, **PLACE}
    del early["counts_from"]

    found = items.file_version(early)

    assert isinstance(found, Accepted)
    assert found.canonical.counts_from is None


def test_many_records_settle_at_once_and_one_with_very_many_versions_too(
    ledger: DynamoLedger,
) -> None:
    keys = [f"raw/east/{number}.csv" for number in range(60)]
    saved = [ledger.save(KeyRecord("east", key), record(key, accepted())) for key in keys]
    many = record(KEY, *(Superseded(upload=upload(number), by="v") for number in range(120)))
    saved.insert(30, ledger.save(KeyRecord("east", KEY), many))

    ledger.settle(saved, NOW)

    for each in saved:
        found = ledger.load("east", each.key)
        assert found.settled
        assert all(version.published_at == NOW for version in found.versions.values())


def test_files_that_hold_one_of_some_days_are_found_in_a_site(ledger: DynamoLedger) -> None:
    held = replace(accepted(), rows=replace(ROWS, traits=TRAITS))
    ledger.save(KeyRecord("east", KEY), record(KEY, held))
    other = "raw/east/other.csv"
    ledger.save(KeyRecord("east", other), record(other, accepted()))

    found = list(ledger.like("east", ["abc", "b30fdd2e24b6"]))

    assert [(key, version.rows.traits) for key, version in found] == [(KEY, TRAITS)]
    assert list(ledger.like("east", ["abc"])) == list(ledger.like("west", ["b30fdd2e24b6"])) == []
    assert list(ledger.like("east", [])) == []


def test_nobody_settles_a_record_that_somebody_else_saved(ledger: DynamoLedger) -> None:
    saved = ledger.save(KeyRecord("east", KEY), record(KEY, accepted()))
    ledger.save(saved, replace(saved, content="s"))

    with pytest.raises(ConflictError):
        ledger.settle([saved], NOW)


def test_who_saves_an_older_record_loses(ledger: DynamoLedger) -> None:
    new = KeyRecord("east", KEY)
    first = ledger.save(new, record())
    with pytest.raises(ConflictError):
        ledger.save(new, record())

    ledger.save(first, replace(first, settled=True))
    with pytest.raises(ConflictError):
        ledger.save(first, replace(first, content="x"))


def test_a_record_and_its_register_are_saved_together_or_not_at_all(ledger: DynamoLedger) -> None:
    register = ContentRecord("east", "s", keys=frozenset({KEY}))
    ledger.save(KeyRecord("east", "raw/east/b.csv"), record("raw/east/b.csv"), [register])

    with pytest.raises(ConflictError):
        ledger.save(KeyRecord("east", KEY), record(), [register])

    assert ledger.load("east", KEY).versions == {}
    assert ledger.content("east", "s") == replace(register, revision=1)


def test_only_what_waits_is_unsettled_and_the_oldest_comes_first(ledger: DynamoLedger) -> None:
    for name in "ab":
        ledger.save(KeyRecord("east", f"raw/east/{name}"), record(f"raw/east/{name}"))
    done = record("raw/east/c", accepted())
    ledger.save(KeyRecord("east", "raw/east/c"), replace(done, settled=True))

    assert list(ledger.unsettled(NOW)) == []
    assert sorted(ledger.unsettled(NOW + timedelta(minutes=5))) == ["raw/east/a", "raw/east/b"]


def test_a_key_that_settles_waits_no_more(ledger: DynamoLedger) -> None:
    saved = ledger.save(KeyRecord("east", KEY), record())
    ledger.save(saved, transitions.settle(record(KEY, accepted()), NOW))

    assert list(ledger.unsettled(NOW + timedelta(minutes=5))) == []


def test_a_range_holds_exactly_the_keys_in_it(ledger: DynamoLedger) -> None:
    for name in ("a", "a!", "a#b", "b", "c"):
        ledger.save(KeyRecord("east", f"raw/east/{name}"), record(f"raw/east/{name}"))

    found = ledger.between("east", "raw/east/a", "raw/east/b")

    assert sorted(found) == ["raw/east/a!", "raw/east/a#b", "raw/east/b"]
    assert sorted(ledger.between("east", "raw/east/b", None)) == ["raw/east/c"]
    assert list(ledger.sites()) == ["east"]


def test_keys_that_begin_alike_do_not_mix(ledger: DynamoLedger) -> None:
    for key in ("raw/east/a", "raw/east/a#v1", "raw/east/a#"):
        ledger.save(KeyRecord("east", key), record(key))

    assert set(ledger.load("east", "raw/east/a").versions) == {"v1"}


@pytest.mark.parametrize("name", ["ü" * 508, "x" * 1015, "x" * 1014 + "y"])
def test_the_longest_keys_of_s3_fit(ledger: DynamoLedger, name: str) -> None:
    key = f"raw/east/{name}"[:1024]
    saved = ledger.save(KeyRecord("east", key), record(key, version(1), version(2)))

    assert ledger.load("east", key) == saved


def test_a_key_with_very_many_versions_is_saved_in_parts(ledger: DynamoLedger) -> None:
    many = record(KEY, *(version(number) for number in range(250)))
    saved = ledger.save(KeyRecord("east", KEY), many)

    assert ledger.load("east", KEY) == saved
    assert len(saved.versions) == 250


def test_a_configuration_is_not_overwritten_unread(ledger: DynamoLedger) -> None:
    new = ConfigRecord(
        "config/sites/east.yaml",
        state="rejected",
        line=7,
        reason="typo",
        uploaded_at=NOW,
        changes=1,
    )
    saved = ledger.save_config(new)

    assert ledger.load_config(new.key) == saved
    with pytest.raises(ConflictError):
        ledger.save_config(new)


def test_the_owners_of_many_contents_are_found_at_once(ledger: DynamoLedger) -> None:
    for number in range(120):
        keys = frozenset({f"raw/east/{number}-b.csv", f"raw/east/{number}-a.csv"})
        register = ContentRecord("east", f"sha-{number}", keys=keys)
        key = f"raw/east/{number}-a.csv"
        ledger.save(KeyRecord("east", key), record(key), [register])
    contents = [*(f"sha-{number}" for number in range(120)), "sha-of-nobody"]

    owners = ledger.owners("east", contents)

    assert owners == {f"sha-{number}": f"raw/east/{number}-a.csv" for number in range(120)}


def test_a_sites_last_upload_is_noted_and_only_ever_moves_on(ledger: DynamoLedger) -> None:
    ledger.save(KeyRecord("east", KEY), record(KEY, version(600)))
    ledger.save(KeyRecord("east", "raw/east/b.csv"), record("raw/east/b.csv", version(1)))
    another = DynamoLedger(ledger.store, ledger.clock)
    another.save(KeyRecord("east", "raw/east/c.csv"), record("raw/east/c.csv", version(2)))

    (found,) = ledger.activities()

    assert (found.site_id, found.silent_since) == ("east", None)
    assert found.last_upload_at == NOW + timedelta(minutes=600)


def test_forecasts_are_no_sign_of_life_of_a_site(ledger: DynamoLedger) -> None:
    ledger.save(KeyRecord("east", KEY), record(KEY, version(1)))
    forecast = replace(record("raw/east/nwp.csv", version(900)), forecast=True)
    kept = ledger.save(KeyRecord("east", "raw/east/nwp.csv"), forecast)
    alone = replace(record("raw/west/nwp.csv", version(900)), site_id="west", forecast=True)
    ledger.save(KeyRecord("west", "raw/west/nwp.csv"), alone)

    (found,) = ledger.activities()
    assert (found.site_id, found.last_upload_at) == ("east", NOW + timedelta(minutes=1))
    assert set(ledger.sites()) == {"east", "west"}
    assert ledger.load("east", "raw/east/nwp.csv") == kept


def test_what_people_were_told_of_a_site_is_noted_by_the_first_who_tells(
    ledger: DynamoLedger,
) -> None:
    ledger.save(KeyRecord("east", KEY), record())
    (before,) = ledger.activities()
    ledger.note_told(before, NOW)
    ledger.note_told(before, NOW + timedelta(hours=1))

    (after,) = ledger.activities()
    assert after.silent_since == NOW
    ledger.note_told(after, None)
    assert next(ledger.activities()).silent_since is None


@pytest.mark.parametrize("until", [None, "raw/east/" + "k" * 1015])
def test_an_overlong_key_is_found_in_the_range_where_it_stands(
    ledger: DynamoLedger, until: str | None
) -> None:
    key = "raw/east/" + "k" * 1014 + "a"
    ledger.save(KeyRecord("east", key), record(key))

    assert set(ledger.between("east", "raw/east/", until)) == {key}
    assert set(ledger.between("east", "raw/east/" + "j" * 1015, until)) == {key}


def test_pages_hold_every_wanted_file_once_however_little_is_read_for_one(
    ledger: DynamoLedger,
) -> None:
    for number in range(7):
        key = f"raw/east/{number}.csv"
        upload = Upload("v1", NOW + timedelta(days=number), 9)
        version = Quarantined(upload=upload, reading="r", fault=FAULT)
        before = KeyRecord("east", key)
        ledger.save(before, replace(before, versions={"v1": version}))
    view = DynamoView(ledger.store)
    wanted = Wanted(None, State.QUARANTINED, "unreadable", ".csv", NOW + timedelta(days=1))
    for limit in (2, 3, 6, 7):
        found, after, pages = [], None, 0
        while pages == 0 or after is not None:
            page, after = view.page(wanted, limit, after, 1)
            found += [each.key for each in page]
            pages += 1
        assert sorted(found) == [f"raw/east/{number}.csv" for number in range(1, 7)]
    assert list(view.tally("east")) == [(State.QUARANTINED, True)] * 7
    of_site, _ = view.page(Wanted("east", reason_code="unreadable"), 100, None, None)
    assert len(of_site) == 7
    assert view.page(Wanted("west"), 100, None, None) == ([], None)


def test_one_look_is_armed_without_a_doubt_and_one_with_it(ledger: DynamoLedger) -> None:
    later = NOW + timedelta(minutes=1)
    ledger.disarm_look("east")  # there was none

    assert [ledger.arm_look("east", NOW, doubted=False) for _ in range(2)] == [True, False]
    assert not ledger.is_doubted("east")
    assert [ledger.arm_look("east", later, doubted=True) for _ in range(2)] == [True, False]
    assert not ledger.arm_look("east", later, doubted=False)
    assert ledger.is_doubted("east")
    assert list(ledger.armed_looks(later)) == ["east"]  # since the first of them
    assert list(ledger.armed_looks(NOW)) == []

    ledger.disarm_look("east")
    assert not ledger.is_doubted("east")
    assert list(ledger.armed_looks(later)) == []
    assert ledger.arm_look("east", later, doubted=True)
    assert list(ledger.armed_looks(later + timedelta(minutes=1))) == ["east"]


def test_whoever_looks_for_a_state_among_all_sites_reads_the_index_newest_first(
    ledger: DynamoLedger,
) -> None:
    for number, name in enumerate(["east", "west", "moor"]):
        key = f"raw/{name}/a.csv"
        upload = Upload("v1", NOW + timedelta(days=number), 9)
        dismissed = Decision("r1", "ann", "a test", NOW) if name == "moor" else None
        refused = Quarantined(upload=upload, reading="r", fault=FAULT, dismissed=dismissed)
        before = KeyRecord(name, key)
        old = Superseded(upload=replace(upload, version_id="v0"), by="v1")
        ledger.save(before, replace(before, versions={"v1": refused, "v0": old}))
    kept = KeyRecord("east", "raw/east/kept.csv")
    ledger.save(kept, replace(kept, versions={"v1": accepted()}))
    asked = Watched(ledger.store.client)
    view = DynamoView(replace(ledger.store, client=asked))

    assert not view.page(Wanted(state=State.REMOVED), 9, None, None)[0]
    assert view.open_by_site() is None  # what earlier releases wrote might be missing
    assert "scan" in asked.calls
    asked.calls.clear()
    ledger.note_states_entered()

    first, after = view.page(Wanted(state=State.QUARANTINED), 2, None, 1)
    rest, end = view.page(Wanted(state=State.QUARANTINED), 2, after, 1)
    assert [each.site_id for each in (*first, *rest)] == ["moor", "west", "east"]
    assert end is None
    assert view.open_by_site() == {"east": 1, "west": 1}
    assert [
        len(view.page(Wanted(state=each), 9, None, None)[0]) for each in items.FOUND_BY_STATE
    ] == [{"quarantined": 3, "superseded": 3}.get(each.value, 0) for each in items.FOUND_BY_STATE]
    assert "scan" not in asked.calls


def test_a_version_that_changes_its_state_is_found_by_the_new_one_only(
    ledger: DynamoLedger,
) -> None:
    ledger.note_states_entered()
    view = DynamoView(ledger.store)
    before = KeyRecord("east", KEY)
    refused = Quarantined(upload=upload(), reading="r", fault=FAULT)
    saved = ledger.save(before, replace(before, versions={"v1": refused}))
    saved = ledger.save(saved, replace(saved, versions={"v1": Removed(upload=upload())}))
    assert view.page(Wanted(state=State.QUARANTINED), 9, None, None)[0] == []
    assert len(view.page(Wanted(state=State.REMOVED), 9, None, None)[0]) == 1
    ledger.save(saved, replace(saved, versions={"v1": accepted()}))
    assert view.page(Wanted(state=State.REMOVED), 9, None, None)[0] == []


def test_versions_of_an_earlier_release_are_entered_once_and_no_newer_state_is_lost(
    ledger: DynamoLedger,
) -> None:
    before = KeyRecord("east", KEY)
    refused = Quarantined(upload=upload(), reading="r", fault=FAULT)
    ledger.save(before, replace(before, versions={"v1": refused, "v2": accepted(2)}))
    for name in ("v1", "v2"):
        key = {"site_id": "east", "item": f"{KEY}#{name}"}
        ledger.store.update(key, "REMOVE attention, since")
    assert not ledger.are_states_entered()

    for _ in range(2):
        ledger.enter_states("east")
        ledger.note_states_entered()

    assert ledger.are_states_entered()
    view = DynamoView(ledger.store)
    (found,), _ = view.page(Wanted(state=State.QUARANTINED), 9, None, None)
    assert found.version == refused
    assert ledger.load("east", KEY).versions == {"v1": refused, "v2": accepted(2)}
    assert "attention" not in (ledger.store.item(site_id="east", item=f"{KEY}#v2") or {})


class Watched:
    """A client of DynamoDB that notes how a table is searched."""

    def __init__(self, client: Any) -> None:
        """Watch a client."""
        self._client, self.calls = client, list[str]()

    def __getattr__(self, name: str) -> Any:
        if name in {"scan", "query"}:
            self.calls.append(name)
        return getattr(self._client, name)


def test_files_are_found_by_the_time_of_their_rows_and_refused_ones_where_it_is_known(
    ledger: DynamoLedger,
) -> None:
    day = timedelta(days=1)
    refused = replace(FAULT, covers=(NOW + day, NOW + 2 * day))
    versions = {
        "rows": accepted(),  # of [NOW, NOW + day)
        "refused": Quarantined(upload=upload(), reading="r", fault=refused),
        "unreadable": Quarantined(upload=upload(), reading="r", fault=FAULT),
    }
    for name, each in versions.items():
        key = f"raw/east/{name}"
        before = KeyRecord("east", key)
        ledger.save(before, replace(before, versions={"v1": each}))
    view = DynamoView(ledger.store)

    def found(begin: datetime | None, end: datetime | None) -> set[str]:
        page, _ = view.page(Wanted("east", begin=begin, end=end), 9, None, None)
        return {each.key.removeprefix("raw/east/") for each in page}

    assert found(NOW, NOW + day) == {"rows"}
    assert found(NOW + day, NOW + 2 * day) == {"refused"}
    assert found(NOW - day, None) == {"rows", "refused"}
    assert found(NOW + 2 * day, None) == found(None, NOW) == set()
    assert found(None, None) == set(versions)


def test_one_site_is_read_without_the_others(ledger: DynamoLedger) -> None:
    for name in ("east", "west"):
        ledger.save_config(ConfigRecord(f"config/sites/{name}.yaml", state="accepted"))
    view = DynamoView(ledger.store)
    assert [each.key for each in view.configs("west")] == ["config/sites/west.yaml"]
    assert len(list(view.configs())) == 2
    assert list(view.activities("west")) == list(view.suspicions("west")) == []
