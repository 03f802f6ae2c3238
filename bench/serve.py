"""How fast an endpoint answers, beside the bare ONNX Runtime call: `make bench-serve`.

The real server runs in a process of its own on one core, the client on another. p50 and p99 are of one
connection that waits for each answer, in the least disturbed round; answers per second are what a core gives:
the server's time on it for each answer, while four connections keep it busy. The references are measured in
the same run: the bare graph, called on ready features; the whole prediction in process; and the bare graph
behind the server's own empty answer (`/ping`), the two times added, which no endpoint can be faster than.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np

from services.trainer_trigger.pipeline.train import train
from shared.solar import artifact, features
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench, frame

TYPES = ("neural_network", "lightgbm", "auto")
ROUNDS, SECONDS = 8, 0.3
CONNECTIONS = 4
SERVER_CORE, CLIENT_CORE = 0, 1
_LONGEST_START = 30.0  # s


def main() -> None:
    """Print the figures of each model type."""
    print(f"{'':36}{'p50 ms':>9}{'p99 ms':>9}{'/s':>9}{'of bare':>9}{'of bare behind /ping':>22}")
    os.sched_setaffinity(0, {CLIENT_CORE} & os.sched_getaffinity(0) or os.sched_getaffinity(0))
    for model_type in TYPES:
        with tempfile.TemporaryDirectory() as folder:
            measure(model_type, Path(folder))


def measure(model_type: str, base: Path) -> None:
    """Print the figures of one model type."""
    bench = Bench(base)
    bench.upload(frame(days=60, noise=0.05))
    prepared, dataset = bench.preprocess(), bench.freeze()
    trained = train(
        [prepared.train],
        dataset,
        prepared.validation,
        model_type=model_type,
        run_id="bench",
        checkpoint_folder=base / "checkpoints",
    ).artifact
    artifact.write(trained, base / "model")
    predictor = Predictor(trained)
    with Server(base) as server:
        print(f"{model_type}: ready in {server.ready_seconds:.2f} s")
        ping = server.request(b"", "GET", "/ping")
        empty = server.seconds_each(ping)
        show("reference: empty answer /ping", times(lambda: server.ask(ping)), empty)
        for count in (1, 96):
            rows = prepared.test.take(np.arange(96 * 2 + 40, 96 * 2 + 40 + count))
            body = json.dumps(request(rows)).encode()
            asked = server.request(body, "POST", "/invocations")
            call = bare_call(predictor, rows)
            bare = own_seconds_each(call)
            show(f"reference: bare graph, {count} rows", times(call), bare)
            call = partial(predictor.predict, rows)
            show(f"prediction in process, {count} rows", times(call), own_seconds_each(call), bare)
            one = server.seconds_each(asked)
            answered = times(lambda a=asked: server.ask(a))
            show(f"endpoint, {count} rows", answered, one, bare, empty)


def bare_call(predictor: Predictor, rows: Rows) -> Callable[[], object]:
    """Return a call of the graph alone, on features that are ready."""
    _, values, _ = features.compute(rows, predictor.card.recipe)
    session, name = predictor.session, predictor.input_name
    return lambda: session.run(None, {name: values})


def request(rows: Rows) -> dict[str, object]:
    """Return rows as an endpoint is asked about them."""
    moments = np.datetime_as_string(rows.times, unit="s")
    return {
        "rows": [
            {"timestamp": f"{moment}Z"}
            | {name: float(values[place]) for name, values in rows.weather.items()}
            for place, moment in enumerate(moments)
        ]
    }


class Server:
    """The container's `serve` on one core."""

    def __init__(self, base: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.base = base
        self.ready_seconds = 0.0

    def __enter__(self) -> Self:
        environment = os.environ | {
            "SAGEMAKER_BASE_DIR": str(self.base),
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
        }
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.image.entrypoint", "serve"], env=environment
        )
        os.sched_setaffinity(self.process.pid, {SERVER_CORE})
        while True:
            try:
                self.connection = connect(self.port)
                break
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.perf_counter() - began > _LONGEST_START:
                    raise
                time.sleep(0.01)
        self.ready_seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait(10)

    def request(self, body: bytes, method: str, path: str) -> bytes:
        """Return a request as it is sent."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def ask(self, asked: bytes) -> bytes:
        """Send one request and return the body of its answer."""
        self.connection.sendall(asked)
        return answer(self.connection)

    def seconds_each(self, asked: bytes) -> float:
        """Return the server's time on its core for an answer, when another request always waits. [s]"""
        connections = [connect(self.port) for _ in range(CONNECTIONS)]
        try:
            for each in connections:
                each.sendall(asked)
            return min(self._busy_round(connections, asked) for _ in range(ROUNDS))
        finally:
            for each in connections:
                each.close()

    def _busy_round(self, connections: list[socket.socket], asked: bytes) -> float:
        """Read an answer and send the next request on one connection after the other."""
        clock = (~self.process.pid << 3) | 2  # as clock_getcpuclockid(3) names it
        began, count = time.clock_gettime(clock), 0
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            for each in connections:
                answer(each)
                each.sendall(asked)
            count += len(connections)
        return (time.clock_gettime(clock) - began) / count


def connect(port: int) -> socket.socket:
    """Return a connection that sends at once."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(connection: socket.socket) -> bytes:
    """Return the body of the next answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += received(connection)
    named, _, content = got.partition(b"\r\n\r\n")
    if not named.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(named.decode())
    length = int(named.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(content) < length:
        content += received(connection)
    return content


def received(connection: socket.socket) -> bytes:
    """Return what has come."""
    part = connection.recv(65536)
    if not part:
        message = "the server closed the connection"
        raise ConnectionError(message)
    return part


def times(call: Callable[[], object]) -> np.ndarray:
    """Return how long calls take in the least disturbed of some rounds: neighbours only ever add. [s]"""
    for _ in range(50):
        call()
    return min((one_round(call) for _ in range(ROUNDS)), key=np.mean)


def own_seconds_each(call: Callable[[], object]) -> float:
    """Return this process's time on its core for a call. [s]"""
    shortest = np.inf
    for _ in range(ROUNDS):
        began, count, end = time.process_time(), 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            call()
            count += 1
        shortest = min(shortest, (time.process_time() - began) / count)
    return float(shortest)


def one_round(call: Callable[[], object]) -> np.ndarray:
    """Return how long each call of a round takes. [s]"""
    taken, end = [], time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < end:
        call()
        taken.append(time.perf_counter() - began)
    return np.array(taken)


def show(
    name: str,
    taken: np.ndarray,
    one: float,
    bare: float | None = None,
    empty: float | None = None,
) -> None:
    """Print one line: times of single calls, answers of a core per second, shares of the references."""
    p50, p99 = np.quantile(taken, [0.5, 0.99]) * 1000
    shares = "" if bare is None else f"{bare / one:9.3f}"
    if bare is not None and empty is not None:
        shares += f"{(bare + empty) / one:22.3f}"
    print(f"  {name:34}{p50:9.3f}{p99:9.3f}{1 / one:9.0f}{shares}", flush=True)


if __name__ == "__main__":
    main()
