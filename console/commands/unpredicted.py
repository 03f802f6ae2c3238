"""Where nothing was predicted for a site: what there is instead, and what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from console import output, trainer
from console.client import log
from console.state import state

_MOST_MODELS = 20  # that are asked whether they know a site


def instead(
    model: str,
    site: str,
    span: tuple[datetime | None, datetime | None],
    kept: Iterable[Mapping[str, Any]],
    *,
    is_named: bool,
) -> Iterator[str]:
    """Yield what a person may want to know who was shown no prediction.

    Parameters
    ----------
    span
        The time that was asked about, [begin, end).
    kept
        What the log has of the days of that time.
    is_named
        Whether the model was named, so that no other is meant.
    """
    withdrawn = [each for each in kept if not each["counts"] and _meets(each, *span)]
    if withdrawn:
        files = output.counted(len({each["file_id"] for each in withdrawn}), "file")
        yield f"the log keeps predictions of {files} whose weather was withdrawn since; --json names them"
    if span != (None, None) and (last := _last(model, site)):
        yield f"its last prediction ends at {output.when(last)} UTC"
    if not is_named:
        for other in _others(model, site):
            yield f"{other} predicted for it: `solar predictions {site} --model {other}`"


def _meets(each: Mapping[str, Any], begin: datetime | None, end: datetime | None) -> bool:
    first, last = (datetime.fromisoformat(each[name]) for name in ("window_start", "window_end"))
    return (end is None or first < end) and (begin is None or last > begin)


def _last(model: str, site: str) -> str | None:
    kept = log.ask(state.system, model, site, None, None)["predictions"]
    return max((each["window_end"] for each in kept if each["counts"]), default=None)


def _others(model: str, site: str) -> Iterator[str]:
    """Yield other models that predicted for a site, which moved."""
    for other in [each for each in trainer.models(state.system) if each != model][:_MOST_MODELS]:
        if log.ask(state.system, other, site, None, None)["predictions"]:
            yield other
