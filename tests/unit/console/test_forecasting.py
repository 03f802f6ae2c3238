"""`solar forecast` shows what comes, of a site or of several and their sum, and says what is late."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from console import forecast_charts, forecasts, output, trainer
from console.commands import comparing, forecasting
from console.errors import ConsoleError
from shared.active import ActiveSite
from shared.evaluation import Evaluation, ForecastScores, SiteScores
from shared.solar.zones import tzinfo_of
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.deployer.live.world import evaluation
from tests.unit.pipeline.datasets import site

__all__ = ["system"]  # the fixture

NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
FEED = {
    "provider": "ecmwf",
    "issued_at": NOON.isoformat(),
    "due_at": (NOON + timedelta(hours=9)).isoformat(),
    "until": (NOON + timedelta(hours=48)).isoformat(),
    "late": False,
}


def latest(site_id: str, power: float = 10.0, hours: int = 48) -> dict[str, Any]:
    """A forecast that says the same from noon on, and a band of a fifth to either side."""
    rows = [
        {
            "timestamp": (NOON + timedelta(minutes=15 * number)).isoformat().replace("+00:00", "Z"),
            "p10": 0.8 * power,
            "p50": power,
            "p90": 1.2 * power,
            "provider": "ecmwf",
            "issued_at": NOON.isoformat(),
            "version": 3,
        }
        for number in range(hours * 4)
    ]
    return {
        "model_id": "fleet",
        "site_id": site_id,
        "timezone": "Europe/Berlin",
        "step_minutes": 15,
        "ac_capacity_kw": 20.0,
        "rows": rows,
    }


class Bucket:
    """Holds what tests put there."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        self.objects = {
            f"forecasts/fleet/{name}/latest.json": body for name, body in objects.items()
        }

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "bucket"
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self.objects[Key]).encode())}


