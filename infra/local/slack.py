"""A sink for Slack messages that refuses what Slack would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local import outbox

_MOST_BLOCKS = 50
_LONGEST_TEXT = 40_000
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3000
_MOST_FIELDS = 10
_LONGEST_FIELD = 2000
_LONGEST_BUTTON = 75
_LONGEST_VALUE = 2000
_LONGEST_URL = 3000
_MOST_ELEMENTS = {"actions": 25, "context": 10}
_BLOCKS = {
    "header",
    "section",
    "divider",
    "actions",
    "context",
    "image",
    "rich_text",
    "input",
    "video",
}
_TEXTS = {"plain_text", "mrkdwn"}


def receive(folder: Path, channel: str, body: bytes) -> tuple[int, str]:
    """Check a message as an incoming webhook does; keep it if it is one. Return status and text."""
    try:
        payload = json.loads(body)
    except ValueError:
        return 400, "invalid_payload"
    if not isinstance(payload, dict):
        return 400, "invalid_payload"
    found = fault(payload)
    if found is not None:
        error, why = found
        return 400, f"{error}: {why}" if why else error
    outbox.keep_slack(folder, channel=channel, payload=payload)
    return 200, "ok"


def fault(payload: dict[str, Any]) -> tuple[str, str] | None:
    """Return what Slack calls the fault of a message, and where it is; None for one that it takes."""
    if not payload.get("text") and not payload.get("blocks") and not payload.get("attachments"):
        return "no_text", ""
    if len(str(payload.get("text", ""))) > _LONGEST_TEXT:
        return "msg_too_long", ""
    faults = list(_faults(payload.get("blocks", [])))
    return ("invalid_blocks", "; ".join(faults)) if faults else None


def _faults(blocks: Any) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield "blocks must be a list"
        return
    if len(blocks) > _MOST_BLOCKS:
        yield f"{len(blocks)} blocks, at most {_MOST_BLOCKS}"
    for index, block in enumerate(blocks):
        where = f"blocks[{index}]"
        if not isinstance(block, dict) or block.get("type") not in _BLOCKS:
            kind = block.get("type") if isinstance(block, dict) else block
            yield f"{where}: unknown type {kind!r}"
            continue
        yield from _block(block, where)


def _block(block: dict[str, Any], where: str) -> Iterator[str]:
    kind = block["type"]
    if kind == "header":
        yield from _text(block.get("text"), f"{where}.text", _LONGEST_HEADER, {"plain_text"})
    elif kind == "section":
        if "text" not in block and "fields" not in block:
            yield f"{where}: a section needs text or fields"
        if "text" in block:
            yield from _text(block["text"], f"{where}.text", _LONGEST_SECTION, _TEXTS)
        yield from _fields(block.get("fields", []), where)
        if "accessory" in block:
            yield from _element(block["accessory"], f"{where}.accessory")
    elif kind in _MOST_ELEMENTS:
        elements = block.get("elements")
        if not isinstance(elements, list) or not elements:
            yield f"{where}: elements are missing"
            return
        if len(elements) > _MOST_ELEMENTS[kind]:
            yield f"{where}: {len(elements)} elements, at most {_MOST_ELEMENTS[kind]}"
        for index, element in enumerate(elements):
            yield from _element(element, f"{where}.elements[{index}]")


def _fields(fields: Any, where: str) -> Iterator[str]:
    if not isinstance(fields, list) or len(fields) > _MOST_FIELDS:
        yield f"{where}.fields: at most {_MOST_FIELDS}"
        return
    for index, field in enumerate(fields):
        yield from _text(field, f"{where}.fields[{index}]", _LONGEST_FIELD, _TEXTS)


def _element(element: Any, where: str) -> Iterator[str]:
    if not isinstance(element, dict):
        yield f"{where}: an object is expected"
    elif element.get("type") == "button":
        yield from _text(element.get("text"), f"{where}.text", _LONGEST_BUTTON, {"plain_text"})
        for member, longest in (("value", _LONGEST_VALUE), ("url", _LONGEST_URL)):
            if len(str(element.get(member, ""))) > longest:
                yield f"{where}.{member}: more than {longest} characters"
    elif element.get("type") in _TEXTS:
        yield from _text(element, where, _LONGEST_SECTION, _TEXTS)


def _text(text: Any, where: str, longest: int, kinds: set[str]) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"{where}: {' or '.join(sorted(kinds))} is expected"
        return
    content = text.get("text")
    if not isinstance(content, str) or not content:
        yield f"{where}: text is missing"
    elif len(content) > longest:
        yield f"{where}: {len(content)} characters, at most {longest}"
