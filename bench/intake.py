"""How fast uploads become canonical rows, and at what memory and AWS calls: `make bench-intake`.

On one core. The references read the very same bytes in the same run: pandas with its own parser, pandas all
the way to Parquet (what this product does instead), and Arrow's bare parse. Medians, interleaved.
"""

from __future__ import annotations

import io
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.memory import anonymous

ZONE = "America/Denver"
LATITUDE, LONGITUDE = 39.7, -105.2
CAPACITY_KW = 6
LARGE, SMALL = 35_000, 96
STEP = 15  # minutes
FINE_STEP = 5  # minutes, where rows are millions: they are of decades then, and not of centuries
YEAR_OF_FINE = 365 * 1440 // FINE_STEP  # rows
MIB = 1024**2
SMALL_OBJECT = 16 * MIB  # larger ones are read from the disk, as in the function
BATCHES = (1, 2, 10)
FILES = 60
# goal, and against what
GOALS = {
    LARGE: ((0.7, "pandas to Parquet"), (3.0, "bare Arrow parse")),
    SMALL: ((0.4, "pandas to Parquet"),),
}


def main() -> None:
    """Print the figures."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for rows, rounds in ((LARGE, 21), (SMALL, 201)):
        speed(rows, rounds)
    memory()
    calls()


# --- speed --------------------------------------------------------------------------------------------


def speed(rows: int, rounds: int) -> None:
    """Print files and rows per second for files of some rows, beside the references."""
    import pyarrow as pa  # noqa: PLC0415 - the memory of a fresh process is measured, too

    from services.data_watcher.adapters.reading import read  # noqa: PLC0415

    pa.set_cpu_count(1)
    data, site = csv(rows), site_of()
    ways: dict[str, Callable[[], object]] = {
        "this product": lambda: read(data, "raw/east/a.csv", site),
        "pandas to Parquet": lambda: pandas_pipeline(data),
        "pandas read_csv": lambda: pandas_read(data),
        "bare Arrow parse": lambda: arrow_read(data),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - began)
    found = {name: statistics.median(times[1:]) for name, times in taken.items()}
    ours = found["this product"]
    print(f"CSV of {rows:,} rows, {len(data) / MIB:.2f} MiB, to canonical Parquet")
    for name, seconds in found.items():
        print(
            f"  {name:20} {seconds * 1e3:8.2f} ms {1 / seconds:9,.0f} files/s {rows / seconds:12,.0f} rows/s"
            f"   this product takes {ours / seconds:5.2f} of it"
        )
    for goal, reference in GOALS[rows]:
        share = ours / found[reference]
        print(
            f"  goal <= {goal} of {reference}: {'reached' if share <= goal else 'missed'} ({share:.2f})"
        )


def pandas_read(data: bytes) -> Any:
    """Read a file with pandas' own parser."""
    import pandas as pd  # noqa: PLC0415

    return pd.read_csv(io.BytesIO(data), parse_dates=["measured_on"])


def pandas_pipeline(data: bytes) -> bytes:
    """Do with pandas what is asked of a canonical file: UTC, units, unique and ordered rows, Parquet."""
    frame = pandas_read(data)
    stamps = frame["measured_on"].dt.tz_localize(ZONE, ambiguous="NaT", nonexistent="NaT")
    frame["measured_on"] = stamps.dt.tz_convert("UTC")
    frame = frame.dropna(subset=["measured_on"]).rename(columns={"measured_on": "timestamp"})
    frame["ac_power"] /= 1000
    frame = frame.drop_duplicates("timestamp", keep="last").sort_values("timestamp")
    sink = io.BytesIO()
    frame.to_parquet(sink, index=False, compression="zstd")
    return sink.getvalue()