@pytest.fixture(autouse=True)
def known(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sites, roof and hall, of one model, whose errors are quite alike."""

    def active(name: str) -> ActiveSite:
        if name not in {"roof", "hall"}:
            raise ConsoleError(f"site {name} is not onboarded")
        return ActiveSite(
            **site(name, model_id="fleet").model_dump(),
            config_version="1",
        )

    monkeypatch.setattr(forecasting, "active_site", active)
    monkeypatch.setattr(forecasting, "utc_now", lambda: NOW)
    monkeypatch.setattr(trainer, "models", lambda _: ["fleet"])
    found = Evaluation.model_validate_json(evaluation("run3", NOON))
    scores = ForecastScores(
        floor_lead_hours=24,
        least_lead_hours=12,
        most_lead_hours=36,
        by_lead=(),
        dependence=0.5,
        day_dependence=1.0,
    )
    monkeypatch.setattr(
        comparing,
        "evaluation_of_version",
        lambda *_: found.model_copy(update={"forecast": scores}),
    )
    system.clients["s3"] = Bucket(roof=latest("roof"), hall=latest("hall", 20.0))
    system.answers["deployer", "forecasts"] = answer("roof", "hall")


def refused(*arguments: str) -> str:
    """Return why the verb does not do something."""
    error = solar("forecast", *arguments).exception
    assert isinstance(error, ConsoleError)
    return str(error)


def answer(*names: str, **feed: Any) -> dict[str, Any]:
    sites = [
        {
            "site_id": name,
            "key": f"forecasts/fleet/{name}/latest.json",
            "feeds": [FEED | feed],
        }
        for name in names
    ]
    return {"model_id": "fleet", "sites": sites}


def test_a_site_is_shown_hour_by_hour_in_its_own_time(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    shown = solar("forecast", "roof", "--hours", "6").stdout
    assert "roof: ecmwf, issued 2026-06-08 12:00 UTC" in shown
    assert "from (CEST)" in shown
    assert "Mon 08 Jun 14:00" in shown
    assert "Mon 08 Jun from 14:15 until 20:15: 60.0 kWh (P10 48.0, P90 72.0)" in shown


def test_times_may_be_in_another_zone(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    assert "Mon 08 Jun 12:00" in solar("forecast", "roof", "--tz", "utc").stdout
    assert "Mon 08 Jun 21:00" in solar("forecast", "roof", "--tz", "Asia/Tokyo").stdout
    assert "is no time zone" in refused("roof", "--tz", "Mars/Base")


def test_sites_of_a_model_stand_beside_their_sum_with_its_own_band() -> None:
    shown = solar("forecast", "fleet", "--hours", "6", "--json")
    found = json.loads(shown.stdout)
    assert [each["site_id"] for each in found["sites"]] == ["roof", "hall"]
    first = found["together"][0]
    assert first["p50"] == 30.0
    # Not 24, which the sum of P10 would be: half of the error is each site's own.
    own = np.sqrt(0.5 * (2.0**2 + 4.0**2) + 0.5 * 6.0**2)
    assert first["p10"] == pytest.approx(30 - own, abs=1e-3)
    assert "together" in solar("forecast", "fleet").stdout


def test_a_late_issue_is_said_first(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof", late=True)
    found = solar("forecast", "roof")
    assert "the next forecast of ecmwf is late: it was due by 2026-06-08 21:00 UTC" in found.stderr


def test_of_a_late_issue_it_is_said_how_far_the_one_before_reaches(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof", late=True)
    assert "the one of 2026-06-08 12:00 UTC goes on until 2026-06-10 12:00 UTC" in (
        solar("forecast", "roof").stderr
    )
    at = ("--at", "2026-06-10T12:00")
    assert "of 2026-06-08 12:00 UTC ended 2026-06-10 12:00" in solar("forecast", "roof", *at).stderr


def test_a_forecast_that_is_over_says_so(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    for options in ((), ("--json",)):
        found = solar("forecast", "roof", "--at", "2026-06-10T12:00", *options)
        assert "roof: the newest forecast ended 2026-06-10 12:00 UTC; this is" in found.stderr
    assert "ended" not in solar("forecast", "roof", "--at", "2026-06-10T11:59").stderr
    found = solar("forecast", "roof", "--at", "2026-06-08T11:00")
    assert "roof: the newest forecast begins 2026-06-08 12:00 UTC" in found.stderr


def test_a_site_whose_forecast_is_over_is_in_no_sum(system: FakeSystem) -> None:
    system.clients["s3"] = Bucket(roof=latest("roof"), hall=latest("hall", 20.0, hours=6))
    shown = solar("forecast", "fleet", "--at", "2026-06-08T20:00", "--json")
    assert "hall: the newest forecast ended 2026-06-08 18:00 UTC" in shown.stderr
    found = json.loads(shown.stdout)
    assert [each["site_id"] for each in found["sites"]] == ["roof"]
    assert found["together"] is None
    assert [each["site_id"] for each in found["left_out"]] == ["hall"]


def test_a_site_that_never_had_a_forecast_is_named_beside_the_sum(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = comparing.evaluation_of_version("fleet", 3)
    assert known is not None
    sites = (
        SiteScores(name=name, r2=0.9, nmae=0.1, nrmse=0.1, mbe=0.0, n=9)
        for name in ("roof", "shed")
    )
    scores = known.challenger.model_copy(update={"by_site": tuple(sites)})
    evaluation = known.model_copy(update={"challenger": scores})
    monkeypatch.setattr(comparing, "evaluation_of_version", lambda *_: evaluation)
    said = " ".join(solar("forecast", "fleet").stderr.split())
    assert "solar: shed: no forecast came yet solar: the sum is without these sites" in said
    system.answers["deployer", "forecasts"] = answer("roof")
    assert "shed" not in solar("forecast", "roof").stderr


def test_fewer_hours_than_were_asked_for_are_said() -> None:
    assert "hours are foreseen" not in solar("forecast", "fleet", "--hours", "47.75").stdout
    shown = solar("forecast", "roof").stdout
    assert "47.75 of 48 hours are foreseen" in shown


def test_the_sum_ends_with_the_first_site_that_ends(system: FakeSystem) -> None:
    system.clients["s3"] = Bucket(roof=latest("roof"), hall=latest("hall", 20.0, hours=6))
    shown = solar("forecast", "fleet", "--hours", "24").stdout
    assert "5.75 of 24 hours are foreseen; that of hall ends first, Mon 08 Jun 20:00" in shown


def test_forecasts_without_a_time_in_common_have_no_sum(system: FakeSystem) -> None:
    later = latest("hall")
    later["rows"] = later["rows"][100:]
    system.clients["s3"] = Bucket(roof=latest("roof", hours=6), hall=later)
    assert "no time in common; ask for one site after the other" in refused("fleet")


def test_hours_that_are_missing_within_a_day_are_said(system: FakeSystem) -> None:
    gap = latest("roof")
    del gap["rows"][60:70]
    system.clients["s3"] = Bucket(roof=gap)
    system.answers["deployer", "forecasts"] = answer("roof")
    shown = solar("forecast", "roof").stdout
    assert "Tue 09 Jun without 2.5 h: 215.0 kWh" in shown
    assert "45.25 of 48 hours are foreseen; the forecast ends Wed 10 Jun 14:00" in shown


def test_rows_may_be_all_that_is_written() -> None:
    shown = solar("forecast", "fleet", "--hours", "1", "--csv", "-").stdout
    lines = list(csv.DictReader(io.StringIO(shown)))
    assert len(lines) == 3 * 4
    assert {line["site_id"] for line in lines} == {"roof", "hall", "together"}


def test_rows_go_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert solar("forecast", "fleet", "--hours", "1", "--csv", str(path)).exit_code == 0
    lines = list(csv.DictReader(io.StringIO(path.read_text())))
    assert {line["site_id"] for line in lines} == {"roof", "hall", "together"}
    assert lines[0]["timestamp"] == "2026-06-08T12:15:00Z"
    assert lines[0]["local"] == "2026-06-08T14:15:00+02:00"


@pytest.mark.parametrize("name", ["out.png", "out.svg", "out.html"])
def test_it_is_drawn_into_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shown = solar("forecast", "fleet", "--chart-file", str(path)).stdout
    assert "written: " in shown
    assert name in shown
    assert path.stat().st_size > 5000


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    said = refused("fleet", "--chart-file", str(tmp_path / "out.doc"))
    assert "must end with .png, .svg, .html" in said


def test_a_name_that_is_neither_site_nor_model_is_said_to_be_none() -> None:
    assert "there is no site and no model barn" in refused("barn")


def test_without_a_forecast_it_says_what_it_takes(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer()
    assert "kind: forecast" in refused("roof")


def test_a_forecast_that_was_deleted_is_said_and_the_others_are_shown(system: FakeSystem) -> None:
    system.clients["s3"] = Bucket(roof=latest("roof"))
    found = solar("forecast", "fleet")
    assert "forecasts/fleet/hall/latest.json was deleted" in found.stderr
    assert found.exit_code == 0


def test_of_a_forecast_of_another_time_the_beginning_is_shown() -> None:
    old = latest("roof")
    rows = forecasts.rows_within(old, 6, NOON + timedelta(days=900))
    assert rows[0] == old["rows"][0]
    assert len(rows) == 24


def test_where_one_issue_ends_the_next_hours_are_said_to_be_of_another(system: FakeSystem) -> None:
    mixed = latest("roof")
    for row in mixed["rows"][:8]:
        row.update(provider="icon", issued_at=(NOON - timedelta(hours=6)).isoformat())
    system.clients["s3"] = Bucket(roof=mixed)
    system.answers["deployer", "forecasts"] = answer("roof")
    shown = " ".join(solar("forecast", "roof", "--hours", "6").stdout.split())
    assert (
        "roof: icon, issued 2026-06-08 06:00 UTC; then ecmwf, issued 2026-06-08 12:00 UTC" in shown
    )


def test_a_day_of_which_only_hours_are_shown_says_which(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    shown = solar("forecast", "roof", "--hours", "36").stdout
    assert "Mon 08 Jun from 14:15: " in shown
    assert "Tue 09 Jun: " in shown
    assert "Wed 10 Jun until 02:15: " in shown


def test_it_can_be_asked_as_of_another_time(system: FakeSystem) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    shown = solar("forecast", "roof", "--hours", "1", "--at", "2026-06-09T00:00").stdout
    assert "Tue 09 Jun 02:00" in shown


def a_series(hours: int = 30, zone: str = "Europe/Berlin") -> forecasts.Series:
    return forecasts.series(latest("roof", hours=hours)["rows"], 15, tzinfo_of(zone))


def test_energy_is_that_of_local_days() -> None:
    found = forecasts.energy_by_day(a_series(), 1.0)
    assert {day: round(each.p50) for day, each in found.items()} == {
        date(2026, 6, 8): 100,
        date(2026, 6, 9): 200,
    }


def test_hours_that_err_for_themselves_make_a_narrower_band_of_a_day() -> None:
    alike, alone = (forecasts.energy_by_day(a_series(), each) for each in (1.0, 0.0))
    day = date(2026, 6, 9)
    assert alike[day].p90 - alike[day].p10 > 3 * (alone[day].p90 - alone[day].p10)


def test_a_chart_in_the_terminal_fits_and_shows_the_band() -> None:
    found = forecasts.hourly(a_series())
    lines = forecast_charts.in_terminal(found, 60)
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].strip().startswith("12")
    *drawn, hours, legend = lines
    assert sum("█" in line for line in drawn) == 1
    shades = "".join(line.split()[-1][0] for line in drawn)  # of the first hour, from above
    assert shades == "░█░▓▓▓▓▓▓▓"
    assert "18" in hours
    assert "00" in hours
    assert "P10 to P90" in legend
    narrow = forecast_charts.in_terminal(found, 20)
    assert all(len(line) <= 20 for line in narrow)
    assert forecast_charts.fitting(found, 20) == 15
    assert forecast_charts.fitting(found, 60) == 30


def test_hours_that_do_not_fit_into_the_chart_are_said(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.answers["deployer", "forecasts"] = answer("roof")
    assert "fit here" not in solar("forecast", "roof", "--chart").stdout
    monkeypatch.setattr(output, "people", Console(width=40))
    shown = solar("forecast", "roof", "--chart").stdout
    assert "of 48 hours the first 35 fit here; --chart-file draws all of them" in shown


def test_a_picture_names_all_issues_and_the_zone(tmp_path: Path) -> None:
    title = "a-site: first, issued 2026-06-08 12:00 UTC; then another, issued 2026-06-08 06:00 UTC; 1 more"
    drawn = {}
    for form in ("svg", "html"):
        path = tmp_path / f"chart.{form}"
        forecast_charts.to_file(a_series(), title, path)
        drawn[form] = path.read_text()
    assert "<h1>a-site: first" in drawn["html"]
    assert "time (CEST)" in drawn["html"]
    lines = re.findall("<!-- (.*) -->", drawn["svg"])
    assert "then another, issued 2026-06-08 06:00 UTC;" in lines


def test_sites_need_not_have_the_same_times() -> None:
    short, long = a_series(hours=3), a_series(hours=30)
    assert len(forecasts.added([short, long], 0.5).starts) == 12
