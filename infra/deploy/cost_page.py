"""docs/cost.md, made from the price file, the usage file and the templates: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator

from infra.deploy import build
from infra.deploy.costs import MODES, Estimate, Load, estimate, tables
from infra.deploy.inventory import inventory
from shared.model_config import Mode, ModelConfig

PAGE = build.ROOT / "docs/cost.md"
FLEETS = ((1, 1), (1, 100), (100, 100))  # models, sites of each
_HEAD = """\
# What it costs

This page is made by `make docs` from [the prices](../infra/deploy/prices.yaml), [what the product
uses](../infra/deploy/usage.yaml)
and the templates. A test compares it.

* **It is an estimate.** The prices are list prices of us-east-1, noted from AWS's public price pages on
  the date below. No test can
  reach those pages: check them before you rely on a figure. Other Regions differ by up to a third.
* AWS gives each account some of this for free every month (10 alarms, 10 metrics, 3 dashboards, a
  million invocations and more).
  **Nothing of that is deducted**, so a small account pays several dollars less.
* Where a figure is measured, `usage.yaml` names the bench that prints it; what is assumed says so there.
  Nothing was measured on AWS.
* `python3 scripts/deploy.py --check` prints the estimate for what is configured. Tax, support and what
  other software in the account
  costs are not in it.

`none`, `serverless` and `realtime` are ways to serve a model: [how to choose](model.md#endpoint-mode).
"""
_SMALL = 0.005


def fleet(models: int, sites: int, mode: Mode) -> list[Load]:
    """Return some models alike, configured as a model is by default."""
    return [Load(ModelConfig(model_id=f"m{number}"), sites, mode) for number in range(models)]


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_totals(), *_parts(), *_counted(), *_prices()])


def _totals() -> Iterator[str]:
    yield "## What a month costs\n"
    yield "List price [USD a month], all in: everything that the stacks create, with a file of each site"
    yield "and a retrain of each model a day.\n"
    yield "| sites | models | " + " | ".join(f"`{mode}`" for mode in MODES) + " |"
    yield "|---" * (2 + len(MODES)) + "|"
    for models, sites in FLEETS:
        found = [f"{estimate(fleet(models, sites, mode)).usd:,.0f}" for mode in MODES]
        yield f"| {models * sites:,} | {models} | " + " | ".join(found) + " |"
    yield ""


def _parts() -> Iterator[str]:
    for models, sites in FLEETS:
        found = [estimate(fleet(models, sites, mode)) for mode in MODES]
        count = models * sites
        what = f"{count:,} {_plural(count, 'site')} in {models} {_plural(models, 'model')}"
        yield f"## The parts of it: {what}\n"
        yield "| part | " + " | ".join(f"`{mode}`" for mode in MODES) + " |"
        yield "|---" * (1 + len(MODES)) + "|"
        parts = [each.parts() for each in found]
        order = sorted(
            {name for each in parts for name in each}, key=lambda n: (-parts[0].get(n, 0), n)
        )
        for name in order:
            yield f"| {name} | " + " | ".join(_usd(each.get(name, 0.0)) for each in parts) + " |"
        yield "| **all** | " + " | ".join(_usd(each.usd) for each in found) + " |"
        yield ""
        yield from _largest(found[1])


def _largest(found: Estimate) -> Iterator[str]:
    yield "The largest lines with `serverless`:\n"
    for each in sorted(found.lines, key=lambda line: -line.usd)[:6]:
        yield f"* {_usd(each.usd)}: {each.part}, {each.what} ({each.quantity:,.6g} of {each.price})"
    yield ""


def _counted() -> Iterator[str]:
    built = inventory()
    yield "## What is counted in the templates\n"
    own = len(built.custom_metrics)
    yield f"* {built.alarm_metrics} metrics that alarms look at, {own} of them the product's own"
    yield f"* {built.dashboards} dashboard, {built.keys} customer-managed key, {built.secrets} secret"
    yield f"* {built.polled_queues} queues that feed a function"
    for name, times in sorted(built.wakes.items()):
        memory = built.functions[name].gigabytes
        yield f"* `{name}` is woken {times:,.4g} times a day by schedules, with {memory:g} GB"
    yield ""


def _prices() -> Iterator[str]:
    prices, _ = tables()
    yield f"## Prices of {prices['region']}, noted {prices['noted']}\n"
    yield "| what | USD | unit | AWS's name |"
    yield "|---|---|---|---|"
    for name, each in prices["prices"].items():
        yield (
            f"| {name} | {each['usd']:.10f}".rstrip("0").rstrip(".")
            + f" | {each['unit']} | {each['name']} |"
        )
    for name, usd in prices["instances"].items():
        yield f"| {name} | {usd:g} | hour | AmazonSageMaker Host:, Train: or Processing:{name} |"
    yield ""


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _usd(value: float) -> str:
    return f"{value:,.2f}" if value >= _SMALL else "0"


if __name__ == "__main__":
    PAGE.write_text(page())
