"""The report of a run as people read it: under its version's number, with how that version does since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.client import history, objects
from console.target import System
from shared import layout
from shared import report as report_page

ALL_DAYS = 400  # the most that a scorecard looks back


def of_run(system: System, run_id: str, model: str | None = None) -> str:
    """Return a run's report, with how its version does since, where anything of it was scored.

    Raises
    ------
    ConsoleError
        There is no such run, or it left no report.
    """
    page = objects.of_run(system, layout.report(run_id)).decode()
    run = history.run(system, run_id, model)
    version = run["model_package_version"]
    said = _since(system, run["model_id"], version) if version is not None else None
    return report_page.with_live(page, said) if said else page


def _since(system: System, model_id: str, version: int) -> str | None:
    """Return how a version does since it serves, in a sentence; None where nothing was scored yet."""
    asked: dict[str, Any] = {"model_id": model_id, "version": version, "days": ALL_DAYS}
    total = system.ask("deployer", "scorecard", **asked)["total"]
    scored = [each for each in total if each["days"].get("scored") and each["r2"] is not None]
    if not scored:
        return None
    line = max(scored, key=lambda each: int(each["days"]["scored"]))
    days = int(line["days"]["scored"])
    return (
        f"Since it serves: R² {line['r2']:.3f}, nMAE {line['nmae']:.1%} of capacity over "
        f"{days} site-day{'' if days == 1 else 's'}, as of {datetime.now(UTC):%Y-%m-%d}"
    )
