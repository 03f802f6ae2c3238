"""Logs Insights: ministack filters only by its own fields, and takes a filter it does not know for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import emulator, insights


def apply() -> None:
    """Let logs be asked by the fields of their JSON lines."""
    emulator.replace(emulator.cloudwatch_logs, "_compile_insights_filter", _with_fields)
    emulator.replace(emulator.cloudwatch_logs, "_start_query", _refusing)


def _with_fields(compile_filter: Callable[[str], Any]) -> Callable[[str], Any]:
    def changed(stage: str) -> Any:
        ours = insights.predicate(stage)
        if ours is None:
            return compile_filter(stage)
        return lambda record: ours(emulator.public_log_record(record))

    return changed


def _refusing(start: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Refuse a filter that is not known: an answer with every line would be a wrong one."""

    def changed(data: dict[str, Any]) -> Any:
        for stage in emulator.insights_stages(data.get("queryString", "")):
            is_filter = stage.lower().startswith("filter")
            if is_filter and emulator.cloudwatch_logs._compile_insights_filter(stage) is None:  # noqa: SLF001  # as it is now, with ours
                return emulator.responses.error_response_json(
                    "MalformedQueryException",
                    f"this filter is not known to the local platform: {stage}",
                    400,
                )
        return start(data)

    return changed
