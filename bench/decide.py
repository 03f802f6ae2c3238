"""How fast it is decided, and how many AWS calls an upload costs: `make bench-decide`.

The references stand beside the figures and are measured in the same run: reading a message from its JSON
(what any consumer must do at least), and a decision without a rule.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import boto3
from moto import mock_aws

from bench.memory import peak
from services.trainer_trigger.adapters.datasets import S3Datasets
from services.trainer_trigger.adapters.memory import DynamoMemory, as_json_of
from services.trainer_trigger.composition import UseCases, wired
from services.trainer_trigger.domain.deciding import decide
from services.trainer_trigger.domain.model_state import ApprovedVersion, KnownFile, ModelState
from services.trainer_trigger.domain.rules import RULES
from shared import layout, messages
from shared.compaction import Compact, CompactIndex
from shared.dataset import Dataset, DatasetFile, Split
from shared.errors import NotFoundError
from shared.ids import content_id
from shared.messages import DataAccepted
from shared.model_config import Margins, RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file, accepted
from tests.unit.trainer_trigger.world import World

UPLOADS, MODELS = 10_000, 300
POLICY = RetrainPolicy()
SITES, DAYS, FIRST_DAY = 100, 3 * 365, datetime(2021, 1, 1, tzinfo=UTC)
KEYS = ("model_id", "HASH"), ("item", "RANGE")


def main() -> None:
    """Print the figures."""
    decisions()
    with mock_aws():
        uploads()
        sweep()
    manifests()
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, "fleet"], check=True)


def decisions() -> None:
    """Print decisions per second, pure, for small and large models."""
    body = accepted(a_file(1)).model_dump_json()
    reading = per_second(lambda: messages.read(body))
    print(f"reference: reading a message            {reading:10,.0f} /s")
    for files in (40, 1_000, 10_000):
        known = tuple(KnownFile(renamed(number), START) for number in range(files))
        state = ModelState(
            files=known,
            consumed=frozenset(each.file.file_id for each in known[:-30]),
            config_id="c",
            champion=ApprovedVersion(1, "arn", "s3://b/m", START - timedelta(days=9)),
        )
        bare = per_second(lambda state=state: decide(state, POLICY, START, []))
        whole = per_second(lambda state=state: decide(state, POLICY, START))
        print(
            f"decide, {files:6,} files, {len(RULES)} rules       {whole:10,.0f} /s"
            f"   {whole / bare:.3f} x without rules, {whole / reading:.4f} x reading a message"
        )


def uploads() -> None:
    """Print the AWS calls of 10,000 uploads in a minute, handled in batches by one warm process."""
    world, calls, use_cases = service()
    batch = [accepted(renamed(number)) for number in range(UPLOADS)]
    bodies = [message.model_dump_json() for message in batch]
    started = time.perf_counter()
    for number, body in enumerate(bodies):
        message = messages.read(body)
        assert isinstance(message, DataAccepted)
        world.bucket.put(renamed(number))
        use_cases.noting.accepted(message)
        world.clock.now = START + timedelta(milliseconds=6 * number)
    seconds = time.perf_counter() - started
    noted = sum(calls.values())
    while world.timer.due:
        world.clock.now = max(world.clock.now, world.timer.due.pop(0))
        use_cases.evaluating.due("golden")
    print(f"{UPLOADS:,} uploads in a minute: {world.sequence.starts} run")
    print(f"  {noted / UPLOADS:.3f} calls per upload")
    print(f"  by call: {dict(calls.most_common())}")
    print(f"  {UPLOADS / seconds:,.0f} uploads/s in one process (moto's table included)")


def sweep() -> None:
    """Print the AWS calls of sweeping models with one site each, and what that makes for 10,000."""
    world, calls, use_cases = service()
    names = [f"m{number:05d}" for number in range(MODELS)]
    world.configuration.names = names
    for name in names:
        use_cases.looking.files.add_file(name, renamed(1), START)
    calls.clear()
    started = time.perf_counter()
    for name in names:
        use_cases.evaluating.evaluate(name)
    seconds = time.perf_counter() - started
    each = sum(calls.values()) / MODELS
    spent = 1e3 * seconds / MODELS
    print(f"evaluating {MODELS} models of one site: {each:.1f} calls and {spent:.1f} ms each")
    print(f"  for 10,000 models: {10_000 * each:,.0f} DynamoDB calls per sweep, in slices of 40 s")
    print(
        "  beside them, per model: 2 listings and 1-2 reads in S3, 1-2 registry calls (faked here)"
    )


def fleet() -> None:
    """Open a run of a model with a fleet's files, read from the table as they stand; print time and peak."""
    before = peak()
    table, world, bucket = Table(), World(), Bucket({})
    outside = replace(
        world.outside,
        memory=DynamoMemory.of(table, "bench"),  # type: ignore[arg-type]
        datasets=S3Datasets(bucket),  # type: ignore[arg-type]
        canonical=Standing(table),
    )
    began = time.perf_counter()
    decision = wired(outside).evaluating.evaluate("golden")
    seconds = time.perf_counter() - began
    print(
        f"a model of {SITES * DAYS:,} files: {decision.outcome.value} decided, opened and frozen in "
        f"{seconds:.0f} s, {peak() - before:.0f} MiB above the libraries"
    )


