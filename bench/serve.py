"""How fast an endpoint answers, beside the bare ONNX Runtime call: `make bench-serve`.

The real server runs in a process of its own on one core, the client on another; it keeps one connection and
waits for each answer. The references are measured in the same run: the bare graph, called on ready features;
the whole prediction in process; and the bare graph behind the server's own empty answer (`/ping`), the two
times added, which no endpoint can be faster than.
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
from pathlib import Path
from typing import Self

import numpy as np

from services.trainer_trigger.pipeline.train import train
from shared.solar import artifact, features
from shared.solar.predictor import Predictor
from shared.solar.rows import Rows
from tests.unit.pipeline.datasets import Bench, frame

TYPES = ("neural_network", "lightgbm", "auto")
SECONDS = 1.5
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
    )
    artifact.write(trained, base / "model")
    predictor = Predictor(trained)
    with Server(base) as server:
        print(f"{model_type}: ready in {server.ready_seconds:.2f} s")
        empty = times(lambda: server.ask(b"", "GET", "/ping"))
        show("reference: empty answer /ping", empty)
        for count in (1, 96):
            rows = prepared.test.take(np.arange(96 * 2 + 40, 96 * 2 + 40 + count))
            bare = times(bare_call(predictor, rows))
            body = json.dumps(request(rows)).encode()
            show(f"reference: bare graph, {count} rows", bare)
            show(
                f"prediction in process, {count} rows",
                times(lambda r=rows: predictor.predict(r)),
                bare,
            )
            server.connect()
            answered = times(lambda b=body: server.ask(b, "POST", "/invocations"))
            show(f"endpoint, {count} rows", answered, bare, empty)


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
                self.connection = socket.create_connection(("127.0.0.1", self.port))
                break
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.perf_counter() - began > _LONGEST_START:
                    raise
                time.sleep(0.01)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ready_seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait(10)

    def ask(self, body: bytes, method: str, path: str) -> bytes:
        """Send one request and return the body of its answer."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.connection.sendall(head.encode() + body)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._received()
        named, _, content = got.partition(b"\r\n\r\n")
        if not named.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(named.decode())
        length = next(
            int(line.split(b":")[1])
            for line in named.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        while len(content) < length:
            content += self._received()
        return content

    def _received(self) -> bytes:
        part = self.connection.recv(65536)
        if not part:
            message = "the server closed the connection"
            raise ConnectionError(message)
        return part

    def connect(self) -> None:
        """Open a connection anew: the server closes one that was idle for seconds."""
        self.connection.close()
        self.connection = socket.create_connection(("127.0.0.1", self.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def times(call: Callable[[], object]) -> np.ndarray:
    """Return how long calls take. [s]"""
    for _ in range(50):
        call()
    taken, end = [], time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < end:
        call()
        taken.append(time.perf_counter() - began)
    return np.array(taken)


def show(
    name: str, taken: np.ndarray, bare: np.ndarray | None = None, empty: np.ndarray | None = None
) -> None:
    """Print one line."""
    p50, p99 = np.quantile(taken, [0.5, 0.99]) * 1000
    shares = "" if bare is None else f"{bare.mean() / taken.mean():9.3f}"
    if bare is not None and empty is not None:
        shares += f"{(bare.mean() + empty.mean()) / taken.mean():22.3f}"
    print(f"  {name:34}{p50:9.3f}{p99:9.3f}{1 / taken.mean():9.0f}{shares}", flush=True)


if __name__ == "__main__":
    main()
