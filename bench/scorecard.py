"""What a day of a fleet costs after deployment, calls and money: `make bench-scorecard`.

One model, one file of a day per site with weather and power, in batches of 200 messages as the template has
them. The adapters are the product's; S3 and DynamoDB are in memory, and count. Also said: the same day as two
files, weather and power, what the daily sweep adds, and how long the daily look takes. Beside it stands what
the rows' Parquet alone takes to be read and written, measured in the same run.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow.parquet as pq

from services.deployer.adapters.live.books import DynamoBooks
from services.deployer.domain.live import degradation
from shared.messages import AnyMessage
from tests.unit.deployer.live.world import MODEL, World

DAY = date(2026, 6, 8)
BATCH = 200  # messages, as in the template
FLEETS = tuple(map(int, os.environ.get("SITES", "100,1000,10000").split(",")))
DAYS_PER_MONTH = 30
# List prices of us-east-1 in USD.
GOAL_CALLS, GOAL_USD = 4, 0.01  # per site and day beside the endpoint; per site and month
PRICE = {
    "GetObject": 0.0004e-3,
    "HeadObject": 0.0004e-3,
    "ListObjectsV2": 0.005e-3,
    "PutObject": 0.005e-3,
    "PublishBatch": 10 * 0.5e-6,
    "SQS": 3 * 0.4e-6,  # sent, received and deleted; the last two for many at once
    "read unit": 0.125e-6,
    "write unit": 0.625e-6,
    "GB second": 16.6667e-6,
}
GIGABYTES = 4.0
LATENCY_SECONDS = 0.03  # of a call to S3, as assumed; eight are under way at once
AT_ONCE = 8


@dataclass
class Table:
    """A DynamoDB client of one table in memory, which counts calls and units."""

    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Return items by their keys."""
        self.calls["BatchGetItem"] += 1
        ((name, wanted),) = RequestItems.items()
        keys = [_key(each) for each in wanted["Keys"]]
        found = [self.items[key] for key in keys if key in self.items]
        self.units["read unit"] += (
            sum(_units(each, 4096) for each in found) + len(keys) - len(found)
        )
        return {"Responses": {name: found}}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Write items."""
        self.calls["BatchWriteItem"] += 1
        for request in next(iter(RequestItems.values())):
            item = request["PutRequest"]["Item"]
            self.items[_key(item)] = item
            self.units["write unit"] += _units(item, 1024)
        return {}

    def query(self, **_: Any) -> dict[str, Any]:
        """Return that no file waits."""
        self.calls["Query"] += 1
        self.units["read unit"] += 1
        return {"Items": []}


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["model_id"]["S"], item["item"]["S"]


def _units(item: dict[str, Any], size: int) -> int:
    return -(-len(json.dumps(item)) // size)


def main() -> None:
    """Print the figures."""
    for fleet in FLEETS:
        one_file(fleet)
    two_files(FLEETS[0])
    sweep(FLEETS[0])
    daily_look(20)


def one_file(count: int) -> None:
    """Print calls, cost and time of one day, one file per site."""
    world, table, sites = a_fleet(count)
    messages = [world.upload(f"file-{site}", DAY, site=site) for site in sites]
    reference = parquet_alone(world, messages)
    world.objects.calls.clear()
    seconds = heard(world, messages)
    said(f"{count:6,} sites, one file", world, table, count, seconds)
    print(f"{'':24}{seconds / reference:.1f} x reading and writing the Parquet alone")
    scored = sum(found[0].state == "scored" for found in states(table))
    assert scored == count, f"{scored} of {count} sites were scored"


def two_files(count: int) -> None:
    """Print the same where weather and power come as two files, hours apart."""
    world, table, sites = a_fleet(count)
    weather = [
        world.upload(f"weather-{site}", DAY, columns=("ghi", "temp_air"), site=site)
        for site in sites
    ]
    power = [world.upload(f"power-{site}", DAY, columns=("power_ac",), site=site) for site in sites]
    world.objects.calls.clear()
    seconds = heard(world, weather) + heard(world, power)
    said(f"{count:6,} sites, two files", world, table, count, seconds)


def sweep(count: int) -> None:
    """Print what the daily sweep adds, where nothing was lost."""
    world, table, sites = a_fleet(count)
    heard(world, [world.upload(f"file-{site}", DAY, site=site) for site in sites])
    for counted in (
        world.objects.calls,
        table.calls,
        table.units,
        world.topic.sent,
        world.asking.calls,
    ):
        counted.clear()
    start = time.perf_counter()
    world.sweep()
    said(f"{count:6,} sites, sweep", world, table, count, time.perf_counter() - start)
    print(f"{'':24}above 500 sites, a seventh of them a day")


def daily_look(count: int) -> None:
    """Print how long the daily look takes at sites with four months of scores."""
    world, _, sites = a_fleet(1)
    for number in range(120):
        world.hear(world.upload(f"day-{number}", DAY + timedelta(days=number), site=sites[0]))
    last = DAY + timedelta(days=119)
    scores = list(world.books.scores_of_site(MODEL, sites[0], DAY, last))
    start = time.perf_counter()
    for _ in range(count):
        degradation.judge(scores, {1: None}, last)
    seconds = time.perf_counter() - start
    print(
        f"{'daily look':24}{1000 * seconds / count:.1f} ms of this machine per site with {len(scores)} "
        f"scored days: {seconds / count * 10_000:.0f} s for 10,000 sites"
    )


def a_fleet(count: int) -> tuple[World, Table, list[str]]:
    """Return a world of one model, whose table counts."""
    sites = [f"site-{number:05}" for number in range(count)]
    table = Table()
    client: Any = table
    world = World(sites=sites, books=DynamoBooks.of(client, "days"))
    return world, table, sites


def heard(world: World, messages: Sequence[AnyMessage]) -> float:
    """Let messages arrive in batches; return the seconds."""
    start = time.perf_counter()
    for first in range(0, len(messages), BATCH):
        world.hear(*messages[first : first + BATCH])
    return time.perf_counter() - start


@dataclass(frozen=True)
class Cost:
    """What a day takes, for each site: calls of AWS by name, and what a month of such days costs."""

    calls: dict[str, float]
    usd_per_month: float

    @property
    def in_all(self) -> float:
        """Calls of AWS per site and day."""
        return sum(self.calls.values())


def cost_of(world: World, table: Table, count: int, seconds: float) -> Cost:
    """Return the calls per site and day beside the endpoint, and the cost of a month at list prices."""
    calls = Counter(world.objects.calls) + table.calls
    calls["PublishBatch"] = -(-len(world.topic.sent) // 10)
    batches = -(-count // BATCH)
    calls["lease and log"] = 4 * batches  # the log is read twice
    waited = len(world.objects.calls) * LATENCY_SECONDS / AT_ONCE
    cost = sum(PRICE.get(name, 0.0) * number for name, number in calls.items())
    cost += sum(PRICE[name] * number for name, number in table.units.items())
    cost += PRICE["SQS"] * count + (seconds + waited) * GIGABYTES * PRICE["GB second"]
    by_name = {name: number / count for name, number in sorted(calls.items())}
    return Cost(by_name, cost * DAYS_PER_MONTH / count)


def said(what: str, world: World, table: Table, count: int, seconds: float) -> None:
    """Print calls per site and day, and the cost of a month."""
    found = cost_of(world, table, count, seconds)
    each = ", ".join(f"{name} {number:.3f}" for name, number in found.calls.items())
    print(
        f"{what:24}{found.in_all:.2f} calls per site and day beside the endpoint, "
        f"{found.usd_per_month:.5f} USD per site and month"
    )
    print(f"{'':24}{each}")
    print(
        f"{'':24}{len(world.asking.calls)} calls of the endpoint; "
        f"{1000 * seconds / count:.1f} ms of this machine per site"
    )


def parquet_alone(world: World, messages: Sequence[Any]) -> float:
    """Return how long the files' Parquet takes to be read and written once."""
    start = time.perf_counter()
    for message in messages:
        key = message.canonical_uri.removeprefix("s3://data/")
        table = pq.read_table(io.BytesIO(world.objects.kept[key][0]))
        pq.write_table(table, io.BytesIO(), compression="zstd")
    return time.perf_counter() - start


def states(table: Table) -> Iterator[Any]:
    """Yield the scores that the table keeps, day by day."""
    books = DynamoBooks.of(table, "days")  # type: ignore[arg-type]
    for _, item in list(table.items):
        if item.startswith("score#"):
            site = item.split("#")[2]
            found = list(books.scores_of_site("golden", site, DAY, DAY))
            if found:
                yield found


if __name__ == "__main__":
    main()
