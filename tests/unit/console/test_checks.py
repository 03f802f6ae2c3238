"""Before an upload people hear what would become of it, in the words of the verdict; nothing changes."""

from __future__ import annotations

import io
import json
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from console import figures, output
from console.state import state
from services.data_watcher.adapters.reading import read
from shared.active import ActiveSite
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.corpus import files
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.data_watcher import forecast_files

__all__ = ["system"]  # the fixture

SITE: dict[str, Any] = {
    "site_id": "east",
    "model_id": "fleet",
    "latitude": 50.0,
    "longitude": 13.4,
    "timezone": "+01:00",
    "ac_capacity_kw": 10,
    "sources": [
        {
            "name": "power",
            "files": "power*.csv",
            "timestamp": {"column": "t", "step_minutes": 15},
            "columns": {"power_ac": {"column": "p", "unit": "kW"}},
        }
    ],
}
MODEL = {"model_id": "fleet"}
IN_WATTS = b"t,p\n" + b"".join(
    f"{each:%Y-%m-%d %H:%M},{files.power(each) * 1000:.0f}\n".encode()
    for each in files.quarters(192)
)


class NoSystem:
    """A console that is connected to nothing."""

    def __getattr__(self, name: str) -> Any:
        message = f"a check asked a system for {name}"
        raise AssertionError(message)


