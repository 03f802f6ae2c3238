"""The demo empties only folders of its own, makes forecasts as it says, and gives its files away."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from console.app import app
from console.demo import play
from console.demo.made_up import PROVIDERS, SHARP, VAGUE
from console.demo.plant import Plant
from console.demo.telling import Teller, WaitedInVainError
from console.demo.tomorrow import better_provider, days_of, sites
from console.demo.years import MovedPlant, Span
from console.errors import ConsoleError
from console.output import people


def run(*arguments):
    return CliRunner().invoke(app, ["demo", "--port", "4999", *map(str, arguments)])


def test_a_platforms_own_home_is_neither_emptied_nor_stopped(tmp_path, monkeypatch):
    (tmp_path / "platform.log").write_text("somebody's own")
    stopped = []
    monkeypatch.setattr(play.control, "down", lambda home, **_: stopped.append(home))
    done = run("--home", tmp_path)
    assert isinstance(done.exception, ConsoleError)
    assert "no demo made it" in str(done.exception)
    assert (tmp_path / "platform.log").exists()
    assert stopped == []


def test_a_demos_folder_is_emptied_and_marked_again(tmp_path):
    home = tmp_path / "demo"
    play._empty(home)
    (home / "platform.log").write_text("of the last time")
    play._empty(home)
    assert [path.name for path in home.iterdir()] == [play._MARKER]


def test_waiting_in_vain_names_the_platforms_log(tmp_path, monkeypatch):
    def in_vain(_tell, home, _port):
        play._empty(home)
        raise WaitedInVainError("waited 60 s in vain: the files are read")

    monkeypatch.setattr(play, "_start", in_vain)
    done = run("--home", tmp_path / "demo")
    assert str(tmp_path / "demo/platform.log") in str(done.exception)
    assert done.stdout.index("stopping the platform") < done.stdout.index("the platform is down")


def test_what_does_not_happen_in_time_is_said(monkeypatch):
    monkeypatch.setattr("console.demo.telling._POLL", 0.0)
    with pytest.raises(WaitedInVainError, match=r"in vain: rain\. no cloud"):
        Teller(people).wait("rain", lambda: None, 0.01, lambda: "no cloud")


def test_the_plants_files_can_be_had(tmp_path):
    done = run("--write-files", tmp_path / "plant", "--months", 2)
    assert done.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "plant").iterdir()) == [
        "golden-model.yaml",
        "golden.yaml",
        *(
            f"{kind}_{month}.csv"
            for kind in ("power_w", "weather")
            for month in ("2011-04", "2011-05")
        ),
    ]
    model = yaml.safe_load((tmp_path / "plant/golden-model.yaml").read_text())
    assert model["accuracy_threshold"] == 0.85


NOON = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return Plant()


@pytest.fixture(scope="module")
def moved(plant) -> MovedPlant:
    return MovedPlant(plant, NOON)


def read(file) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(file.body))


def issue(moved, provider, day, days=1) -> pd.DataFrame:
    span = Span(day, day + timedelta(days=days))
    found = read(moved.issues(provider.name, span, "some"))
    times = {name: pd.to_datetime(found[name]) for name in ("run", "valid_time")}
    return found.assign(**times)


def test_the_story_of_forecasts_is_another_one(monkeypatch, tmp_path):
    played = []
    monkeypatch.setattr(play, "_start", lambda *_: None)
    monkeypatch.setattr(play, "_of_forecasts", lambda *_: played.append("forecasts") or {})
    monkeypatch.setattr(play, "_of_measurements", lambda *_: played.append("measurements") or {})
    run("--forecast", "--home", tmp_path / "demo")
    run("--home", tmp_path / "demo")
    assert played == ["forecasts", "measurements"]


def test_an_issue_reaches_48_hours_and_holds_nothing_from_before_it(moved):
    found = issue(moved, SHARP, NOON.date())
    assert set(found["run"]) == {pd.Timestamp("2026-06-15T12:00Z")}
    leads = (found["valid_time"] - found["run"]) / pd.Timedelta("1h")
    assert leads.tolist() == list(range(1, 49))  # the end of each hour
    assert found["ghi"].between(0, 1300).all()


def test_the_same_issue_is_made_the_same_each_time(plant, moved):
    again = MovedPlant(plant, NOON + timedelta(minutes=10))
    assert issue(moved, VAGUE, NOON.date()).equals(issue(again, VAGUE, NOON.date()))


def test_an_issue_resembles_the_one_before_and_is_another(moved):
    day = NOON.date() - timedelta(days=30)
    both = (
        issue(moved, VAGUE, day, days=30).pivot_table("ghi", "valid_time", "run").dropna(how="all")
    )
    pairs = [both[[earlier, later]].dropna() for earlier, later in pairwise(both.columns)]
    stacked = np.concatenate([each.to_numpy() for each in pairs])
    lit = stacked[stacked.max(axis=1) > 50]
    assert 0.8 < np.corrcoef(lit.T)[0, 1] < 0.99


def errors(plant, moved, provider) -> pd.DataFrame:
    """Errors of 100 issues by day, in daylight, as shares of the mean irradiance."""
    first = NOON.date() - timedelta(days=110)
    found = issue(moved, provider, first, days=100)
    _, weather = plant.in_utc()
    begins = (
        pd.DatetimeIndex(found["valid_time"]) - pd.Timedelta("1h") - pd.Timedelta(days=13 * 365 + 3)
    )
    came = weather["ghi"].reindex(begins).to_numpy()
    lead = (found["valid_time"] - found["run"]) / pd.Timedelta("24h")
    lit = came > 50
    off = np.abs(found["ghi"].to_numpy() - came)[lit] / came[lit].mean()
    return pd.DataFrame({"off": off, "day": np.ceil(lead[lit].to_numpy())})


def test_errors_grow_with_the_lead_and_one_provider_errs_more(plant, moved):
    sharp, vague = (errors(plant, moved, each).groupby("day")["off"].mean() for each in PROVIDERS)
    assert sharp[1] < sharp[2]
    assert vague[1] < vague[2]
    assert sharp[1] * 1.5 < vague[1]


@pytest.mark.parametrize(
    "today", ["2026-01-01", "2027-04-14", "2028-02-29", "2026-11-28", "2026-12-29", "2026-12-31"]
)
def test_on_any_day_of_the_year_two_sites_have_months_of_files_that_end_today(plant, today):
    now = datetime.fromisoformat(f"{today}T11:00").replace(tzinfo=UTC)
    for moved in sites(plant, now).values():
        assert moved.today - moved.first_day > timedelta(days=230)
        first_day = Span(moved.first_day, moved.first_day + timedelta(days=1))
        assert len(read(moved.power(first_day, "first"))) == 96
        assert len(issue(moved, SHARP, moved.first_day)) == 48
        *_, last = days_of(moved)
        stamps = pd.to_datetime(read(last)["measured_on"])
        assert stamps.max() <= now
        issued = issue(moved, VAGUE, moved.last_issue)["run"]
        assert now - timedelta(days=1) < issued.max() <= now


def test_the_power_of_the_moved_plant_follows_the_sun(plant):
    power, weather = plant.in_utc()
    hourly = power["ac_power_2"].resample("1h").mean()
    by_shift = {shift: hourly.shift(shift).corr(weather["ghi"]) for shift in (-1, 0, 1)}
    assert max(by_shift, key=by_shift.get) == 0


def test_the_last_issue_of_the_sharp_provider_does_not_come(moved):
    names = [file.name for file in days_of(moved)]
    assert f"{VAGUE.name}_2026-06-15.csv" in names
    assert f"{SHARP.name}_2026-06-15.csv" not in names
    assert f"{SHARP.name}_2026-06-14.csv" in names


def test_the_better_provider_is_told_by_forecasts_and_not_by_hindsight():
    def line(name: str, nmae: float | None, inputs: str = "forecast") -> dict[str, Any]:
        return {"name": name, "nmae": nmae, "inputs": inputs}

    sharp, vague = line("made-up-sharp", 0.039), line("made-up-vague", 0.055)
    afterwards = [
        line("made-up-sharp", 0.051, "hindsight"),
        line("made-up-vague", 0.047, "hindsight"),
    ]
    assert better_provider([sharp, vague, *afterwards]) == "made-up-sharp"
    assert better_provider([sharp, *afterwards]) is None
    assert better_provider([sharp, line("made-up-vague", None)]) is None
    assert better_provider([line("made-up-sharp", 0.06), vague]) == "made-up-vague"


def test_the_files_of_both_sites_can_be_had_and_are_read_by_their_yaml(tmp_path):
    folder = tmp_path / "plants"
    done = run("--forecast", "--write-files", folder)
    assert done.exit_code == 0
    assert "MADE UP" in done.stdout
    configs = [folder / name for name in ("tomorrow.yaml", "golden-a.yaml", "golden-b.yaml")]
    days = sorted((folder / "golden-b/days").glob("*.csv"))
    samples = [part for each in days[-3:] for part in ("--sample", str(each))]
    checked = CliRunner().invoke(
        app, ["sites", "check", *map(str, configs[:1] + configs[2:]), *samples, "--json"]
    )
    found = json.loads(checked.stdout)
    assert [each["state"] for each in found["configurations"]] == ["accepted", "accepted"]
    assert {each["reason"] for each in found["files"]} == {None}
