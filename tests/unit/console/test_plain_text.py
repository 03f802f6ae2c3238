"""A terminal or a pipe that takes plain ASCII gets plain ASCII, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console import plain_text

ROOT = Path(__file__).parents[3]


def said_in_ascii(code: str) -> str:
    """Run some lines in a process whose output takes ASCII only."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", f"from console import plain_text; plain_text.prepare(); {code}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("R\u00b2 0.9", "R2 0.9"),
        ("a\u2026-2", "a...-2"),
        ("\u2713 Gr\u00fc\u00df", "ok Gru?"),
        ("\u592a\u967d", "??"),
    ],
)
def test_what_has_no_sign_is_written_in_the_nearest(text: str, plain: str) -> None:
    assert said_in_ascii(f"print({text!r})").strip() == plain


def test_json_loses_nothing_where_the_output_takes_ascii_only() -> None:
    shown = said_in_ascii("from console import output; output.as_json({'a': 'R\u00b2 \u592a'})")
    assert json.loads(shown) == {"a": "R\u00b2 \u592a"}
    assert shown.isascii()


@pytest.mark.parametrize(
    ("encoding", "everything"),
    [
        ("utf-8", True),
        ("UTF8", True),
        ("utf_16", True),
        ("ascii", False),
        ("cp1252", False),
        (None, False),
    ],
)
def test_only_unicode_takes_everything(encoding: str | None, *, everything: bool) -> None:
    assert plain_text.takes_everything(encoding) is everything