@pytest.fixture
def alone(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a platform nor AWS."""
    monkeypatch.setattr(state, "_system", NoSystem())


def written(folder: Path, name: str, body: bytes | dict[str, Any]) -> Path:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else yaml.safe_dump(body).encode())
    return path


@pytest.mark.usefixtures("alone")
def test_a_valid_site_and_its_samples_are_read_without_any_system(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    sample = written(tmp_path, "power_1.csv", files.csv(2))

    done = solar("sites", "check", str(site), "--sample", str(sample))

    assert done.exit_code == 0, done.output
    assert "east.yaml: valid" in done.stdout
    assert "accepted" in done.stdout
    assert "192" in done.stdout
    assert "highest power 8 kW, 80% of the AC capacity" in done.stdout
    assert "solar noon" in done.stdout


@pytest.mark.usefixtures("alone")
def test_what_would_be_refused_is_said_in_the_words_of_the_verdict(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    sample = written(tmp_path, "power_1.csv", IN_WATTS)

    done = solar("sites", "check", str(site), "--sample", str(sample), "--json")

    with pytest.raises(UnreadableFileError) as verdict:
        read(IN_WATTS, "raw/east/power_1.csv", Site.model_validate(SITE))
    (found,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 1
    assert found["state"] == "quarantined"
    said = (found["reason_code"], found["reason"], found["remedy"])
    assert said == (verdict.value.code, verdict.value.reason, verdict.value.remedy)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "body", "code"),
    [("power_1.csv", b"", "empty"), ("other.csv", b"t,p\n", "no_source")],
)
def test_what_need_not_even_be_read_is_refused_too(
    tmp_path: Path, name: str, body: bytes, code: str
) -> None:
    site = written(tmp_path, "east.yaml", SITE)

    done = solar("sites", "check", str(site), str(written(tmp_path, name, body)), "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["files"][0]["reason_code"] == code


@pytest.mark.usefixtures("alone")
def test_a_yaml_that_would_be_refused_is_said_with_its_line_and_samples_are_not_read(
    tmp_path: Path,
) -> None:
    site = written(tmp_path, "east.yaml", SITE | {"latitud": 50})
    sample = written(tmp_path, "power_1.csv", files.csv(2))

    done = solar("sites", "check", str(site), str(sample))

    assert done.exit_code == 1
    assert (
        "east.yaml: refused: line 2: 'latitud' is not known; did you mean 'latitude'?"
        in done.stdout
    )
    assert "The samples were not read" in done.stdout


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("body", [b"[1, 2", b"\xff\xfe\x00", b"", b"name: x\n"])
def test_a_file_that_is_no_configuration_is_refused_without_a_traceback(
    tmp_path: Path, body: bytes
) -> None:
    done = solar("sites", "check", str(written(tmp_path, "east.yaml", body)), "--json")

    (found,) = json.loads(done.stdout)["configurations"]
    assert done.exit_code == 1
    assert found["state"] == "rejected"
    assert found["reason"]


@pytest.mark.usefixtures("alone")
def test_a_model_is_checked_beside_its_site(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    model = written(tmp_path, "fleet.yaml", MODEL)

    done = solar("sites", "check", str(site), str(model), "--json")

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [each["key"] for each in found["configurations"]] == [
        "config/sites/east.yaml",
        "config/models/fleet.yaml",
    ]
    assert found["files"] == []


@pytest.mark.usefixtures("alone")
def test_samples_need_the_yaml_of_one_site(tmp_path: Path) -> None:
    model = written(tmp_path, "fleet.yaml", MODEL)
    sample = written(tmp_path, "power_1.csv", files.csv(2))

    done = solar("sites", "check", str(model), str(sample))

    assert "is no site's YAML" in str(done.exception)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("verb", [("sites", "check"), ("upload", "--dry-run")])
def test_two_samples_of_one_name_are_not_taken_for_two_files(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    paths = [written(each, "power.csv", files.csv(2)) for each in (one, other)]

    first = "east" if verb[0] == "upload" else str(written(tmp_path, "east.yaml", SITE))
    done = solar(*verb, first, *map(str, paths))

    assert "have the same name, so the second would replace the first" in str(done.exception)


class Bucket:
    """A bucket that holds one site's configuration in force and takes nothing."""

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        if Key != "active/sites/east.json":
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        site = ActiveSite.of(Site.model_validate(SITE))
        return {"Body": io.BytesIO(site.model_dump_json().encode())}

    def put_object(self, **put: Any) -> None:
        message = f"a dry run put {put['Key']}"
        raise AssertionError(message)


def test_a_dry_run_reads_by_the_configuration_in_force_and_uploads_nothing(
    tmp_path: Path, system: FakeSystem
) -> None:
    system.clients["s3"] = Bucket()
    good = written(tmp_path, "power_1.csv", files.csv(2))
    bad = written(tmp_path, "power_2.csv", IN_WATTS)

    done = solar("upload", "east", str(good), str(bad), "--dry-run")

    assert done.exit_code == 1
    assert "power_2.csv (wrong_unit): " in done.stdout
    assert "values look like W, the YAML says kW" in done.stdout
    assert "Nothing was uploaded." in done.stdout
    assert solar("upload", "east", str(good), "--dry-run").exit_code == 0
    assert system.sent == []


@pytest.mark.usefixtures("alone")
def test_a_source_below_another_one_of_the_same_files_is_said_to_get_none_and_the_remedy_works(
    tmp_path: Path,
) -> None:
    forecast = {
        "name": "nwp",
        "kind": "forecast",
        "files": "power*.csv",
        "issued": {"lead": "24h"},
        "timestamp": {"column": "t"},
        "columns": {"temp_air": {"column": "nwp_temp", "unit": "C"}},
    }
    both = SITE | {"sources": [*SITE["sources"], forecast]}
    done = solar("sites", "check", str(written(tmp_path, "east.yaml", both)))
    said = " ".join(done.stdout.split())

    assert done.exit_code == 0, done.output
    assert "source nwp gets no file: power stands above it and takes power*.csv" in said
    assert "say in_files_of: power and files: 'nwp_power*.csv' of nwp" in said
    mended = forecast | {"in_files_of": "power", "files": "nwp_power*.csv"}
    path = written(tmp_path, "east.yaml", SITE | {"sources": [mended, *SITE["sources"]]})
    assert "gets no file" not in solar("sites", "check", str(path)).stdout
    plain = json.loads(solar("sites", "check", str(path), "--json").stdout)
    assert plain["configurations"][0]["remarks"] == []


@pytest.mark.usefixtures("alone")
def test_a_sample_that_holds_forecasts_as_well_is_read_by_both_sources(tmp_path: Path) -> None:
    forecast = {
        "name": "nwp",
        "kind": "forecast",
        "in_files_of": "power",
        "files": "nwp_power*.csv",
        "issued": {"lead": "24h"},
        "timestamp": {"column": "t"},
        "columns": {"temp_air": {"column": "nwp_temp", "unit": "C"}},
    }
    site = written(tmp_path, "east.yaml", SITE | {"sources": [forecast, *SITE["sources"]]})
    lines = [f"{each:%Y-%m-%d %H:%M},{files.power(each)},12.5" for each in files.quarters(192)]
    sample = written(tmp_path, "power_1.csv", "\n".join(["t,p,nwp_temp", *lines]).encode())

    done = solar("sites", "check", str(site), str(sample))
    assert done.exit_code == 0, done.output
    assert "power_1.csv goes to two sources, a second time as nwp_power_1.csv" in done.stdout
    plain = json.loads(solar("sites", "check", str(site), str(sample), "--json").stdout)
    assert [(each["key"], each["source"], each["rows"]) for each in plain["files"]] == [
        ("raw/east/power_1.csv", "power", 192),
        ("raw/east/nwp_power_1.csv", "nwp", 192),
    ]


def test_a_dry_run_for_a_site_that_nobody_added_says_what_an_upload_would(
    tmp_path: Path, system: FakeSystem
) -> None:
    system.clients["s3"] = Bucket()
    path = written(tmp_path, "power_1.csv", files.csv(2))

    done = solar("upload", "west", str(path), "--dry-run", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)[0]["reason_code"] == "unknown_site"


def test_a_dry_run_turns_to_aws_by_itself_because_it_changes_nothing(
    tmp_path: Path, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.clients["s3"] = Bucket()
    asked: list[bool] = []
    monkeypatch.setattr(type(state), "require_choice", lambda _: asked.append(True))
    path = written(tmp_path, "power_1.csv", files.csv(2))

    assert solar("upload", "east", str(path), "--dry-run").exit_code == 0
    assert asked == []


def test_a_screen_of_80_columns_shows_the_whole_reason(
    tmp_path: Path, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.people, "width", 80)
    site = written(tmp_path, "east.yaml", SITE)
    sample = written(tmp_path, "power_1.csv", IN_WATTS)

    done = solar("sites", "check", str(site), str(sample))

    table = done.stdout.splitlines()[1:]
    assert max(map(len, table)) <= 80
    assert all(word in done.stdout for word in ("quarantined", "ac_capacity_kw", "upload"))


@pytest.mark.usefixtures("alone")
def test_a_draft_with_all_that_is_known_of_the_plant_passes_the_check(tmp_path: Path) -> None:
    sample = written(tmp_path, "power_2024-07.csv", files.csv(3, header="time,power (kW)"))
    place = ("--latitude", "50", "--longitude", "13.4", "--ac-capacity-kw", "10")

    drafted = solar("sites", "draft", str(sample), "--site", "east", "--model", "fleet", *place)
    site = written(tmp_path, "east.yaml", drafted.stdout.encode())

    assert solar("sites", "check", str(site), "--sample", str(sample)).exit_code == 0


@pytest.mark.usefixtures("alone")
def test_a_draft_with_gaps_is_refused_by_the_check_with_their_names(tmp_path: Path) -> None:
    sample = written(tmp_path, "power_2024-07.csv", files.csv(3, header="time,power (kW)"))

    site = written(tmp_path, "my-site.yaml", solar("sites", "draft", str(sample)).stdout.encode())
    done = solar("sites", "check", str(site), str(sample))

    assert done.exit_code == 1
    assert all(gap in done.stdout for gap in ("latitude", "longitude", "timezone"))


# --- files together -------------------------------------------------------------------------------------


def days(first: int, count: int, times: float = 1.0, *, hours_late: int = 0) -> bytes:
    """Clear days of June in kW; a file of one day passes alone in nearly any unit."""
    moments = [
        datetime(2024, 6, first) + timedelta(minutes=15 * row)  # noqa: DTZ001 - a plant's clock
        for row in range(96 * count)
    ]
    lines = (
        f"{each:%Y-%m-%d %H:%M},{_watt(each, hours_late) * times:.3f}\n".encode()
        for each in moments
    )
    return b"t,p\n" + b"".join(lines)


def _watt(moment: datetime, late: int) -> float:
    hour = moment.hour + moment.minute / 60 - late
    return max(0.0, 9.0 * math.sin(math.pi * (hour - 4) / 16.2)) if 4 < hour < 20.2 else 0.0


def samples(folder: Path, bodies: list[bytes]) -> list[str]:
    return [
        str(written(folder, f"power_{number:02}.csv", body)) for number, body in enumerate(bodies)
    ]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("odd", "cause", "words"),
    [
        (days(9, 1, 1 / 3), "unlike_power", "do not fit the power of the others"),
        (days(9, 1, hours_late=-2), "unlike_clock", "centred 2.0 hours before"),
        (days(2, 1, 0.7), "contradicting_rows", "contradict other files"),
    ],
)
def test_samples_that_pass_alone_and_disagree_are_told_together(
    tmp_path: Path, odd: bytes, cause: str, words: str
) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    given = samples(tmp_path, [*(days(first, 1) for first in range(1, 6)), odd])

    done = solar("sites", "check", str(site), *given)
    assert done.exit_code == 1
    assert "Source power would be suspect" in done.stdout
    assert "What is not uploaded yet need not be removed: leave it out." in done.stdout
    assert words in " ".join(done.stdout.split())

    done = solar("sites", "check", str(site), *given, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert {each["state"] for each in found["files"]} == {"accepted"}
    assert cause in [each["cause"] for each in found["suspects"]]
    assert all(each["suspect"] for each in found["files"])


@pytest.mark.usefixtures("alone")
def test_samples_of_which_many_fail_for_one_cause_are_told_together(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    given = samples(tmp_path, [days(1, 1, 1000), days(2, 1, 1000), days(3, 1)])

    done = solar("sites", "check", str(site), *given)

    assert "2 of 3 files of source power were refused as wrong_unit" in " ".join(
        done.stdout.split()
    )


@pytest.mark.usefixtures("alone")
def test_samples_that_agree_are_told_as_before(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    given = samples(tmp_path, [days(first, 1) for first in range(1, 6)])

    done = solar("sites", "check", str(site), *given)

    assert done.exit_code == 0
    assert "suspect" not in done.stdout


def test_a_dry_run_says_what_the_files_show_together(system: FakeSystem, tmp_path: Path) -> None:
    system.clients["s3"] = Bucket()
    given = samples(tmp_path, [days(1, 1), days(2, 1), days(3, 1, 1 / 3)])

    done = solar("upload", "east", *given, "--dry-run")

    assert done.exit_code == 1
    assert "1 of 3 files of source power do not fit the power of the others" in " ".join(
        done.stdout.split()
    )
    assert "Nothing was uploaded." in done.stdout


@pytest.mark.usefixtures("alone")
def test_forecasts_show_their_issues_their_leads_and_the_sky(tmp_path: Path) -> None:
    described = SITE | {"latitude": 52.1, "longitude": 5.1, "sources": [forecast_files.SOURCE]}
    site = written(tmp_path, "east.yaml", described)
    one = written(tmp_path, "nwp_1.csv", forecast_files.csv(forecast_files.forecasts()))
    later = forecast_files.forecasts(first=forecast_files.FIRST + 48 * forecast_files.HOUR)
    other = written(tmp_path, "nwp_2.csv", forecast_files.csv(later))

    done = solar("sites", "check", str(site), str(one), str(other))
    words = " ".join(done.stdout.split())
    plain = json.loads(solar("sites", "check", str(site), str(one), str(other), "--json").stdout)

    assert done.exit_code == 0, done.output
    assert "ecmwf: 4 issues" in words
    assert "leads 0 to 47 h" in words
    assert "highest predicted irradiance" in words
    assert "of a clear sky" in words
    assert "contradict" not in words
    first = plain["files"][0]
    assert (first["provider"], first["issues"]["count"]) == ("ecmwf", 4)
    assert first["figures"]["forecast_peak"]["of_clear_sky"] <= 1.1
    assert plain["suspects"] == []


@pytest.mark.usefixtures("alone")
def test_a_reason_that_many_files_share_is_said_once(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    bad = [written(tmp_path, f"power_{number}.csv", b"") for number in range(3)]
    good = written(tmp_path, "power_9.csv", files.csv(2))

    said = solar("sites", "check", str(site), *map(str, [*bad, good])).stdout

    assert said.count("(empty): ") == 1
    assert "power_0.csv and 2 more (empty): " in said
    assert "(empty)" not in solar("sites", "check", str(site), str(good)).stdout


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Zeit;G [W/m²]\n".encode("cp1252"), "logger.csv: refused: it is no UTF-8 text; name a"),
        (b"site_id: Bad Site\n", "logger.csv: refused: site_id is 'Bad Site'; a name has 1 to 32"),
        (b"hello\n", "logger.csv: refused: logger.csv names neither site_id nor model_id"),
    ],
)
def test_what_is_given_in_place_of_a_yaml_is_named_once(
    tmp_path: Path, body: bytes, said: str
) -> None:
    done = solar("sites", "check", str(written(tmp_path, "logger.csv", body)))
    assert done.exit_code == 1
    assert said in done.stdout
    assert str(tmp_path) not in done.stdout


@pytest.mark.parametrize(("minutes", "words"), [(-1, "1 minute before"), (2, "2 minutes after")])
def test_one_minute_is_no_minutes(minutes: int, words: str) -> None:
    found = {"peak_kw": None, "peak_of_capacity": None, "minutes_after_solar_noon": minutes}
    lines = figures.said({**found, "correlation": {}, "forecast_peak": None})
    assert f"middle of the day {words} solar noon" in lines


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("is_turned", [False, True])
def test_the_highest_power_is_that_of_all_files_whichever_counts(
    tmp_path: Path, *, is_turned: bool
) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    low, high = samples(tmp_path, [days(1, 2, 0.7), days(1, 2)])
    done = solar(
        "sites", "check", str(site), *([high, low] if is_turned else [low, high]), "--json"
    )
    found = json.loads(done.stdout)["files"]
    alone = json.loads(solar("sites", "check", str(site), high, "--json").stdout)["files"]
    told = solar("sites", "check", str(site), *([high, low] if is_turned else [low, high])).stdout
    assert {each["state"] for each in found} == {"accepted"}
    assert f"highest power {alone[0]['figures']['peak_kw']:.4g} kW" in told


@pytest.mark.usefixtures("alone")
def test_files_of_the_same_bytes_are_said_to_count_once(tmp_path: Path) -> None:
    site = written(tmp_path, "east.yaml", SITE)
    given = samples(tmp_path, [days(1, 2), days(1, 2), days(3, 2)])
    told = solar("sites", "check", str(site), *given).stdout
    names = [Path(each).name for each in given]
    assert f"{names[1]}: the same bytes as {names[0]}; their rows count once" in told
    assert f"{names[2]}: the same bytes" not in told
