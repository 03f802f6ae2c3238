"""The story of a day or a week, and what it cost, as people read them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.client.costs import by_month_and_model
from tests.unit.console.systems import FakeSystem, solar, system
from tests.unit.console.test_models import run

__all__ = ["system"]  # the fixture


@dataclass
class FakeFunctions:
    """The function that reviews."""

    orders: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert FunctionName == "solar-notifier-review"
        self.orders.append(json.loads(Payload))
        said = {"review": {"span": "day"}, "text": "Monday: nothing waits for you [really]"}
        return {"Payload": io.BytesIO(json.dumps(said).encode())}


@pytest.fixture
def functions(system: FakeSystem) -> FakeFunctions:
    made = FakeFunctions()
    system.clients["lambda"] = made
    return made


def test_the_story_of_yesterday_is_told_and_nobody_gets_a_mail_for_it(
    functions: FakeFunctions,
) -> None:
    assert solar("story").stdout == "Monday: nothing waits for you [really]\n"
    assert functions.orders == [{"span": "day", "last": None, "tell": False}]


def test_a_week_and_another_day_can_be_asked_for(functions: FakeFunctions) -> None:
    solar("story", "--week", "--until", "2026-11-22", "--send")
    assert functions.orders == [{"span": "week", "last": "2026-11-22", "tell": True}]
    assert json.loads(solar("story", "--json").stdout) == {"span": "day"}


def test_a_day_and_a_week_at_once_are_a_slip(functions: FakeFunctions) -> None:
    result = solar("story", "--day", "--week")
    assert result.exit_code == 1
    assert "not both" in str(result.exception)
    assert functions.orders == []


class CostExplorer:
    def get_cost_and_usage(self, **_: Any) -> dict[str, Any]:
        metrics = {"UnblendedCost": {"Amount": "12.5", "Unit": "USD"}}
        return {"ResultsByTime": [{"Groups": [{"Keys": ["AmazonCloudWatch"], "Metrics": metrics}]}]}


@pytest.fixture
def costly(system: FakeSystem) -> FakeSystem:
    first = run("first-1", version=1) | {"started_at": "2026-11-02T00:00:00+00:00", "cost_usd": 0.5}
    second = run("second-1", version=2) | {
        "started_at": "2026-11-03T00:00:00+00:00",
        "cost_usd": None,
    }
    before = run("old-1", version=0) | {"started_at": "2026-10-31T23:59:59+00:00", "cost_usd": 9.0}
    system.answers["trainer_trigger", "runs"] = {"runs": [first, second, before]}
    config = {"policy": {"monthly_budget_usd": 5.0}}
    known = {"model_id": "golden", "config": config}
    system.answers["trainer_trigger", "models"] = {"models": [known]}
    system.clients["ce"] = CostExplorer()
    return system


@pytest.mark.usefixtures("costly")
def test_a_months_cost_stands_beside_the_budget() -> None:
    said = json.loads(solar("costs", "--month", "2026-11", "--json").stdout)
    assert said == {
        "month": "2026-11",
        "by": "model",
        "lines": [
            {"model_id": "golden", "runs": 2, "cost_usd": 0.5, "unknown": 1, "budget_usd": 5.0}
        ],
        "total_usd": 0.5,
        "billed": {"usd": 12.5, "by_service": {"AmazonCloudWatch": 12.5}, "why": ""},
    }
    shown = solar("costs", "--month", "2026-11").stdout
    assert "of 1 run the cost is not known" in shown
    assert "system's tags: 12.50 USD (AmazonCloudWatch 12.50)" in " ".join(shown.split())
    assert "Endpoints, functions and storage are not in it" in " ".join(shown.split())


@pytest.mark.usefixtures("costly")
def test_each_run_is_a_line_where_that_is_asked() -> None:
    said = json.loads(solar("costs", "--month", "2026-11", "--by", "run", "--json").stdout)
    assert [(each["run_id"], each["cost_usd"]) for each in said["lines"]] == [
        ("first-1", 0.5),
        ("second-1", None),
    ]
    assert said["total_usd"] == 0.5
    assert "not known" in solar("costs", "--month", "2026-11", "--by", "run").stdout


def test_costs_of_a_model_that_does_not_exist_are_refused(costly: FakeSystem) -> None:
    costly.answers["trainer_trigger", "runs"] = {"runs": []}
    found = solar("costs", "--month", "2026-11", "--model", "nowhere")
    assert "no model 'nowhere'; known: " in str(found.exception)


def test_runs_are_added_up_once_for_the_page_and_the_command_line(costly: FakeSystem) -> None:
    runs = costly.ask("trainer_trigger", "runs")["runs"]
    assert [
        (each.month, each.runs, each.cost_usd, each.unknown) for each in by_month_and_model(runs)
    ] == [
        ("2026-11", 2, 0.5, 1),
        ("2026-10", 1, 9.0, 0),
    ]


@pytest.mark.usefixtures("costly")
@pytest.mark.parametrize("month", ["2026-13", "November", "2026-1"])
def test_what_is_no_month_is_refused(month: str) -> None:
    assert "is no month; write 2026-11" in str(solar("costs", "--month", month).exception)
