"""The demo empties only folders of its own, and gives away its files to try by hand."""

from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from console.app import app
from console.demo import play
from console.demo.telling import Teller, WaitedInVainError
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

    monkeypatch.setattr(play, "_story", in_vain)
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
