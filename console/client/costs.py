"""What retraining cost: by month and model, or run by run, as the command line and the page show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from console.target import System

Run = Mapping[str, Any]


@dataclass(slots=True)
class Line:
    """What a model's runs of a month cost [USD], and of how many of them that is not known."""

    month: str
    model_id: str
    runs: int = 0
    cost_usd: float = 0.0
    unknown: int = 0


def by_month_and_model(runs: Iterable[Run]) -> list[Line]:
    """Return what runs cost, the newest month first, then by model."""
    found: dict[tuple[str, str], Line] = {}
    for each in runs:
        line = found.setdefault(
            (month_of(each), each["model_id"]), Line(month_of(each), each["model_id"])
        )
        line.runs += 1
        line.cost_usd += each["cost_usd"] or 0.0
        line.unknown += each["cost_usd"] is None
    by_name = sorted(found.values(), key=lambda each: each.model_id)
    return sorted(by_name, key=lambda each: each.month, reverse=True)


def of_month(
    system: System, runs: Iterable[Run], month: str, models: Sequence[str]
) -> list[dict[str, Any]]:
    """Return what a month cost by model, models without a run too, beside each monthly budget."""
    spent = {each.model_id: each for each in by_month_and_model(runs) if each.month == month}
    lines = [spent.get(name, Line(month, name)) for name in sorted({*spent, *models})]
    return [
        {
            **{name: said for name, said in asdict(each).items() if name != "month"},
            "cost_usd": round(each.cost_usd, 4),
            "budget_usd": _budget(system, each.model_id),
        }
        for each in lines
    ]


def by_run(runs: Iterable[Run], month: str) -> list[dict[str, Any]]:
    """Return what each run of a month cost; None where that is not known."""
    shown = ("run_id", "model_id", "status", "started_at", "cost_usd")
    return [{name: each[name] for name in shown} for each in runs if month_of(each) == month]


def month_of(run: Run) -> str:
    """Return the month (UTC) in which a run began, like `2026-11`."""
    return str(run["started_at"][:7])


def _budget(system: System, model: str) -> float | None:
    known = system.ask("trainer_trigger", "models", model_id=model)["models"]
    policies = [each["config"]["policy"] for each in known]
    return policies[0]["monthly_budget_usd"] if policies else None
