"""The container's entrypoint: one verb per job of the SageMaker contract.

`preprocess` and `evaluate` are processing jobs, `train` a training job, `serve` an endpoint. A failure is one
line with cause and next step, where SageMaker looks for it, and exit code 1.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from shared.container import ContainerSettings
from shared.errors import SolarError

_LONGEST = 1000  # characters of a failure that SageMaker keeps
_DESCRIPTIONS = (
    "/opt/ml/input/config/hyperparameters.json",
    "/opt/ml/config/processingjobconfig.json",
)
_RUN = re.compile(r'"run_id"\s*:\s*"(?:\\")?([\w-]+)|/runs/([\w-]+)/')
_TERMINATED = 143  # exit code of a process that SIGTERM ended


def main(arguments: Sequence[str]) -> int:
    """Run a verb; return the exit code."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if verb not in _VERBS:
        print(f"use one of: {', '.join(_VERBS)}", file=sys.stderr)
        return 2
    container = ContainerSettings.from_environment()
    started = time.monotonic()
    _log(container, verb, "started")
    if verb != "serve":  # the server has its own way of ending: it finishes its answers first
        signal.signal(signal.SIGTERM, _terminate)
    try:
        _VERBS[verb](container, rest)
    except SolarError as error:
        _report(container, verb, str(error))
        return 1
    except Exception as error:  # noqa: BLE001  the border of the process: SageMaker is told whatever happened
        traceback.print_exc()
        _report(
            container,
            verb,
            f"unexpected {type(error).__name__}: {error}; see the job's log and report it as a fault",
        )
        return 1
    _log(container, verb, "done", seconds=round(time.monotonic() - started, 1))
    return 0


def _log(container: ContainerSettings, verb: str, way: str, **more: Any) -> None:
    """Write a line by which a run is followed through all logs (shared/trail.py); jobs have no logger."""
    run_id = _run_of(container)
    if run_id is None:
        return
    line = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "INFO",
        "service": "trainer_trigger",
        "message": f"{way} {verb}",
        "way": way,
        "what": verb,
        "correlation_id": run_id,
        **more,
    }
    print(json.dumps(line), flush=True)


def _run_of(container: ContainerSettings) -> str | None:
    """Return the run that a job is part of, as SageMaker's description of the job has it."""
    for path in _DESCRIPTIONS:
        described = container.path(path)
        found = _RUN.search(described.read_text("utf-8")) if described.is_file() else None
        if found:
            return found[1] or found[2]
    return None


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    print("SIGTERM: stopping", flush=True)
    raise SystemExit(_TERMINATED)


def _report(container: ContainerSettings, verb: str, message: str) -> None:
    line = " ".join(message.split())[:_LONGEST]
    _log(container, verb, "failed", cause=line)
    print(f"{verb} failed: {line}", file=sys.stderr, flush=True)
    if verb == "serve":
        return
    name = "failure" if verb == "train" else "message"
    path = container.path(f"/opt/ml/output/{name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line, encoding="utf-8")


# Each verb imports what it needs and nothing else: scikit-learn takes longer to import than to run.


def _preprocess(container: ContainerSettings, _arguments: Sequence[str]) -> None:
    from services.trainer_trigger.pipeline import preprocess  # noqa: PLC0415  see above

    preprocess.run(container)


def _train(container: ContainerSettings, _arguments: Sequence[str]) -> None:
    from services.trainer_trigger.pipeline import train  # noqa: PLC0415  see above

    train.run(container)


def _evaluate(container: ContainerSettings, arguments: Sequence[str]) -> None:
    from services.trainer_trigger.pipeline import evaluate  # noqa: PLC0415  see above

    evaluate.run(container, arguments)


def _serve(container: ContainerSettings, _arguments: Sequence[str]) -> None:
    from services.deployer.inference import server  # noqa: PLC0415  see above

    server.run(container)


_VERBS: dict[str, Callable[[ContainerSettings, Sequence[str]], None]] = {
    "preprocess": _preprocess,
    "train": _train,
    "evaluate": _evaluate,
    "serve": _serve,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
