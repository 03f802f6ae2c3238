"""Datasets are listed by what the service knows; which files one holds is read where it lies."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from console import output
from shared import layout
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_models import run
from tests.unit.console.web.world import A_PROGRESS

__all__ = ["system"]  # the fixture


@dataclass
class FakeS3:
    """A bucket that counts what is read."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.reads.append(Key)
        if Key not in self.bodies:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.bodies[Key]), "Metadata": {}}


def described(*file_ids: str) -> bytes:
    files = [{"file_id": each, "key": "canonical/…", "rows": 96} for each in file_ids]
    return json.dumps({"version": 1, "files": files}).encode()


def uploaded(name: str, file_id: str) -> dict[str, Any]:
    return {
        "key": f"raw/east/{name}",
        "version_id": "v",
        "state": "accepted",
        "rows": 96,
        "rows_masked": 0,
        "masks": {},
        "note": None,
        "reason": None,
        "remedy": None,
        "canonical_uri": f"s3://bucket/canonical/east/2026-01/{file_id}.parquet",
    }


@pytest.fixture
def s3(system: FakeSystem) -> FakeS3:
    made = FakeS3(
        {
            layout.dataset("golden", "first"): described("a"),
            layout.dataset("golden", "second"): described("a", "b"),
        }
    )
    system.clients["s3"] = made
    runs = [
        run(name, version=version) | {"files": files}
        for name, version, files in (("first-1", 1, 1), ("second-1", 2, 2), ("gone-1", None, 9))
    ]
    system.answers["trainer_trigger", "runs"] = {"runs": runs}
    deployed = {"run_id": "first-1", "at": "2026-02-01T00:00:00+00:00", "event": "deployed"}
    system.answers["deployer", "deployments"] = {"deployments": {"golden": [deployed]}}
    ledger = [uploaded("january.csv", "a"), uploaded("february.csv", "b")]
    system.answers["data_watcher", "files"] = {"files": ledger}
    return made


def test_datasets_are_listed_without_reading_one(s3: FakeS3) -> None:
    found = json.loads(solar("datasets", "--json").stdout)
    assert [each["files"] for each in found] == [1, 2, 9]
    assert s3.reads == []


def test_a_file_is_followed_through_the_datasets_that_hold_it(s3: FakeS3) -> None:
    (file,) = json.loads(solar("lineage", "january.csv", "--json").stdout)
    assert file["dataset_ids"] == ["first", "second"]
    assert [each["served"] for each in file["runs"]] == ["2026-02-01T00:00:00+00:00", None]
    (later,) = json.loads(solar("lineage", "february.csv", "--json").stdout)
    assert later["dataset_ids"] == ["second"], "a dataset that is gone holds nothing"


def test_a_file_that_was_deleted_is_followed_to_what_learnt_from_it(
    system: FakeSystem, s3: FakeS3
) -> None:
    ledger = [uploaded("january.csv", "a") | {"state": "superseded"}]
    system.answers["data_watcher", "files"] = {"files": ledger}
    done = solar("lineage", "january.csv")
    assert "first-1" in done.stdout
    assert "in no run yet" not in done.stdout


def test_a_version_is_followed_to_the_files_of_its_dataset_alone(
    system: FakeSystem, s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = {"CustomerMetadataProperties": {"dataset_id": "second"}}
    monkeypatch.setattr("console.registry.version", lambda *_: package)
    found = json.loads(solar("lineage", "2", "--model", "golden", "--json").stdout)
    assert {each["key"] for each in found} == {"raw/east/january.csv", "raw/east/february.csv"}
    assert s3.reads == [layout.dataset("golden", "second")]


def test_a_run_is_followed_to_what_it_was_made_of_and_its_files(
    system: FakeSystem, s3: FakeS3
) -> None:
    recipe = {**A_PROGRESS["recipe"], "champion_version": 1}
    said = {**A_PROGRESS, **run("second-1", version=2), "files": 2, "recipe": recipe}
    system.answers["trainer_trigger", "progress"] = {"progress": said}
    window = {"window_start": "2026-01-01T00:00Z", "window_end": "2026-02-01T00:00Z"}
    body = json.loads(described("a", "b"))
    files = [each | window | {"site_id": "east"} for each in body["files"]]
    split = {"kind": "time", "test_fraction": 0.2}
    s3.bodies[layout.dataset("golden", "second")] = json.dumps(
        {**body, "files": files, "split": split}
    ).encode()
    found = json.loads(solar("lineage", "second-1", "--json").stdout)
    assert (found["dataset"]["rows"], found["dataset"]["files"]) == (192, 2)
    assert [each["site_id"] for each in found["dataset"]["parts"]] == ["east"]
    assert found["champion"] == {"version": 1, "run_id": "first-1"}
    assert found["image_uri"] == recipe["image_uri"]
    assert [each["key"] for each in found["files"]] == [
        "raw/east/january.csv",
        "raw/east/february.csv",
    ]
    shown = solar("lineage", "second-1").stdout
    assert "version 1 of run first-1" in shown
    assert "2026-01-01 00:00 to 2026-02-01 00:00 UTC" in shown
    assert "february.csv" in shown


def test_files_name_their_datasets_for_machines_and_read_none_for_people(s3: FakeS3) -> None:
    ledger = json.loads(solar("files", "--json").stdout)
    assert [each["dataset_ids"] for each in ledger] == [["first", "second"], ["second"]]
    s3.reads.clear()
    assert solar("files").exit_code == 0
    assert s3.reads == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "model_id: golden\npolicy:\n  quiet_perod: 3 h\n",
            "policy.yaml: refused: line 3: 'quiet_perod' is not known; did you mean 'quiet_period'?",
        ),
        ("a: [\n", "policy.yaml: line 2: expected the node content"),
    ],
)
def test_a_bad_policy_is_refused_with_its_line_as_an_upload_would_be(
    system: FakeSystem, tmp_path: Path, text: str, said: str
) -> None:
    system.answers["trainer_trigger", "models"] = {"models": [{"model_id": "golden"}]}
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    done = solar("replay", "golden", "--policy", str(file), "--from", "2026-01-01")
    assert said in str(done.exception)


def test_a_lineage_is_one_table_of_files(s3: FakeS3) -> None:
    assert s3.bodies
    shown = solar("lineage", ".csv")
    assert shown.stdout.count("served since") == 1
    assert shown.stdout.count("Lineage of") == 1


def test_the_files_of_a_version_are_a_table_below_the_run_that_all_have_in_common(
    system: FakeSystem, s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.bodies
    package = {"CustomerMetadataProperties": {"dataset_id": "second"}}
    monkeypatch.setattr("console.registry.version", lambda *_: package)
    monkeypatch.setattr(output, "people", Console(width=60))
    shown = solar("lineage", "2", "--model", "golden").stdout
    assert shown.count("served since") == 1
    assert shown.count("second-1") == 1
    assert shown.index("second-1") < shown.index("raw/east/january.csv")
    assert "2 files in all" in shown


def test_a_name_that_may_be_a_file_is_told_how_files_are_named(
    system: FakeSystem, s3: FakeS3
) -> None:
    assert s3.bodies
    done = solar("lineage", "power")
    assert "no run, version or file 'power'" in str(done.exception)
    assert "power_2012-03.csv" in str(done.exception)
