"""Output where the terminal or the pipe takes plain ASCII only."""

from __future__ import annotations

import codecs
import sys
import unicodedata

_NAME = "solar-plain"
_SIGNS = str.maketrans(
    {
        "─": "-",
        "━": "-",
        "│": "|",
        "…": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "→": "->",
        "✓": "ok",
        "✗": "NO",
        "•": "*",
        "±": "+-",
        "°": " deg",
    }
)


def prepare() -> None:
    """Let stdout and stderr write what their encoding has no sign for in other signs, never fail."""
    codecs.register_error(_NAME, _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not takes_everything(stream.encoding):
            stream.reconfigure(errors=_NAME)


def takes_everything(encoding: str | None) -> bool:
    """Return whether an encoding has a sign for every character."""
    return (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return the nearest ASCII of what could not be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


def _nearest(sign: str) -> str:
    known = sign.translate(_SIGNS)
    return unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode() or "?"
