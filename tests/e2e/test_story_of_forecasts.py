"""Tomorrow's power, after the story of measurements and on the same system: issues become a product."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console import registry
from console.commands.runs import all_runs
from console.commands.system import is_idle
from console.demo import tomorrow
from console.demo.made_up import SHARP, VAGUE
from console.demo.plant import Plant
from console.demo.years import MovedPlant, Span, days
from console.state import state
from shared import layout, names
from tests.e2e.test_story import eventually, put, solar
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e
MODEL, SITE = tomorrow.MODEL, tomorrow.SITE
NOW = datetime(2026, 6, 15, 13, tzinfo=UTC)  # any day on which yesterday's power is a poor forecast
HISTORY_DAYS, LIVE_DAYS = 100, 3


@pytest.fixture(scope="module")
def plant() -> MovedPlant:
    return MovedPlant(Plant(), NOW)


def upload(plant: MovedPlant, span: Span, name: str) -> None:
    """Upload what two providers issued on some days, and the power of these days."""
    for each in (SHARP, VAGUE):
        file = plant.issues(each.name, span, name)
        put(f"{layout.RAW}{SITE}/{file.name}", file.body)
    power = plant.power(span, name)
    put(f"{layout.RAW}{SITE}/{power.name}", power.body)


@pytest.fixture(scope="module")
def deployed(system: LocalPlatform, plant: MovedPlant) -> dict[str, Any]:
    """A history of two providers and of power; the version that it trained serves."""
    model = (tomorrow.CONFIG / tomorrow.MODEL_YAML).read_text()
    put(
        layout.model_config(MODEL),
        model.replace("quiet_period: 10 s", "quiet_period: 2 s").encode(),
    )
    put(layout.site_config(SITE), tomorrow.site_yaml(SITE).encode())
    first, end = (plant.last_issue - each * tomorrow.DAY for each in (HISTORY_DAYS, LIVE_DAYS))
    upload(plant, Span(first, end), "history")

    def ended() -> dict[str, Any] | None:
        return next(
            (
                each
                for each in all_runs()
                if each["model_id"] == MODEL and each["status"] != "running"
            ),
            None,
        )

    run = eventually(ended)
    assert run["status"] == "registered", solar("report", run["run_id"])["reasons"]
    eventually(lambda: registry.served_versions(state.system).get(MODEL) == 1)
    return run


@pytest.fixture(scope="module")
def followed(deployed: dict[str, Any], plant: MovedPlant) -> dict[str, Any]:
    """Some days that each bring an issue of each provider, and then power."""
    last = plant.last_issue
    for day in days(Span(last - LIVE_DAYS * tomorrow.DAY, last + tomorrow.DAY)):
        upload(plant, Span(day, day + tomorrow.DAY), str(day))
    eventually(lambda: (is_idle("data_watcher") and is_idle(names.LIVE)) or None)
    return deployed


def test_a_model_of_forecasts_is_judged_by_lead_and_by_provider(deployed: dict[str, Any]) -> None:
    found = solar("report", deployed["run_id"])["forecast"]
    assert {each["name"] for each in found["by_lead"]} == {"0-6h", "6-24h", "24-48h"}
    sharp, vague = (
        next(each["nmae"] for each in found["by_provider"] if each["name"] == provider.name)
        for provider in (SHARP, VAGUE)
    )
    assert sharp < vague


def test_the_newest_issue_is_the_forecast_of_the_site(
    followed: dict[str, Any], plant: MovedPlant, tmp_path: Path
) -> None:
    def issued_today() -> dict[str, Any] | None:
        found = solar("forecast", SITE)
        (site,) = found["sites"]
        newest = {feed["issued_at"][:10] for feed in site["feeds"]}
        return site if newest == {str(plant.last_issue)} and len(site["feeds"]) == 2 else None

    site = eventually(issued_today)
    assert {row["provider"] for row in site["rows"]} == {SHARP.name}
    assert any(row["p90"] > row["p50"] > 0 for row in site["rows"])
    assert all(row["p10"] <= row["p50"] <= row["p90"] for row in site["rows"])
    assert not any(feed["late"] for feed in site["feeds"])
    solar("forecast", SITE, "--chart-file", str(tmp_path / "chart.html"))
    assert "<svg" in (tmp_path / "chart.html").read_text()


def test_what_was_forecast_is_scored_by_lead_and_provider(followed: dict[str, Any]) -> None:
    def scored(by: str) -> set[str]:
        lines = solar("scorecard", MODEL, "--by", by)["lines"]
        return {line["name"] for line in lines if line["days"].get("scored")}

    assert eventually(lambda: scored("provider") == {SHARP.name, VAGUE.name})
    assert eventually(lambda: scored("lead") == {"0-6h", "6-24h", "24-48h"})


def test_the_measured_model_beside_it_learns_nothing_from_forecasts(
    followed: dict[str, Any],
) -> None:
    assert [each["run_id"] for each in all_runs() if each["model_id"] == MODEL] == [
        followed["run_id"]
    ]
