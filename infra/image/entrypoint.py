"""The container's entrypoint: one verb per job of the SageMaker contract.

`preprocess` and `evaluate` are processing jobs, `train` a training job, `serve` an endpoint. A failure is one
line with cause and next step, where SageMaker looks for it, and exit code 1.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

from shared.container import ContainerSettings
from shared.errors import SolarError

_LONGEST = 1000  # characters of a failure that SageMaker keeps
_TERMINATED = 143  # exit code of a process that SIGTERM ended


def main(arguments: Sequence[str]) -> int:
    """Run a verb; return the exit code."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if verb not in _VERBS:
        print(f"use one of: {', '.join(_VERBS)}", file=sys.stderr)
        return 2
    container = ContainerSettings.from_environment()
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
    return 0


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    print("SIGTERM: stopping", flush=True)
    raise SystemExit(_TERMINATED)


def _report(container: ContainerSettings, verb: str, message: str) -> None:
    line = " ".join(message.split())[:_LONGEST]
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
