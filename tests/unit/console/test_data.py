"""Uploaded YAML is answered with its verdict; tables speak in sentences."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from console import output, second_names
from console.commands import configuring
from console.commands.data import show_files
from console.errors import ConsoleError
from shared.active import ActiveSite
from shared.solar.site import Site
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture

START = datetime(2026, 11, 24, 7, 19, tzinfo=UTC)
KEY = "config/sites/east.yaml"


@dataclass
class Watcher:
    """A bucket and the service that judges what is put there, some questions later."""

    verdict: dict[str, Any]
    late: int = 1
    earlier: bool = False
    puts: list[str] = field(default_factory=list)
    site: ActiveSite | None = None
    refusal: str = "NoSuchKey"

    def put_object(self, **put: Any) -> dict[str, Any]:
        self.puts.append(put["Key"])
        return {"VersionId": "new"}

    def get_object(self, **_: Any) -> dict[str, Any]:
        if self.site is None:
            raise ClientError({"Error": {"Code": self.refusal}}, "GetObject")
        return {"Body": io.BytesIO(self.site.model_dump_json().encode())}

    def list_object_versions(self, **_: Any) -> dict[str, Any]:
        return {
            "Versions": [
                {"Key": f"{KEY}.bak", "VersionId": "new", "LastModified": START},
                {"Key": KEY, "VersionId": "new", "LastModified": START + timedelta(hours=1)},
                {"Key": KEY, "VersionId": "old", "LastModified": START},
            ]
        }

    def sites(self) -> dict[str, Any]:
        self.late -= 1
        if self.late >= 0:
            return {"sites": [configured("accepted", version_id="old")] if self.earlier else []}
        return {"sites": [self.verdict]}


def configured(
    state: str,
    at: datetime = START + timedelta(hours=1),
    version: str | None = "b6bb2c8ac1",
    version_id: str = "new",
) -> dict[str, Any]:
    return {
        "kind": "site",
        "name": "east",
        "model_id": "fleet",
        "key": KEY,
        "version_id": version_id,
        "state": state,
        "line": 3 if state == "rejected" else None,
        "reason": "'[kW]' is no unit of power_ac" if state == "rejected" else None,
        "uploaded_at": at.isoformat(),
        "config_version": version,
        "config": None,
    }


@pytest.fixture
def yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(configuring.time, "sleep", lambda _: None)
    path = tmp_path / "east.yaml"
    path.write_text("site_id: east\n")
    return path


def watched(system: FakeSystem, watcher: Watcher) -> Watcher:
    system.clients["s3"] = watcher
    system.answers["data_watcher", "sites"] = watcher.sites
    return watcher


def test_an_accepted_yaml_is_said_to_be_in_force(system: FakeSystem, yaml: Path) -> None:
    watched(system, Watcher(configured("accepted"), late=3))

    done = solar("sites", "add", str(yaml))

    assert done.exit_code == 0
    assert done.stdout == f"east.yaml -> {KEY}: accepted, it is in force\n"


def test_a_refused_yaml_is_told_with_line_and_reason_and_fails(
    system: FakeSystem, yaml: Path
) -> None:
    watched(system, Watcher(configured("rejected"), earlier=True))

    done = solar("sites", "add", str(yaml))

    assert done.exit_code == 1
    assert (
        "refused: line 3: '[kW]' is no unit of power_ac. The version of before (b6bb2c8a) stays"
        in done.stdout
    )
    (said,) = json.loads(solar("sites", "add", str(yaml), "--json").stdout)
    assert (said["state"], said["line"], said["key"]) == ("rejected", 3, KEY)


def test_a_verdict_that_does_not_come_is_not_taken_for_one(
    system: FakeSystem, yaml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(system, Watcher(configured("accepted"), late=99, earlier=True))
    monkeypatch.setattr(configuring, "VERDICT_SECONDS", 0.0)

    done = solar("sites", "add", str(yaml))

    assert done.exit_code == 1
    assert "no verdict within" in done.stdout


def test_the_verdict_of_an_upload_that_came_after_it_answers_too(
    system: FakeSystem, yaml: Path
) -> None:
    newer = configured("rejected", START + timedelta(hours=2), version_id="newer")
    watched(system, Watcher(newer))

    assert solar("sites", "add", str(yaml)).exit_code == 1


@pytest.mark.parametrize(
    "said", ["site_id: East_1", "model_id: [a, b]", "site_id: ../../raw/x", "model_id: ''"]
)
def test_a_yaml_whose_name_is_none_is_not_uploaded(
    system: FakeSystem, yaml: Path, said: str
) -> None:
    watcher = watched(system, Watcher(configured("accepted")))
    yaml.write_text(said)

    done = solar("sites", "add", str(yaml))

    assert "a name has 1 to 32 of" in str(done.exception)
    assert watcher.puts == []


def test_a_name_that_is_not_filled_in_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "east.yaml").write_text("site_id:  # FILL IN\n")
    with pytest.raises(ConsoleError, match="site_id is empty; fill it in"):
        configuring.config_key(tmp_path / "east.yaml")


def test_nobody_has_to_wait_for_a_verdict(system: FakeSystem, yaml: Path) -> None:
    watcher = watched(system, Watcher(configured("rejected"), late=99))

    assert solar("sites", "add", str(yaml), "--no-wait").exit_code == 0
    assert watcher.puts == [KEY]


@pytest.mark.parametrize(
    ("version", "says"),
    [("b6bb2c8ac1", "The version of before (b6bb2c8a) stays in force."), (None, "Nothing is in")],
)
def test_a_refused_configuration_is_listed_with_what_is_in_force(
    system: FakeSystem, version: str | None, says: str
) -> None:
    found = configured("rejected", version=version)
    system.answers["data_watcher", "sites"] = {"sites": [found]}

    assert says in solar("sites", "list").stdout


def test_why_a_source_is_suspect_is_not_torn_by_a_column(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "people", Console(width=80))
    key = f"raw/east/{'power_' * 5}2024-05.csv"
    suspect = {"source": "power", "reason": f"{key} contradicts", "remedy": "take it out"}
    both = [suspect | {"standing": "suspect"}, suspect | {"source": "old", "standing": "trusted"}]
    found = configured("accepted") | {"suspects": both}
    system.answers["data_watcher", "sites"] = {"sites": [found]}

    told = solar("sites", "list").stdout
    assert "is suspect, see" in " ".join(told.split())
    assert f"Source power of site east is suspect: {key} contradicts. Take it out." in told
    assert "old" not in told


def test_reason_and_remedy_are_two_sentences() -> None:
    assert output.sentences("it is empty", "upload it again") == "it is empty. Upload it again."
    assert output.sentences("Is it?", None, "") == "Is it?"
    assert output.sentences(None, None) == ""


def test_a_folder_is_not_uploaded_but_answered_with_what_to_type(
    system: FakeSystem, tmp_path: Path
) -> None:
    (tmp_path / "power.csv").touch()
    done = solar("upload", "east", str(tmp_path))

    assert done.exit_code != 0
    assert f"solar upload east {tmp_path}/*" in str(done.exception)


def test_an_upload_that_does_not_wait_says_how_many_files_went(
    system: FakeSystem, yaml: Path
) -> None:
    watcher = watched(system, Watcher(configured("accepted")))

    done = solar("upload", "east", str(yaml), "--no-wait")

    assert watcher.puts == ["raw/east/east.yaml"]
    assert done.stdout == "1 file uploaded; `solar files --site east` shows the verdicts\n"


STATION: dict[str, Any] = {
    "site_id": "east",
    "model_id": "fleet",
    "latitude": 50.0,
    "longitude": 13.4,
    "timezone": "UTC",
    "ac_capacity_kw": 10,
    "sources": [
        {
            "name": "nwp",
            "kind": "forecast",
            "in_files_of": "power",
            "files": "nwp_station*.csv",
            "issued": {"lead": "24h"},
            "timestamp": {"column": "t"},
            "columns": {"ghi": {"column": "g", "unit": "W/m2"}},
        },
        {
            "name": "power",
            "files": "station*.csv",
            "timestamp": {"column": "t"},
            "columns": {"power_ac": {"column": "p", "unit": "kW"}},
        },
    ],
}


def test_a_file_that_holds_forecasts_as_well_is_sent_to_both_sources_and_that_is_said(
    system: FakeSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = watched(system, Watcher(configured("accepted")))
    watcher.site = ActiveSite.of(Site.model_validate(STATION))
    paths = [tmp_path / name for name in ("station_1.csv", "station_2.csv", "other.csv")]
    for path in paths:
        path.write_text("t,g,p\n")

    done = solar("upload", "east", *map(str, paths), "--no-wait")

    assert watcher.puts == [
        "raw/east/station_1.csv",
        "raw/east/nwp_station_1.csv",
        "raw/east/station_2.csv",
        "raw/east/nwp_station_2.csv",
        "raw/east/other.csv",
    ]
    said = " ".join((done.stdout + done.stderr + capsys.readouterr().err).split())
    assert "station_1.csv goes to two sources, a second time as nwp_station_1.csv" in said
    assert "so does 1 more" in said


def test_files_that_are_there_under_one_of_two_names_are_told() -> None:
    site = Site.model_validate(STATION)
    both = {"station_1.csv", "nwp_station_1.csv", "other.csv"}
    assert list(second_names.alone(site, both)) == []

    (said,) = second_names.alone(site, both | {"station_2.csv", "station_3.csv", "station_4.csv"})
    assert said.startswith(
        "station_2.csv is there, and not as nwp_station_2.csv, and so are 2 more: the forecasts of nwp in "
        "them are not read. `solar upload east FILE…` sends"
    )
    (said,) = second_names.alone(site, both | {"nwp_station_5.csv.gz"})
    assert said.startswith(
        "nwp_station_5.csv.gz is there, and not as station_5.csv.gz: the measurements in it are not read."
    )


def test_the_list_of_a_sites_files_says_so_and_one_that_was_removed_does_not_count(
    system: FakeSystem,
) -> None:
    watcher = watched(system, Watcher(configured("accepted")))
    watcher.site = ActiveSite.of(Site.model_validate(STATION))
    one, other = (
        {"key": f"raw/east/{name}", "state": "accepted", "version_id": name, "masks": {}}
        | dict.fromkeys(("rows", "rows_masked", "reason", "remedy", "note"))
        for name in ("station_1.csv", "nwp_station_1.csv")
    )
    ledger = {"files": [one, other], "next": None}
    system.answers["data_watcher", "files"] = lambda: ledger
    assert "is there, and not as" not in solar("files", "--site", "east").stderr
    watcher.site, site, watcher.refusal = None, watcher.site, "AccessDenied"
    assert solar("files", "--site", "east").exit_code == 0
    watcher.site, other["state"] = site, "removed"
    assert "station_1.csv is there, and not as nwp" in solar("files", "--site", "east").stderr


def test_who_may_only_upload_hears_that_files_go_under_their_own_names(
    system: FakeSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = watched(system, Watcher(configured("accepted"), refusal="AccessDenied"))
    path = tmp_path / "station.csv"
    path.write_text("t,g,p\n")

    done = solar("upload", "east", str(path), "--no-wait")

    assert watcher.puts == ["raw/east/station.csv"]
    assert "under its own name alone" in " ".join(
        (done.stdout + done.stderr + capsys.readouterr().err).split()
    )


def test_counts_of_reasons_say_what_each_reason_means(system: FakeSystem) -> None:
    counts = {"masks": {"cut_off": 1}, "quarantined": {"wrong_sign": 2, "of_a_later_release": 1}}
    system.answers["data_watcher", "reasons"] = {
        "files": 3, "rows": 10, "rows_masked": 1, "dismissed": {}, **counts
    }  # fmt: skip

    said = " ".join(solar("files", "--reasons").stdout.split())

    assert "the last number of the file seems to lack its end" in said
    assert "power is negative when it is large" in said
    assert "of_a_later_release" in said


def test_a_file_of_forecasts_is_listed_with_its_issues_and_leads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    issues = {
        "count": 2,
        "first": "2024-06-01T00:00:00+00:00",
        "last": "2024-06-01T12:00:00+00:00",
        "first_lead_hours": 0.0,
        "last_lead_hours": 47.0,
    }
    file = {
        "key": "raw/east/nwp.csv",
        "state": "accepted",
        "rows": 96,
        "rows_masked": 0,
        "masks": {"before_issue": 2},
        "note": None,
        "reason": None,
        "remedy": None,
    }
    show_files([{**file, "provider": "ecmwf", "issues": issues}, {**file, "masks": {}}], "Files")

    said = " ".join(capsys.readouterr().out.split())
    assert "ecmwf: 2 issues, 2024-06-01 00:00 to" in said
    assert "leads 0 to 47 h" in said
    assert "before_issue 2" in said


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (0, "interrupted; 0 of 3 files are uploaded, upload them again"),
        (
            2,
            "interrupted; 2 of 3 files are uploaded, `solar files --site east` shows what becomes of ",
        ),
        (
            3,
            "interrupted; all 3 files are uploaded, `solar files --site east` shows what becomes of ",
        ),
    ],
)
def test_an_interrupted_upload_says_what_it_left_behind(
    system: FakeSystem, tmp_path: Path, sent: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Watcher):
        def put_object(self, **put: Any) -> dict[str, Any]:
            if len(self.puts) == sent:
                raise KeyboardInterrupt
            return super().put_object(**put)

    def interrupt() -> dict[str, Any]:
        raise KeyboardInterrupt

    watched(system, Interrupted(configured("accepted")))
    system.answers["data_watcher", "files"] = interrupt
    monkeypatch.setattr(output, "errors", Console(stderr=True, width=200))
    files = [tmp_path / f"power_{number}.csv" for number in range(3)]
    for each in files:
        each.write_bytes(b"t,p\n")

    done = solar("upload", "east", *map(str, files))

    assert done.exit_code == 130
    assert said in done.stderr
    assert ("upload all again, none counts twice" in done.stderr) is (sent == 2)