class Table:
    """A table of files alone, made as they are asked for; takes whatever is written."""

    files: Iterator[DatasetFile] = iter(())

    def query(
        self,
        ExpressionAttributeValues: dict[str, Any],  # noqa: N803 - AWS's name
        ExclusiveStartKey: dict[str, Any] | None = None,  # noqa: N803
        **_: Any,
    ) -> Any:
        """Return the files, a thousand a page, as DynamoDB gives them."""
        if ExpressionAttributeValues[":prefix"]["S"] != "file#":
            return {"Items": []}
        if ExclusiveStartKey is None:
            self.files = daily_files()
        write = as_json_of(KnownFile).dump_json
        known = [KnownFile(f, START - timedelta(days=1)) for f in islice(self.files, 1000)]
        page = {"Items": [{"body": {"S": write(each).decode()}} for each in known]}
        return page | ({"LastEvaluatedKey": {"item": {"S": "more"}}} if known else {})

    def __getattr__(self, _: str) -> Callable[..., dict[str, Any]]:
        return lambda **_: {}


@dataclass
class Standing:
    """Says that what the table knows stands in the bucket, for the one site that the model has."""

    table: Table

    def of_site(self, _: str) -> Iterator[str]:
        """Yield the keys."""
        return (file.key for file in daily_files())

    def describe(self, key: str) -> DatasetFile:
        """Never called, for nothing is new."""
        raise AssertionError(key)


def daily_files() -> Iterator[DatasetFile]:
    """Yield a file of each day of each site."""
    for site_id in (f"site-{number:03d}" for number in range(SITES)):
        for day in range(DAYS):
            file_id, start = content_id(site_id, day), FIRST_DAY + timedelta(days=day)
            yield DatasetFile(
                site_id=site_id,
                file_id=file_id,
                key=layout.canonical(site_id, start, file_id),
                rows=96,
                window_start=start,
                window_end=start + timedelta(days=1),
                uploaded_at=start + timedelta(days=1),
            )


def manifests() -> None:
    """Print what a manifest of many sites' daily files takes, with and without compacts."""
    files = list(daily_files())
    for name, indices in (("single files", {}), ("compacts", compacted(files))):
        bucket = Bucket(indices)
        began = time.perf_counter()
        S3Datasets(bucket).freeze(a_dataset(files))  # type: ignore[arg-type]
        seconds = time.perf_counter() - began
        manifest = bucket.written[layout.manifest("fleet", "bench")]
        print(
            f"manifest of {SITES} sites x {DAYS} daily files, {name:12}: {len(json.loads(manifest)) - 2:8,} "
            f"entries, {len(manifest) / 1e6:6.2f} MB, {bucket.reads} reads, {seconds:.1f} s"
        )


@dataclass
class Bucket:
    """Takes what a freeze writes, and knows the indices of compacts."""

    indices: dict[str, bytes]
    bucket: str = "bench"
    written: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0

    def read(self, key: str) -> bytes:
        """Return an index, or say that there is none."""
        self.reads += 1
        if key not in self.indices:
            raise NotFoundError(key)
        return self.indices[key]

    def create(self, key: str, body: bytes) -> None:
        """Keep what is written."""
        self.written[key] = body


def compacted(files: list[DatasetFile]) -> dict[str, bytes]:
    """Return the indices that the sweep leaves behind where all months but the last are over."""
    months: dict[tuple[str, str], list[str]] = {}
    for file in files:
        months.setdefault((file.site_id, layout.month_of(file.key)), []).append(file.file_id)
    running = max(month for _, month in months)
    made: dict[str, list[Compact]] = {}
    for (site_id, month), members in months.items():
        if month < running:
            key = layout.compact(site_id, month, content_id(sorted(members)))
            compact = Compact(key=key, size=1, members=tuple(sorted(members)))
            made.setdefault(site_id, []).append(compact)
    return {
        layout.compact_index(site_id): CompactIndex(site_id=site_id, compacts=tuple(compacts))
        .model_dump_json()
        .encode()
        for site_id, compacts in made.items()
    }


def a_dataset(files: list[DatasetFile]) -> Dataset:
    """Return a dataset of some files."""
    return Dataset(
        dataset_id="bench",
        model_id="fleet",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(),
        files=tuple(files),
    )


def service() -> tuple[World, Counter[str], UseCases]:
    """Return the service with a real table (moto) and everything else faked, and a count of its calls."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    table = f"bench-{time.monotonic_ns()}"
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEYS],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in KEYS],
        BillingMode="PAY_PER_REQUEST",
    )
    calls: Counter[str] = Counter()
    client.meta.events.register(
        "before-call.*.*", lambda model, **_: calls.update([str(model.name)])
    )
    world = World()
    calls.clear()
    memory = DynamoMemory.of(client, table)
    return world, calls, wired(replace(world.outside, memory=memory))


def renamed(number: int) -> Any:
    """Return one of many files of a day each."""
    name = f"f{number:06d}"
    return a_file(1 + number % 300, days=1).model_copy(
        update={"file_id": name, "key": f"canonical/golden/2024-01/{name}.parquet"}
    )


def per_second(call: Callable[[], Any], seconds: float = 0.5) -> float:
    """Return how often a call can be made in a second."""
    end, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        call()
        done += 1
    return done / seconds


if __name__ == "__main__":
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")  # noqa: S106 - moto's
    os.environ.pop("AWS_ENDPOINT_URL", None)
    fleet() if sys.argv[1:] == ["fleet"] else main()
