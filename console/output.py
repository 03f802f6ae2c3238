"""How commands answer: tables for people, JSON for machines, never both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

people = Console()
errors = Console(stderr=True)

# Words that deserve a colour wherever they stand alone in a cell.
_STYLES = {
    "accepted": "green",
    "registered": "green",
    "deployed": "green",
    "Approved": "green",
    "InService": "green",
    "ok": "green",
    "running": "cyan",
    "pending": "cyan",
    "rejected": "yellow",
    "duplicate": "dim",
    "superseded": "dim",
    "PendingManualApproval": "yellow",
    "quarantined": "red",
    "failed": "red",
    "rolled_back": "red",
    "Rejected": "red",
    "ALARM": "red",
}


def as_json(value: Any) -> None:
    """Print JSON for machines."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Print a table, or say in words that there is nothing."""
    made = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    people.print(made if made.row_count else f"[dim]{empty}[/dim]")


def facts(title: str, content: Mapping[str, Any]) -> None:
    """Print names and values below each other."""
    people.print(f"[bold]{title}[/bold]")
    width = max(map(len, content), default=0)
    for name, value in content.items():
        people.print(f"  {name:<{width}}  {_cell(value)}")


def say(text: str) -> None:
    """Print a line."""
    people.print(text)


def complain(text: str) -> None:
    """Print a line to stderr, as it is."""
    errors.print(f"solar: {text}", markup=False, highlight=False, soft_wrap=True)


def say_plainly(text: str) -> None:
    """Print a line that holds other people's words, as it is."""
    people.print(text, markup=False, highlight=False, soft_wrap=True)


def sentences(*texts: str | None) -> str:
    """Return texts as sentences, one after the other."""
    return " ".join(
        _sentence(text.strip(), begins=not i) for i, text in enumerate(filter(None, texts))
    )


def _sentence(text: str, *, begins: bool) -> str:
    first = text.partition(" ")[0]
    if not begins and first.isalpha() and first != "solar":  # a command is written as it is typed
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def short(identifier: str | None, length: int = 12) -> str:
    """Return the beginning of a long name, enough to recognise it by."""
    return "" if identifier is None else identifier[:length]


def short_run(run_id: str | None) -> str:
    """Return a run's name with its attempt, which tells runs of the same recipe apart."""
    recipe, _, attempt = (run_id or "").rpartition("-")
    return f"{recipe[:8]}…-{attempt}" if len(recipe) > 8 else run_id or ""  # noqa: PLR2004 - shown


def when(moment: str | None) -> str:
    """Return an ISO time to the second, in UTC."""
    return "" if moment is None else moment[:19].replace("T", " ")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    style = _STYLES.get(text)
    return f"[{style}]{text}[/{style}]" if style else text.replace("[", "\\[")