def arrow_read(data: bytes) -> Any:
    """Parse a file with Arrow and do nothing with it."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    return arrow_csv.read_csv(pa.py_buffer(data), arrow_csv.ReadOptions(use_threads=False))


def csv(rows: int, day: int = 0, step: int = STEP) -> bytes:
    """Return a plant's power and weather in rows of some minutes, by its own clock, under its own sun."""
    first = datetime(2023, 1, 1, tzinfo=ZoneInfo(ZONE)) + timedelta(days=day)
    clock = [first.replace(tzinfo=None) + timedelta(minutes=step * row) for row in range(rows)]
    lines = ["measured_on,ac_power,ghi,temp"]
    for row, (moment, up) in enumerate(zip(clock, heights(clock, step), strict=True)):
        sun = max(0.0, up) * (0.7 + row * 7919 % 300 / 1000)
        lines.append(f"{moment},{sun * 5000:.1f},{sun * 900:.2f},{15 + 10 * sun:.1f}")
    return "\n".join(lines).encode()


def heights(clock: list[datetime], step: int) -> list[float]:
    """Return the sine of the sun's elevation in the middle of the intervals that begin at some times."""
    import numpy as np  # noqa: PLC0415

    from shared.solar import position  # noqa: PLC0415

    utc = [each.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC) for each in clock]
    middles = [(each + timedelta(minutes=step / 2)).replace(tzinfo=None) for each in utc]
    ephemeris = position.ephemeris(np.array(middles, "M8[us]"))
    return [float(up) for up in position.position(ephemeris, LATITUDE, LONGITUDE).up]


def site_of(step: int = STEP) -> Any:
    """Return the configuration that reads such files."""
    from shared.active import ActiveSite  # noqa: PLC0415
    from shared.solar.site import Site  # noqa: PLC0415

    columns = {
        "power_ac": {"column": "ac_power", "unit": "W"},
        "ghi": {"column": "ghi", "unit": "W/m2"},
        "temp_air": {"column": "temp", "unit": "C"},
    }
    source = {
        "name": "power",
        "files": "*.csv",
        "timestamp": {"column": "measured_on", "step_minutes": step},
        "columns": columns,
    }
    return ActiveSite.of(
        Site.model_validate(
            {
                "site_id": "east",
                "model_id": "fleet",
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
                "timezone": ZONE,
                "ac_capacity_kw": CAPACITY_KW,
                "sources": [source],
            }
        )
    )


# --- memory -------------------------------------------------------------------------------------------


def memory() -> None:
    """Print the peak memory of a fresh process that reads a file, above that of one that reads none.

    Anonymous memory, which is what a function must have; what is mapped from its disk can be given back.
    """
    print("peak memory of a fresh process")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "power.csv"
        bare = peak(None)
        for rows, more in ((350_000, 0), (2_000_000, 0), (4_000_000, 210)):
            write(path, rows, more)
            found, seconds = peak(path)
            size = path.stat().st_size
            above = (found - bare[0]) / size
            print(
                f"  {rows:10,} rows, file of {size / MIB:6.1f} MiB: {found / MIB:5.0f} MiB in "
                f"{seconds:.1f} s; above the {bare[0] / MIB:.0f} MiB of the libraries {above:.1f} x the file"
            )


def write(path: Path, rows: int, more: int) -> None:
    """Write a file whose rows have more columns than are read, of some bytes together."""
    header, *lines = csv(YEAR_OF_FINE, step=FINE_STEP).decode().split("\n")
    begin = datetime(1985, 1, 1)  # noqa: DTZ001 - by the plant's own clock
    stamps = (begin + timedelta(minutes=FINE_STEP * row) for row in range(rows))
    rest = "," + "8" * more if more else ""
    with path.open("w", encoding="ascii") as file:
        print(f"{header}{',more' if more else ''}", file=file)
        for row, moment in enumerate(stamps):
            cells = lines[row % len(lines)].partition(",")[2]
            file.write(f"{moment},{cells}{rest}\n")


