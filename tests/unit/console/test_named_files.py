"""Names of files and sites that are wrong are answered with what helps, and nothing is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import Result

from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


def file(key: str, state: str = "accepted", **more: Any) -> dict[str, Any]:
    said = {"rows": 96, "rows_masked": 0, "masks": {}, "note": None, "reason": None, "remedy": None}
    ours = {"version_id": "1", "sha256": key, "removed_by": None, "dismissed": None}
    return {"site_id": "east", "key": f"raw/{key}", "state": state, **said, **ours, **more}


def said(answer: Result) -> str:
    return str(answer.exception)


class Nothing:
    """A bucket that holds nothing."""

    def get_object(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")


def known(system: FakeSystem, *files: dict[str, Any], sites: tuple[str, ...] = ("east",)) -> None:
    listed = [{"kind": "site", "name": each} for each in sites]
    system.answers["data_watcher", "files"] = {"files": list(files), "next": None}
    system.answers["data_watcher", "sites"] = {"sites": listed}
    counts = {"files": 0, "rows": 0, "rows_masked": 0, "masks": {}, "quarantined": {}}
    system.answers["data_watcher", "reasons"] = counts


def test_a_key_without_a_site_is_asked_for_its_site(system: FakeSystem) -> None:
    known(system)
    answer = solar("files", "remove", "power.csv", "--reason", "another plant's")
    assert answer.exit_code == 1
    assert "raw/power.csv names no site; write SITE/FILE, as `solar files` does" in said(answer)


def test_a_key_that_the_ledger_does_not_know_is_not_released(system: FakeSystem) -> None:
    known(system, file("east/power.csv", "quarantined"))
    answer = solar("files", "release", "east/nix.csv", "--reason", "corrected")
    assert answer.exit_code == 1
    assert "no file raw/east/nix.csv in the ledger; `solar files --site east`" in said(answer)
    assert system.sent == []
    assert solar("files", "release", "east/power.csv", "--reason", "corrected").exit_code == 0
    assert len(system.sent) == 1


def test_files_of_an_unknown_site_are_not_released(system: FakeSystem) -> None:
    known(system, sites=())
    answer = solar("files", "release", "--site", "eats", "--reason", "corrected")
    assert answer.exit_code == 1
    assert "no site eats" in said(answer)
    assert system.sent == []


@pytest.mark.parametrize("option", [(), ("--reasons",), ("--state", "quarantined")])
def test_a_site_that_nobody_knows_is_not_one_without_files(
    system: FakeSystem, option: tuple[str, ...]
) -> None:
    known(system, sites=())
    answer = solar("files", "--site", "eats", *option)
    assert answer.exit_code == 1
    assert "no site eats" in said(answer)


def test_files_of_a_site_without_a_configuration_are_listed(system: FakeSystem) -> None:
    known(system, file("east/power.csv", "quarantined", reason="no site 'east'"), sites=())
    system.clients["s3"] = Nothing()
    answer = solar("files", "--site", "east")
    assert answer.exit_code == 0
    assert "east/power.csv" in answer.stdout


def test_a_copy_whose_rows_do_not_count_is_said_to_be_one(system: FakeSystem) -> None:
    first = file("east/a.csv", sha256="same")
    copy = file("east/b.csv", "duplicate", sha256="same", reason="the same bytes are at east/a.csv")
    known(system, first, copy)
    answer = solar("files", "remove", "east/b.csv", "--reason", "a copy")
    assert answer.exit_code == 1
    assert "raw/east/b.csv is a duplicate: its rows count once, by raw/east/a.csv" in said(answer)
    assert "name both" in said(answer)
    answer = solar("files", "remove", "east/a.csv", "--reason", "wrong")
    assert "the bytes of raw/east/a.csv are also at raw/east/b.csv" in said(answer)
    assert "its rows would count from there" in said(answer)


def test_an_empty_folder_is_not_answered_with_a_pattern_that_names_nothing(
    system: FakeSystem, tmp_path: Path
) -> None:
    answer = solar("upload", "east", str(tmp_path))
    assert answer.exit_code == 1
    assert f"{tmp_path} is a folder without files" in said(answer)
    (tmp_path / "power.csv").write_text("time,power\n")
    assert f"solar upload east {tmp_path}/*" in said(solar("upload", "east", str(tmp_path)))


def test_a_file_that_is_named_twice_is_not_to_be_renamed(
    system: FakeSystem, tmp_path: Path
) -> None:
    path, other = tmp_path / "power.csv", tmp_path / "old" / "power.csv"
    other.parent.mkdir()
    path.touch()
    other.touch()
    assert f"{path} is named twice" in said(solar("upload", "east", str(path), str(path)))
    assert "have the same name" in said(solar("upload", "east", str(path), str(other)))


@pytest.mark.parametrize(
    ("files", "words"),
    [(1, "1 file contradicts it in 1 row"), (2, "2 files contradict it in 1 row")],
)
def test_one_file_contradicts_and_two_files_contradict(
    system: FakeSystem, files: int, words: str
) -> None:
    overlap = {"files": files, "rows": 1, "share": 0.5, "example": "power_ac differs"}
    known(system, file("east/power.csv", overlap=overlap))
    system.clients["s3"] = Nothing()
    assert words in solar("files", "--site", "east").stdout
