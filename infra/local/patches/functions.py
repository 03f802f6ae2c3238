"""Lambda: named exceptions, workers that stay warm and never outlive the platform, metrics, a cap."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from infra.local import emulator, telemetry
from infra.local.embedded import embedded_metrics

CONCURRENCY_VARIABLE = "SOLAR_LOCAL_LAMBDA_CONCURRENCY"
DEFAULT_CONCURRENCY = 2
_NAMESPACE = "AWS/Lambda"

_RAISED = (
    'json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})',
    'json.dumps({"status": "ok", "raised": {"type": type(e).__name__, "message": str(e), '
    '"trace": traceback.format_exc()}})',
)
_INIT_FAILED = (
    'json.dumps({"status": "error", "error": str(e)})',
    'json.dumps({"status": "error", "error": traceback.format_exc()})',
)
_WATCH_PARENT = """
def _end_with_platform():
    import os, threading, time
    parent = os.getppid()
    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()

_end_with_platform()
"""
_INIT_PREFIX = "Worker init failed: "
_END = "\x1eend"  # what a worker writes to its log after each invocation
_ANSWERED = (
    "        _real_stdout.flush()\n\nrun()",
    f"        sys.stderr.write({_END!r} + chr(10))\n        sys.stderr.flush()\n"
    "        _real_stdout.flush()\n\nrun()",
)
_LOG_ARRIVES_WITHIN = 2.0  # [s]

_failure = threading.local()


def apply() -> None:
    """Change ministack's Lambda."""
    _change_worker_script()
    emulator.replace(emulator.lambda_runtime.Worker, "invoke", _with_raised)
    emulator.replace(emulator.lambda_runtime.Worker, "_drain_stderr_bounded", _with_whole_log)
    emulator.replace(emulator.lambda_svc, "_execute_function_warm", _with_error_type)
    emulator.replace(emulator.lambda_svc, "_execute_function_dispatch", _with_metrics)
    emulator.replace(emulator.lambda_svc, "_emit_lambda_metrics", _throttles_only)
    emulator.replace(emulator.lambda_svc, "_emit_lambda_logs", _into_its_group)
    emulator.replace(emulator.lambda_svc, "_sqs_esm_concurrency", _with_cap)
    emulator.replace(emulator.sqs, "_receive_messages_for_esm", _with_batching_window)


def _change_worker_script() -> None:
    """Report an exception's class; keep the process after one, as AWS does; end with the platform."""
    start = "\nimport sys, json, importlib, traceback, os, time\n"
    emulator.replace_text(
        emulator.lambda_runtime,
        "_PYTHON_WORKER_SCRIPT",
        _RAISED,
        _INIT_FAILED,
        _ANSWERED,
        (start, start + _WATCH_PARENT),
    )


def _with_raised(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the changed script says about an exception into what ministack expects."""

    def changed(worker: Any, *arguments: Any, **named: Any) -> Any:
        result = invoke(worker, *arguments, **named)
        raised = result.pop("raised", None)
        if raised is not None:
            _failure.type, _failure.trace = raised["type"], raised["trace"]
            result.update(status="error", error=raised["message"], trace=raised["trace"])
        return result

    return changed


def _with_whole_log(drain: Callable[..., str]) -> Callable[..., str]:
    """Read a function's log to the mark behind it: nothing is lost and nothing waited for."""

    def changed(worker: Any, *arguments: Any, **named: Any) -> str:
        if not str(worker.config.get("Runtime", "")).startswith("python"):
            return drain(worker, *arguments, **named)
        process, log = worker._proc, worker._stderr_queue  # noqa: SLF001  # there is no other way
        lines: list[str] = []
        deadline = time.monotonic() + _LOG_ARRIVES_WITHIN
        while (left := deadline - time.monotonic()) > 0:
            try:
                line: str = log.get(timeout=min(left, 0.1))
            except queue.Empty:
                if process is None or process.poll() is not None:
                    break
                continue
            if line.endswith(_END):
                return "\n".join([*lines, *filter(None, [line.removesuffix(_END)])])
            lines.append(line)
        return "\n".join(lines)

    return changed


def _with_error_type(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Give a failed invocation the errorType and stackTrace that AWS gives it."""

    def changed(function: Any, event: Any, request_id: str) -> Any:
        _failure.type = _failure.trace = None
        result = execute(function, event, request_id)
        body = result.get("body")
        if not result.get("error") or not isinstance(body, dict):
            return result
        if _failure.type:
            body["errorType"] = _failure.type
            body["requestId"] = request_id
            body["stackTrace"] = _failure.trace.splitlines()
        elif str(body.get("errorMessage", "")).startswith(_INIT_PREFIX):
            trace = body["errorMessage"].removeprefix(_INIT_PREFIX)
            last = (trace.strip().splitlines() or [""])[-1]
            body.update(errorType="Runtime.ImportModuleError", errorMessage=last)
            result["log"] = trace
        return result

    return changed


def _with_metrics(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    """Count every invocation, whoever made it; read embedded metrics from the function's log."""

    def changed(function: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        begun = time.monotonic()
        result = dispatch(function, config, event, request_id, started)
        where = {"FunctionName": config.get("FunctionName", "")}
        duration = (time.monotonic() - begun) * 1000
        telemetry.metric(_NAMESPACE, "Invocations", 1, "Count", where)
        telemetry.metric(_NAMESPACE, "Errors", float(bool(result.get("error"))), "Count", where)
        telemetry.metric(_NAMESPACE, "Duration", duration, "Milliseconds", where)
        for metric in embedded_metrics(result.get("log") or ""):
            telemetry.metric(*metric)
        return result

    return changed


def _throttles_only(_emit: Callable[..., Any]) -> Callable[..., None]:
    """Leave the rest to `_with_metrics`: ministack counts only what comes through Invoke."""

    def changed(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:  # noqa: ARG001, FBT001  # ministack's signature
        if throttle:
            where = {"FunctionName": function_name}
            telemetry.metric(_NAMESPACE, "Throttles", 1, "Count", where)

    return changed


def _into_its_group(emit: Callable[..., None]) -> Callable[..., None]:
    """Drop what a function says that is gone, where its group is gone, too: the group would come back."""

    def changed(function: dict[str, Any], *arguments: Any, **named: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup")
        if config.get("FunctionName") in emulator.functions or group in emulator.log_groups:
            emit(function, *arguments, **named)

    return changed


def _with_cap(concurrency: Callable[..., int]) -> Callable[..., int]:
    """Keep the number of workers per function small: a laptop has few cores, and batches fill up."""
    most = int(os.environ.get(CONCURRENCY_VARIABLE, DEFAULT_CONCURRENCY))

    def changed(*arguments: Any) -> int:
        return min(concurrency(*arguments), most)

    return changed


def _with_batching_window(receive: Callable[..., Any]) -> Callable[..., Any]:
    """Wait for a batch to fill as long as MaximumBatchingWindowInSeconds allows."""

    def changed(queue_url: str, size: int) -> Any:
        window = _window(queue_url)
        if window > 0:
            moment = time.time()
            queue = emulator.queues.get(queue_url) or {"messages": []}
            visible = [each for each in list(queue["messages"]) if each["visible_at"] <= moment]
            oldest = min((each["visible_at"] for each in visible), default=moment)
            if len(visible) < size and moment - oldest < window:
                return []
        return receive(queue_url, size)

    return changed


def _window(queue_url: str) -> float:
    name = queue_url.rpartition("/")[2]
    for mapping in list(emulator.event_source_mappings.values()):
        if mapping.get("EventSourceArn", "").rpartition(":")[2] == name:
            return float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    return 0.0
