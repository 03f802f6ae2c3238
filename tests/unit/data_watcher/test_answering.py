"""What people ask about files, sites and the balance, and the JSON that they get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.data_watcher.app.answering import Answering
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.overlaps import FileOverlap, SiteOverlaps
from services.data_watcher.domain.suspicion import SiteSuspicions, Suspicion
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
from services.data_watcher.ports import Filed, Wanted
from tests.unit.data_watcher.fakes import FakeBucket, site

NOW = datetime(2024, 7, 1, tzinfo=UTC)
ROWS = RowSummary(96, 3, {"sentinel": 3}, ("power_ac",), NOW, NOW + timedelta(days=1), "two sheets")
CANONICAL = CanonicalObject("f", "canonical/east/2024-07/f.parquet", NOW)
FAULT = Fault("unreadable", "it is broken", "send it again")
KNOWN = Known("s", CANONICAL, ROWS)
UPLOAD = Upload("v1", NOW, 9)
ACCEPTED = Accepted(upload=UPLOAD, reading="r", sha256="s", canonical=CANONICAL, rows=ROWS)
DECISION = Decision("request", "ops", "another plant's", NOW)
QUARANTINED = Quarantined(upload=UPLOAD, reading="r", fault=FAULT)
NO_ROWS = {
    "rows": None,
    "rows_masked": None,
    "masks": {},
    "note": None,
    "window_start": None,
    "window_end": None,
}
WITH_ROWS = {
    "sha256": "s",
    "rows": 96,
    "rows_masked": 3,
    "masks": {"sentinel": 3},
    "note": "two sheets",
    "window_start": "2024-07-01T00:00:00+00:00",
    "window_end": "2024-07-02T00:00:00+00:00",
}
URI = "s3://bucket/canonical/east/2024-07/f.parquet"


@dataclass
class FakeView:
    """Versions and configurations; tokens are positions."""

    kept: list[Filed] = field(default_factory=list)
    records: list[ConfigRecord] = field(default_factory=list)
    known: list[SiteSuspicions] = field(default_factory=list)
    overlaps: dict[str, FileOverlap] = field(default_factory=dict)

    active: list[SiteActivity] = field(default_factory=list)
    reads: list[int | None] = field(default_factory=list)

    def page(
        self, wanted: Wanted, limit: int, after: str | None, reads: int | None
    ) -> tuple[list[Filed], str | None]:
        self.reads.append(reads)
        if after is not None and not after.isdigit():
            message = "next: this is no token that an earlier answer gave"
            raise ValueError(message)
        found = [
            each
            for each in self.files(wanted.site_id)
            if wanted.state in {None, each.version.state}
            and (wanted.contains or "") in each.key
            and (wanted.since is None or each.version.uploaded_at >= wanted.since)
        ]
        start = int(after or 0)
        end = start + limit
        return found[start:end], str(end) if end < len(found) else None

    def files(self, site_id: str | None) -> Iterator[Filed]:
        return (each for each in self.kept if site_id in {None, each.site_id})

    def states(self, site_id: str | None) -> Iterator[tuple[str, State, bool]]:
        for each in self.files(site_id):
            gone = isinstance(each.version, Removed) and not each.version.is_kept
            yield each.site_id, each.version.state, not gone

    def tally(self, site_id: str) -> Iterator[tuple[State, bool]]:
        for each in (filed.version for filed in self.files(site_id)):
            is_open = isinstance(each, Quarantined) and each.dismissed is None
            yield each.state, is_open

    def open_by_site(self) -> dict[str, int] | None:
        counted = Counter(
            each.site_id
            for each in self.kept
            if isinstance(each.version, Quarantined) and each.version.dismissed is None
        )
        return dict(counted)

    def load(self, site_id: str) -> SiteOverlaps:
        return SiteOverlaps(site_id=site_id, files=self.overlaps)

    def suspicions(self, site_id: str | None = None) -> Iterator[SiteSuspicions]:
        return (each for each in self.known if site_id in {None, each.site_id})

    def activities(self, site_id: str | None = None) -> Iterator[SiteActivity]:
        return (each for each in self.active if site_id in {None, each.site_id})

    def configs(self, name: str | None = None) -> Iterator[ConfigRecord]:
        return (each for each in self.records if name is None or f"/{name}.yaml" in each.key)


def filed(version: FileVersion, site_id: str = "east", name: str = "a.csv") -> Filed:
    return Filed(site_id, f"raw/{site_id}/{name}", version)


def ask(view: FakeView, bucket: FakeBucket | None = None, **question: Any) -> dict[str, Any]:
    return Answering(view, bucket or FakeBucket(), view, "bucket").answer(question)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (ACCEPTED, {"state": "accepted", **WITH_ROWS, "canonical_uri": URI}),
        (
            QUARANTINED,
            {
                "state": "quarantined",
                "reason_code": "unreadable",
                "reason": "it is broken",
                "remedy": "send it again",
            },
        ),
        (
            replace(QUARANTINED, fault=replace(FAULT, covers=(NOW, NOW + timedelta(days=1)))),
            {
                "state": "quarantined",
                "reason_code": "unreadable",
                "reason": "it is broken",
                "remedy": "send it again",
                "window_start": "2024-07-01T00:00:00+00:00",
                "window_end": "2024-07-02T00:00:00+00:00",
            },
        ),
        (
            Duplicate(upload=UPLOAD, reading="r", of="raw/east/0.csv", sha256="s", rows=ROWS),
            {
                "state": "duplicate",
                **WITH_ROWS,
                "reason_code": "duplicate",
                "reason": "the same bytes are at raw/east/0.csv",
            },
        ),
        (
            Superseded(upload=UPLOAD, by="v2", known=KNOWN),
            {
                "state": "superseded",
                **WITH_ROWS,
                "canonical_uri": URI,
                "reason_code": "superseded",
                "reason": "version v2 of this name came after it",
            },
        ),
        (
            Removed(upload=UPLOAD, known=KNOWN),
            {
                "state": "removed",
                **WITH_ROWS,
                "canonical_uri": URI,
                "reason_code": "removed",
                "reason": "the version was deleted from the bucket",
            },
        ),
        (
            Removed(upload=UPLOAD, known=KNOWN, decision=DECISION, is_kept=True),
            {
                "state": "removed",
                **WITH_ROWS,
                "canonical_uri": URI,
                "reason_code": "removed",
                "reason": "removed by ops at 2024-07-01 00:00 UTC: another plant's",
                "removed_by": "ops",
            },
        ),
        (
            replace(QUARANTINED, dismissed=DECISION),
            {
                "state": "quarantined",
                "reason_code": "unreadable",
                "reason": "it is broken",
                "remedy": "send it again",
                "dismissed": "dismissed by ops at 2024-07-01 00:00 UTC: another plant's",
            },
        ),
        (Pending(upload=UPLOAD, reading="r"), {"state": "pending"}),
        (Pending(upload=UPLOAD, reading="r", known=KNOWN), {"state": "pending", **WITH_ROWS}),
        (
            Pending(upload=UPLOAD, reading="r", released=Released("id", "mended (ops)")),
            {"state": "pending", "released": "mended (ops)"},
        ),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, dict) else "",
)
def test_a_file_says_its_state_its_reason_and_its_rows(
    version: FileVersion, said: dict[str, Any]
) -> None:
    answer = ask(FakeView([filed(version)]), query="files")

    nothing = dict.fromkeys(
        (
            "sha256",
            "reason_code",
            "reason",
            "remedy",
            "released",
            "dismissed",
            "removed_by",
            "suspect",
            "overlap",
            "provider",
            "issues",
        )
    )
    common = {"site_id": "east", "key": "raw/east/a.csv", "version_id": "v1"}
    common |= {"uploaded_at": "2024-07-01T00:00:00+00:00", "size": 9}
    expected = common | nothing | NO_ROWS | {"canonical_uri": None} | said
    assert answer == {"files": [expected], "next": None}


def test_files_come_in_pages_and_by_site_and_state() -> None:
    view = FakeView([filed(ACCEPTED), filed(QUARANTINED, name="b.csv"), filed(ACCEPTED, "west")])

    def found(**question: Any) -> list[str]:
        return [each["key"] for each in ask(view, query="files", **question)["files"]]

    first = ask(view, query="files", limit=2)
    assert [each["key"] for each in first["files"]] == ["raw/east/a.csv", "raw/east/b.csv"]
    assert found(limit=2, next=first["next"]) == ["raw/west/a.csv"]
    assert found(site_id="west") == ["raw/west/a.csv"]
    assert found(state="quarantined") == ["raw/east/b.csv"]


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"query": "files", "limit": 0}, "limit"),
        ({"query": "files", "limit": 1001}, "limit"),
        ({"query": "files", "next": "!"}, "no token"),
        ({"query": "everything"}, "query"),
        ({"query": "files", "colour": "red"}, "colour"),
        ({}, "query"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_an_error(
    question: dict[str, Any], says: str
) -> None:
    answer = ask(FakeView(), **question)

    assert answer.keys() == {"error"}
    assert says in answer["error"]


@pytest.mark.parametrize("asked", [{"site_id": "ü" * 501}, {"site_ids": ["x" * 1001]}])
def test_a_name_that_no_table_could_hold_is_refused(asked: dict[str, Any]) -> None:
    query = "counts" if "site_ids" in asked else "sites"
    assert "no site is called so" in ask(FakeView(), query=query, **asked)["error"]


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_page_has_from_one_to_a_thousand_files(limit: int) -> None:
    assert len(ask(FakeView([filed(ACCEPTED)]), query="files", limit=limit)["files"]) == 1


def test_reasons_count_what_counts_now() -> None:
    view = FakeView(
        [
            filed(ACCEPTED),
            filed(ACCEPTED, name="b.csv"),
            filed(QUARANTINED, name="c.csv"),
            filed(replace(QUARANTINED, dismissed=DECISION), name="e.csv"),
            filed(Superseded(upload=UPLOAD, by="v2", known=KNOWN), name="d.csv"),
            filed(ACCEPTED, "west"),
        ]
    )

    assert ask(view, query="reasons", site_id="east") == {
        "files": 2,
        "rows": 192,
        "rows_masked": 6,
        "masks": {"sentinel": 6},
        "quarantined": {"unreadable": 1},
        "dismissed": {"unreadable": 1},
    }


def test_the_balance_compares_what_s3_lists_with_the_ledger_but_for_markers_and_history() -> None:
    bucket = FakeBucket()
    for name in ("raw/east/a.csv", "raw/east/b.csv", "raw/west/a.csv", "config/sites/east.yaml"):
        bucket.put(name, b"one")
    bucket.delete("raw/east/b.csv")
    versions: list[FileVersion] = [ACCEPTED, Superseded(upload=UPLOAD, by="m")]
    history = filed(Removed(upload=UPLOAD), name="gone.csv")
    view = FakeView([*map(filed, versions), filed(ACCEPTED, "west"), history])

    assert ask(view, bucket, query="balance") == {
        "listed": 3,
        "accepted": 2,
        "quarantined": 0,
        "duplicate": 0,
        "superseded": 1,
        "pending": 0,
        "removed": 1,
        "removed_by_people": 0,
        "balanced": True,
        "by_site": {
            "east": {"accepted": 1, "superseded": 1, "removed": 1},
            "west": {"accepted": 1},
        },
    }
    east = ask(view, bucket, query="balance", site_id="east")
    assert (east["listed"], east["accepted"], east["balanced"]) == (2, 1, True)
    bucket.put("raw/east/unheard-of.csv", b"two")
    assert ask(view, bucket, query="balance")["balanced"] is False


def test_what_a_person_took_out_is_still_in_s3_and_counts_in_the_balance() -> None:
    bucket = FakeBucket()
    bucket.put("raw/east/a.csv", b"one")
    taken_out = Removed(upload=UPLOAD, decision=DECISION, is_kept=True)
    answer = ask(FakeView([filed(taken_out)]), bucket, query="balance")

    assert (answer["removed"], answer["removed_by_people"], answer["balanced"]) == (1, 1, True)


SUSPICION = Suspicion(
    source="power",
    standing="suspect",
    question="q",
    cause="wrong_unit",
    refused=11,
    judged=12,
    example="raw/east/01.csv",
    reason="in W",
    since=NOW,
)
CONFIG = ConfigRecord(
    "config/sites/east.yaml", state="accepted", in_force=site("east").model_dump_json()
)


def knowing(**changed: Any) -> FakeView:
    known = SiteSuspicions("east", 1, {"power": replace(SUSPICION, **changed)})
    files = [filed(ACCEPTED), filed(QUARANTINED, name="b.csv"), filed(ACCEPTED, name="c.txt")]
    return FakeView([*files, filed(ACCEPTED, "west")], [CONFIG], [known])


def test_an_accepted_file_of_a_suspect_source_says_that_it_enters_no_dataset() -> None:
    found = {each["key"]: each["suspect"] for each in ask(knowing(), query="files")["files"]}

    assert found["raw/east/a.csv"].startswith("it enters no dataset: source power is suspect")
    assert "11 of 12 files: wrong_unit" in found["raw/east/a.csv"]
    assert found.keys() - {key for key, said in found.items() if said is None} == {"raw/east/a.csv"}
    trusted = ask(knowing(standing="trusted"), query="files")["files"]
    assert {each["suspect"] for each in trusted} == {None}


def test_an_accepted_file_says_how_much_of_it_other_files_contradict() -> None:
    overlap = FileOverlap(rows=3, share=0.1, files=2, example="power_ac at …")
    names = ("raw/east/a.csv", "raw/east/b.csv")
    view = FakeView([filed(ACCEPTED), filed(QUARANTINED, name="b.csv"), filed(ACCEPTED, "west")])
    view.overlaps = dict.fromkeys(names, overlap)
    found = {each["key"]: each["overlap"] for each in ask(view, query="files")["files"]}

    assert found["raw/east/a.csv"] == {
        "rows": 3,
        "share": 0.1,
        "files": 2,
        "example": "power_ac at …",
        "twin": "",
    }
    assert (found["raw/east/b.csv"], found["raw/west/a.csv"]) == (None, None)


def test_a_site_says_which_sources_are_suspect_or_trusted() -> None:
    ((said,),) = (each["suspects"] for each in ask(knowing(), query="sites")["sites"])

    assert (said["source"], said["standing"], said["cause"]) == ("power", "suspect", "wrong_unit")
    assert (said["refused"], said["files"], said["example"]) == (11, 12, "raw/east/01.csv")
    assert "solar sites trust east power" in said["remedy"]
    (cleared,) = ask(knowing(standing="cleared"), query="sites")["sites"]
    assert cleared["suspects"] == []


def test_a_site_says_what_became_of_its_yaml_and_what_is_in_force() -> None:
    described = site("east")
    good = ConfigRecord(
        "config/sites/east.yaml",
        version_id="v2",
        uploaded_at=NOW,
        state="rejected",
        line=7,
        reason="typo",
        config_version="c1",
        in_force=described.model_dump_json(),
    )
    bad = ConfigRecord("config/models/fleet.yaml", state="rejected", reason="typo")

    east, fleet = ask(FakeView(records=[good, bad]), query="sites")["sites"]

    config = east.pop("config")
    assert config["site_id"] == "east"
    assert east == {
        "kind": "site",
        "name": "east",
        "model_id": "fleet",
        "key": "config/sites/east.yaml",
        "version_id": "v2",
        "state": "rejected",
        "line": 7,
        "reason": "typo",
        "uploaded_at": "2024-07-01T00:00:00+00:00",
        "config_version": "c1",
        "last_upload_at": None,
        "silent_since": None,
        "suspects": [],
    }
    assert (fleet["kind"], fleet["name"]) == ("model", "fleet")
    for empty in ("model_id", "version_id", "line", "uploaded_at", "config_version", "config"):
        assert fleet[empty] is None


def test_an_overview_names_who_is_silent_suspect_or_refused_and_counts_the_rest() -> None:
    view = knowing()
    view.records += [
        ConfigRecord(
            "config/sites/west.yaml", state="accepted", in_force=site("west").model_dump_json()
        ),
        ConfigRecord("config/models/fleet.yaml", state="rejected", line=3, reason="no such key"),
    ]
    long_ago = NOW - timedelta(days=3)
    view.active = [
        SiteActivity("east", NOW),
        SiteActivity("west", long_ago, silent_since=long_ago),
        SiteActivity("gone", long_ago, silent_since=long_ago),
    ]
    said = ask(view, query="overview")
    assert said["sites"] == {"fleet": 2}
    assert said["last_upload_at"] == {"east": NOW.isoformat(), "west": long_ago.isoformat()}
    assert said["silent"] == [
        {"site_id": "west", "model_id": "fleet", "since": long_ago.isoformat()}
    ]
    (suspect,) = said["suspects"]
    assert (suspect["site_id"], suspect["source"]) == ("east", "power")
    assert said["refused"] == [
        {"key": "config/models/fleet.yaml", "line": 3, "reason": "no such key"}
    ]


def test_a_site_that_sends_again_is_not_silent_before_anybody_noted_it() -> None:
    view = knowing()
    view.active = [SiteActivity("east", NOW, silent_since=NOW - timedelta(days=3))]
    assert ask(view, query="overview")["silent"] == []


def test_files_are_found_by_a_part_of_their_key_and_by_when_they_came() -> None:
    late = replace(ACCEPTED, upload=Upload("v2", NOW + timedelta(days=2), 9))
    view = FakeView([filed(ACCEPTED), filed(late, name="power.csv")])
    assert [each["key"] for each in ask(view, query="files", contains="pow")["files"]] == [
        "raw/east/power.csv"
    ]
    since = (NOW + timedelta(days=1)).isoformat()
    (found,) = ask(view, query="files", since=since)["files"]
    assert (found["uploaded_at"], found["size"]) == ("2024-07-03T00:00:00+00:00", 9)


def test_whoever_cannot_wait_says_how_much_is_read_for_a_page() -> None:
    view = FakeView([filed(ACCEPTED)])
    ask(view, query="files", reads=2)
    ask(view, query="files")
    assert view.reads == [2, None]


def test_the_files_of_some_sites_are_counted_by_state_and_the_open_work_apart() -> None:
    dismissed = replace(QUARANTINED, dismissed=DECISION)
    view = FakeView(
        [filed(ACCEPTED), filed(QUARANTINED), filed(dismissed), filed(ACCEPTED, "west")]
    )
    found = ask(view, query="counts", site_ids=["east", "moor"])
    assert found == {"counts": {"east": {"accepted": 1, "open": 1, "quarantined": 2}, "moor": {}}}


def test_open_work_of_all_sites_is_told_at_once() -> None:
    dismissed = replace(QUARANTINED, dismissed=DECISION)
    view = FakeView([filed(QUARANTINED), filed(dismissed), filed(ACCEPTED, "west")])
    assert ask(view, query="open") == {"open": {"east": 1}}


def test_not_all_sites_are_counted_at_once() -> None:
    assert (
        "site_ids" in ask(FakeView(), query="counts", site_ids=[str(n) for n in range(51)])["error"]
    )


def test_a_site_says_when_it_sent_last_and_since_when_it_is_silent() -> None:
    record = ConfigRecord("config/sites/east.yaml", "v1", "accepted", in_force='{"model_id": "m"}')
    activity = SiteActivity("east", NOW, NOW - timedelta(days=3))
    view = FakeView(records=[record], active=[activity])
    (found,) = ask(view, query="sites", brief=True)["sites"]
    assert found["last_upload_at"] == "2024-07-01T00:00:00+00:00"
    assert found["silent_since"] == "2024-06-28T00:00:00+00:00"
    assert (found["model_id"], found["config"]) == ("m", None)
    assert ask(view, query="sites", site_id="west") == {"sites": []}
