"""What a month costs by list price: an estimate for what is configured, part by part.

A pure function of three things: what the templates create (`inventory`), what the product uses (`usage.yaml`,
measured by the benches where it says so), and list prices (`prices.yaml`). AWS's monthly allowances are not
deducted, so a small account pays less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from infra.deploy.inventory import Function, Inventory, inventory
from services.deployer.domain import alarms
from shared.model_config import Mode, ModelConfig

MODES: tuple[Mode, ...] = ("none", "serverless", "realtime")
PRICES = Path(__file__).with_name("prices.yaml")
USAGE = Path(__file__).with_name("usage.yaml")
DAYS = 365 / 12
_GIGA = 1e9
_LONE = 10  # sites, below which files do not come together


@dataclass(frozen=True, slots=True)
class Load:
    """A model, how many sites it has, and how it is served."""

    config: ModelConfig
    sites: int
    mode: Mode


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an estimate: how much of what, at which price. [USD a month]"""

    part: str
    what: str
    quantity: float
    price: str
    usd: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a month costs by list price."""

    lines: tuple[Line, ...]
    noted: str
    unpriced: tuple[str, ...] = ()

    @property
    def usd(self) -> float:
        """All of it. [USD a month]"""
        return sum(each.usd for each in self.lines)

    def parts(self) -> dict[str, float]:
        """Return what each part costs, the largest first. [USD a month]"""
        found: dict[str, float] = defaultdict(float)
        for each in self.lines:
            found[each.part] += each.usd
        return dict(sorted(found.items(), key=lambda part: -part[1]))

    def text(self) -> list[str]:
        """Return the estimate in lines for a person."""
        said = [f"Estimated bill by list price: {self.usd:,.0f} USD a month"]
        said += [f"  {usd:8,.2f}  {part}" for part, usd in self.parts().items()]
        said += [f"  no price is known of {name}; it is left out" for name in self.unpriced]
        note = f"  prices of us-east-1, noted {self.noted}, without AWS's free allowances (docs/cost.md)"
        return [*said, note]


def estimate(loads: Sequence[Load], built: Inventory | None = None) -> Estimate:
    """Estimate the bill of a month for some models.

    Parameters
    ----------
    built
        What the templates create; counted in the repository's own where it is not given.
    """
    prices, usage = tables()
    counted = _Counting(built or inventory(), loads, usage)
    lines, unpriced = [], []
    for part, what, quantity, price in counted.everything():
        usd = _price(price, prices)
        if usd is None:
            unpriced.append(price)
        elif quantity:
            lines.append(Line(part, what, quantity, price, quantity * usd))
    return Estimate(tuple(lines), str(prices["noted"]), tuple(sorted(set(unpriced))))


@cache
def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return prices and usage as the files say them."""
    return yaml.safe_load(PRICES.read_text()), yaml.safe_load(USAGE.read_text())


def _price(name: str, prices: Mapping[str, Any]) -> float | None:
    """Return the price of a thing, or of an hour of an instance type; None where it is not known."""
    if name.startswith("spot "):
        usd = prices["instances"].get(name.removeprefix("spot "))
        return None if usd is None else usd * prices["spot_share"]
    if name in prices["prices"]:
        return float(prices["prices"][name]["usd"])
    found = prices["instances"].get(name)
    return None if found is None else float(found)


Counted = Iterator[tuple[str, str, float, str]]  # part, what, quantity in a month, price


