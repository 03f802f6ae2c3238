"""The story of a day or a week, and what it cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from console import output, times, trainer
from console.client import bill
from console.client import costs as client_costs
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, all_runs
from console.errors import ConsoleError
from console.state import state
from shared import names

_NOT_IN_IT = (
    "This is what training and evaluation cost, at list price. Endpoints, functions and storage are not in "
    "it; docs/cost.md estimates them."
)
_SERVICES_SHOWN = 4


def story(
    *,
    day: Annotated[bool, typer.Option("--day", help="Of a day; this is the default.")] = False,
    week: Annotated[bool, typer.Option("--week", help="Of a week, with trends.")] = False,
    until: Annotated[
        datetime | None,
        typer.Option(parser=times.moment, metavar="DAY", help="Last day (UTC); else yesterday."),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Let people have it as well, once however often.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Tell what a day or a week brought, and what waits for a person.

    Energy and error of each model, the worst sites, what was decided and why, data, costs: as the daily
    mail and the weekly page have it. What waits is as it is now, whatever the day.

    Examples: solar story
              solar story --week
              solar story --day --until 2026-11-20
    """
    if day and week:
        raise ConsoleError("say --day or --week, not both")
    if send:
        state.require_choice()
    order = {
        "span": "week" if week else "day",
        "last": until.date().isoformat() if until else None,
        "tell": send,
    }
    answer = state.system.call(names.review_function(), order)
    if json:
        output.as_json(answer["review"])
    else:
        output.say_plainly(answer["text"])


def costs(
    model: ModelOption = None,
    month: Annotated[
        str | None, typer.Option(help="A month (UTC) like 2026-11; else this one.", metavar="MONTH")
    ] = None,
    by: Annotated[Literal["model", "run"], typer.Option(help="What a line is.")] = "model",
    *,
    json: JsonOption = False,
) -> None:
    """Show what the retrains of a month cost, by model or run, against the budgets.

    Beside it stands what AWS bills for all that carries the system's tags, where you may ask Cost Explorer
    (ce:GetCostAndUsage; each question costs 0.01 USD).

    Examples: solar costs
              solar costs --month 2026-10 --by run
    """
    chosen = month or f"{datetime.now(UTC):%Y-%m}"
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", chosen):
        raise ConsoleError(f"{chosen!r} is no month; write 2026-11")
    of_model = all_runs(model)
    if model and not of_model:
        trainer.require_model(state.system, model)
    runs = [each for each in of_model if client_costs.month_of(each) == chosen]
    lines = (
        client_costs.by_run(runs, chosen)
        if by == "run"
        else client_costs.of_month(
            state.system, runs, chosen, [model] if model else trainer.models(state.system)
        )
    )
    total = round(sum(each["cost_usd"] or 0.0 for each in lines), 4)
    billed = bill.of(state.system, chosen, datetime.now(UTC).date())
    if json:
        said = {"usd": billed.usd, "by_service": billed.by_service, "why": billed.why}
        answer = {"month": chosen, "by": by, "lines": lines, "total_usd": total, "billed": said}
        output.as_json(answer)
        return
    _show(lines, by, chosen)
    output.say(f"{chosen}: {total:.4f} USD for {output.counted(len(runs), 'run')}")
    unknown = sum(each["cost_usd"] is None for each in runs)
    if unknown:
        output.say(f"of {output.counted(unknown, 'run')} the cost is not known")
    output.say(f"[dim]{_NOT_IN_IT}[/dim]")
    _show_bill(billed)


def _show_bill(billed: bill.Bill) -> None:
    """Say what AWS bills for all of it, the largest services first; or why nobody can tell."""
    if billed.usd is None:
        output.say(f"[dim]The bill is not compared: {billed.why}[/dim]")
        return
    largest = sorted(billed.by_service.items(), key=lambda each: -each[1])[:_SERVICES_SHOWN]
    parts = ", ".join(f"{name} {usd:.2f}" for name, usd in largest)
    output.say(f"Cost Explorer, all that carries the system's tags: {billed.usd:.2f} USD ({parts})")


def _show(lines: list[dict[str, Any]], by: str, month: str) -> None:
    if by == "run":
        rows: list[tuple[Any, ...]] = [
            (
                output.short_run(each["run_id"]),
                each["model_id"],
                each["status"],
                output.when(each["started_at"]),
                "not known" if each["cost_usd"] is None else f"{each['cost_usd']:.4f}",
            )
            for each in lines
        ]
        columns = ["run", "model", "status", "started", "USD"]
    else:
        rows = [
            (
                each["model_id"],
                each["runs"],
                f"{each['cost_usd']:.4f}",
                "none" if each["budget_usd"] is None else f"{each['budget_usd']:.2f}",
            )
            for each in lines
        ]
        columns = ["model", "runs", "USD", "budget"]
    output.table(f"Costs of {month}", columns, rows, f"no run in {month}")