def peak(path: Path | None) -> tuple[int, float]:
    """Return the peak memory of a process that reads a file, and how long that took. [bytes, s]"""
    done = subprocess.run(
        [sys.executable, __file__, "read", str(path or "")],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    size, seconds = done.stdout.split()
    return int(size), float(seconds)


def read_one(path: str) -> None:
    """Read a file in this process as the function does; print its peak memory and time. [bytes, s]"""
    from services.data_watcher.adapters.reading import read  # noqa: PLC0415

    highest, done = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, anonymous())

    read(csv(SMALL), "raw/east/power.csv", site_of())
    site = site_of(FINE_STEP)
    watcher = threading.Thread(target=watch, daemon=True)  # ends with a reading that fails, too
    watcher.start()
    began = time.perf_counter()
    if path:
        with Path(path).open("rb") as file:
            large = os.fstat(file.fileno()).st_size > SMALL_OBJECT
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if large else file.read()
        read(data, "raw/east/power.csv", site)
    else:
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    print(highest, seconds)


# --- calls --------------------------------------------------------------------------------------------


def calls() -> None:
    """Print the AWS calls per accepted file beside reading and writing it, by how many come together."""
    from moto import mock_aws  # noqa: PLC0415

    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "data_watcher",
        "POWERTOOLS_LOG_LEVEL": "ERROR",  # what is logged for each file is no figure
        "DATA_BUCKET": "solar-data",
        "LEDGER_TABLE": "solar-data-watcher",
    }
    print("AWS calls per accepted file, beside reading and writing it")
    for size in BATCHES:
        with mock_aws():
            counted, seconds = count(size)
        own = {"GetObject": FILES, "PutObject": FILES}
        beside = Counter(counted)
        beside.subtract(own)
        total = sum(beside.values()) / FILES
        which = ", ".join(f"{name} {n / FILES:.2f}" for name, n in beside.most_common() if n > 0)
        print(
            f"  {size:2} files in a batch: {total:4.2f}  ({which}); {FILES / seconds:,.0f} files/s over moto"
        )


def count(size: int) -> tuple[Counter[str], float]:
    """Let files come in batches of some size; return the calls by operation, and how long it took. [s]"""
    import contextlib  # noqa: PLC0415

    from services.data_watcher.entry import inbox as handler  # noqa: PLC0415
    from services.data_watcher.entry import query  # noqa: PLC0415
    from shared import aws  # noqa: PLC0415
    from tests.integration.test_data_watcher_adapters import World  # noqa: PLC0415

    for cached in (aws.session, aws.client, handler.watcher, query.answers):
        cached.cache_clear()
    world = World()
    os.environ |= {"DATA_TOPIC_ARN": world.topic, "INBOX_URL": world.inbox}
    # moto copies its tables without a lock, so here one file follows the other.
    object.__setattr__(handler.watcher().intake, "parallel", map)
    with contextlib.redirect_stdout(io.StringIO()):
        from tests.data_watcher_files import SITE_YAML, power_csv  # noqa: PLC0415

        world.upload("config/sites/east.yaml", SITE_YAML)
        keys = [f"raw/east/power-{number}.csv" for number in range(FILES)]
        for number, key in enumerate(keys):
            world.put(key, power_csv(day=number % 28 + 1, peak=5000 - number))
        counted: Counter[str] = Counter()
        for service in ("s3", "dynamodb", "sns", "sqs"):
            events = aws.client(service).meta.events
            events.register("before-call", lambda model, **_: counted.update([model.name]))
        began = time.perf_counter()
        for start in range(0, FILES, size):
            assert world.deliver(*map(world.event, keys[start : start + size])) == []
        seconds = time.perf_counter() - began
        assert world.ask(query="balance")["accepted"] == FILES
        for operation in ("Scan", "ListObjectVersions"):
            del counted[operation]  # the balance that was asked for here
    return counted, seconds


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        read_one(sys.argv[2])
    else:
        main()