@dataclass(frozen=True, slots=True)
class _Counting:
    """Counts what a month uses."""

    built: Inventory
    loads: Sequence[Load]
    usage: Mapping[str, Any]

    def everything(self) -> Counted:
        yield from self._watching()
        yield from self._standing()
        yield from self._waking()
        for load in self.loads:
            yield from self._looking()
            yield from self._files(load)
            yield from self._training(load)
            yield from self._serving(load)

    def _watching(self) -> Counted:
        metrics, models = self.usage["metrics"], len(self.loads)
        daily = len(self.built.daily_metrics)
        own = len(self.built.custom_metrics) - daily + daily * metrics["daily"] / metrics["hourly"]
        yield "alarms", "alarms of the services", self.built.alarm_metrics, "alarm"
        yield "dashboard", "dashboard", self.built.dashboards, "dashboard"
        yield (
            "metrics",
            "metrics that alarms look at",
            own * metrics["hourly"] / 24,
            "custom_metric",
        )
        per_model = models * metrics["per_model"] * metrics["daily"] / 24
        yield "metrics", "metrics of models", per_model, "custom_metric"
        yield "metrics", "metrics sent", models * metrics["per_model"] * DAYS, "metric_call"

    def _standing(self) -> Counted:
        image = self.usage["image"]
        yield "key and secret", "customer-managed key", self.built.keys, "key"
        yield "key and secret", "secrets", self.built.secrets, "secret"
        yield "image", "versions kept", image["gigabytes"] * image["versions"], "image_gb"
        yield "image", "a build a month", image["build_minutes"], "build_minute"
        yield "mails", "e-mails", self.usage["emails_per_day"] * DAYS, "email"

    def _waking(self) -> Counted:
        """Yield what schedules and empty queues cost, whatever is configured."""
        per, times = self.usage["invocation"], sum(self.built.wakes.values()) * DAYS
        polls = self.built.polled_queues * per["polls_per_second"] * 86_400 * DAYS
        yield "queues", "asking queues that are empty", polls, "queue_call"
        yield (
            "queues",
            "messages of schedules",
            times * self.usage["queue_calls_per_message"],
            "queue_call",
        )
        yield "functions", "schedules", times, "schedule"
        yield "functions", "traces", times, "trace"
        yield "functions", "sweeps", times, "lambda_call"
        yield "logs", "of sweeps", times * per["log_bytes"] / _GIGA, "log_gb"
        for name, count in self.built.wakes.items():
            yield from self._computing(name, count * DAYS * per["seconds"], "sweeps")

    def _computing(self, function: str, seconds: float, why: str) -> Counted:
        """Yield what some seconds of a function cost; it is named by how its name ends."""
        found = next(each for name, each in self.built.functions.items() if name.endswith(function))
        price = "lambda_gb_second_arm" if found.is_arm else "lambda_gb_second"
        yield "functions", why, seconds * found.gigabytes, price

    def _function(self, ends: str) -> Function:
        return next(each for name, each in self.built.functions.items() if name.endswith(ends))

    def _looking(self) -> Counted:
        """Yield what a model costs that nothing happens to: each sweep looks at it."""
        look, per = self.usage["model_look"], self.usage["invocation"]
        deployer, follower = self._looks("deployer-endpoints"), self._looks("deployer-predictions")
        trainer = self._looks("trainer-trigger")
        messages = deployer + follower
        reads = (
            deployer * look["deployer_table_reads"]
            + follower * look["follower_table_reads"]
            + trainer * look["trainer_table_reads"]
        )
        yield "tables", "looks at models", reads, "table_read"
        yield "buckets", "looks at models", trainer * look["trainer_s3_lists"], "s3_put"
        yield "buckets", "looks at models", trainer * look["trainer_s3_gets"], "s3_get"
        calls = messages * self.usage["queue_calls_per_message"]
        yield "queues", "looks at models", calls, "queue_call"
        for price in ("lambda_call", "trace"):
            yield "functions", "looks at models", messages, price
        yield "logs", "looks at models", messages * per["log_bytes"] / _GIGA, "log_gb"
        for function, seconds in (
            ("deployer-endpoints", deployer * look["deployer_seconds"]),
            ("deployer-predictions", follower * look["follower_seconds"]),
            ("trainer-trigger", trainer * look["trainer_seconds"]),
        ):
            yield from self._computing(function, seconds, "looks at models")

    def _looks(self, function: str) -> float:
        found = (times for name, times in self.built.wakes.items() if name.endswith(function))
        return sum(found) * DAYS

    def _files(self, load: Load) -> Counted:
        """Yield what a file of each site and day costs: taken in, predicted, scored, looked at."""
        each = self._each(load)
        count, kept = load.sites * DAYS, self.usage["storage"]
        yield "buckets", "files", count * each["s3_put"], "s3_put"
        yield "buckets", "files", count * each["s3_list"], "s3_put"
        yield "buckets", "files", count * each["s3_get"], "s3_get"
        yield "tables", "files", count * each["table_reads"], "table_read"
        yield "tables", "files", count * each["table_writes"], "table_write"
        yield "queues", "files", count * each["messages"], "topic_call"
        calls = count * each["messages"] * self.usage["queue_calls_per_message"]
        yield "queues", "files", calls, "queue_call"
        yield "trail", "uploads", count, "data_event"
        lines = self.usage["invocation"]
        written = count * lines["lines_of_a_file"] * lines["bytes_of_a_line"]
        yield "logs", "files", written / _GIGA, "log_gb"
        seconds = count * each["function_seconds"]
        yield from self._computing("deployer-predictions", seconds, "files")
        bytes_per_row = kept["raw_bytes_per_row"] + kept["kept_bytes_per_row"]
        rows = load.sites * each["rows"] * 365 * kept["years"]
        yield "buckets", "data that are kept", rows * bytes_per_row / _GIGA, "s3_gb"

    def _training(self, load: Load) -> Counted:
        run, config, count = self.usage["run"], load.config, self.usage["runs_per_day"] * DAYS
        beside = run["minutes_beside"] * 60
        prepare = config.preprocess_instances * beside + _at(run["preprocess_seconds"], load.sites)
        hours = (prepare + beside + _at(run["evaluate_seconds"], load.sites)) * count / 3600
        fit = (beside + _at(run["train_seconds"], load.sites)) * count / 3600
        yield "training", "Preprocess and Evaluate, on demand", hours, config.instance_type
        yield "training", "Train, on spot", fit, f"spot {config.instance_type}"
        yield "training", "steps of the sequence", run["transitions"] * count, "transition"
        yield "buckets", "artifacts of runs", run["megabytes"] * count / 1000, "s3_gb"

    def _serving(self, load: Load) -> Counted:
        """Yield what answering costs: one call for the files that come together."""
        each, per_call = self._each(load), self.usage["call"]
        calls = -(-load.sites // per_call["sites"]) * DAYS
        sites = load.sites * DAYS
        seconds = calls * per_call["seconds_beside"] + sites * per_call["seconds_per_site"]
        gigabytes = sites * each["rows"] * per_call["bytes_per_row"] / _GIGA
        memory = self._function("deployer-model").gigabytes
        yield from _SERVING[load.mode](load, _Use(calls, seconds, gigabytes, memory))
        yield "serving", "alarms of endpoints", len(alarms.of(load.mode)), "alarm"

    def _each(self, load: Load) -> Mapping[str, Any]:
        return self.usage["lone_site_day" if load.sites < _LONE else "site_day"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Use:
    """How much a model answers in a month: calls, their time [s], what goes in and out [GB].

    `function_gigabytes` is the memory of the function that answers without an endpoint.
    """

    calls: float
    seconds: float
    gigabytes: float
    function_gigabytes: float


def _realtime(load: Load, use: _Use) -> Counted:
    prices, usage = tables()
    endpoint = load.config.endpoint
    night = usage["night_hours"] / 24 if endpoint.night_instance_count else 0.0
    by_night = endpoint.night_instance_count or endpoint.instance_count
    running = endpoint.instance_count * (1 - night) + by_night * night
    yield (
        "serving",
        "instances of endpoints",
        running * prices["hours_per_month"],
        endpoint.instance_type,
    )
    yield "serving", "alarms of scaling", _OF_TARGET_TRACKING, "alarm"
    kept = use.gigabytes * usage["storage"]["capture_days"] / DAYS
    yield "serving", "captured requests", kept * endpoint.capture_percent / 100, "s3_gb"


def _serverless(load: Load, use: _Use) -> Counted:
    gigabytes = load.config.endpoint.memory_mb / 1024
    yield "serving", "requests", use.seconds * gigabytes, "serverless_gb_second"
    yield "serving", "data in and out", use.gigabytes, "serverless_gb"


def _none(_: Load, use: _Use) -> Counted:
    yield "serving", "requests", use.calls, "lambda_call"
    yield "serving", "requests", use.seconds * use.function_gigabytes, "lambda_gb_second"


_OF_TARGET_TRACKING = 2  # that AWS makes for a scaling policy
_SERVING = {"realtime": _realtime, "serverless": _serverless, "none": _none}


def _at(known: Mapping[int, float], sites: int) -> float:
    """Return a figure for some sites: in proportion between two measured sizes, and beyond the largest."""
    sizes = sorted(known)
    if sites <= sizes[0]:
        return known[sizes[0]]
    for low, high in pairwise(sizes):
        if sites <= high:
            return known[low] + (known[high] - known[low]) * (sites - low) / (high - low)
    return known[sizes[-1]] * sites / sizes[-1]
