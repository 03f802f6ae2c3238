"""How commands answer: tables for people, JSON for machines, never both."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from console import plain_text
from console.client import words

people = Console()
errors = Console(stderr=True)
counted = words.counted
sentences = words.sentences
SCREEN = Path("-")  # in place of a file
GAP = 1  # between columns
LONGEST_WORD = 28  # a longer one may be torn
_LEAST = (
    12  # what of a word stays together in a table; where not even that fits, the table is turned
)
_PRIVATE, _PRIVATE_SIZE = 0xE000, 6400  # characters that no file name holds

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
    "pending approval": "yellow",
    "quarantined": "red",
    "failed": "red",
    "rolled_back": "red",
    "Rejected": "red",
    "ALARM": "red",
}


def as_json(value: Any) -> None:
    """Print JSON for machines; where the output takes ASCII only, other characters are escaped."""
    is_plain = not plain_text.takes_everything(sys.stdout.encoding)
    print(json.dumps(value, indent=2, ensure_ascii=is_plain, default=str))


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    empty: str,
    *,
    numbers: Collection[str] = (),
    whole: str = "",
) -> None:
    """Print a table, or say in words that there is nothing.

    What does not fit is folded between words, the longest texts first; a state or a date is not torn. Where
    words would be torn for lack of room, each row is written below the other, a line for each column.
    Columns that are named as `numbers` are set flush right. In the column that is named as `whole` nothing is
    torn: people copy it. What does not fit has a line of its own, above the rest of its row.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        people.print(f"[dim]{empty}[/dim]")
        return
    columns_of_cells = zip(columns, *cells, strict=True)
    words = [[Text.from_markup(cell).plain for cell in column] for column in columns_of_cells]
    spaced = people.width - GAP * (len(columns) + 1)
    if sum(min(_longest_word(texts), _LEAST) for texts in words) > spaced:
        _turned(title, columns, cells)
        return
    made = Table(title=escape(title), title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    made.padding, made.pad_edge = (0, 0), False
    widths = fitted(words, spaced)
    for column, width in zip(columns, widths, strict=True):
        side: Literal["left", "right"] = "right" if column in numbers else "left"
        made.add_column(column, overflow="fold", width=width, justify=side)
    if whole:
        _with_lines_above(made, cells, columns.index(whole), widths[columns.index(whole)])
        return
    for row in cells:
        made.add_row(*row)
    people.print(made)


def _with_lines_above(made: Table, rows: Sequence[list[str]], column: int, width: int) -> None:
    """Print a table in which what is wider than its column has a line of its own, above its row."""
    above: dict[str, list[Text]] = {}
    for number, row in enumerate(rows):
        cell = Text.from_markup(row[column])
        shown = list(row)
        if cell.cell_len > width:
            # A mark keeps the line until the lines are made.
            mark = chr(_PRIVATE + number % _PRIVATE_SIZE)
            above.setdefault(mark, []).append(cell)
            made.add_row(*(mark if at == column else "" for at in range(len(row))))
            shown[column] = ""
        made.add_row(*shown)
    for line in people.render_lines(made, pad=False):
        said = "".join(each.text for each in line)
        if waiting := above.get(said.strip()):
            people.print(Text(" ") + waiting.pop(0), soft_wrap=True)
        else:
            people.print(Text.assemble(*((each.text, each.style or "") for each in line)))


def fitted(columns: Sequence[Sequence[str]], available: int) -> list[int]:
    """Return a width for each column of texts, so that all together fit.

    The widest gives way first, and none to less than its longest word unless that is very long, or
    nothing else is left to give.
    """
    widths = [max(map(cell_len, texts)) for texts in columns]
    words = [_longest_word(texts) for texts in columns]
    for floors in ([min(word, LONGEST_WORD) for word in words], [1] * len(widths)):
        while sum(widths) > available:
            spare = [width - floor for width, floor in zip(widths, floors, strict=True)]
            giving = [number for number, each in enumerate(spare) if each > 0]
            if not giving:
                break
            widths[max(giving, key=lambda number: widths[number])] -= 1
    return widths


def _longest_word(texts: Sequence[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=1)


def _turned(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    people.print(f"[bold]{escape(title)}[/bold]")
    for row in rows:
        made = Table.grid(padding=(0, GAP))
        made.add_column(style="dim", no_wrap=True)
        made.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell:
                made.add_row(escape(column), cell)
        people.print()
        people.print(made)


def facts(title: str, content: Mapping[str, Any]) -> None:
    """Print names and values below each other."""
    people.print(f"[bold]{title}[/bold]")
    width = max(map(len, content), default=0)
    for name, value in content.items():
        people.print(f"  {name:<{width}}  {_cell(value)}")


def write(path: Path, text: str) -> None:
    """Write a file; of `-` print the text as it is."""
    if path == SCREEN:
        sys.stdout.write(text)
        return
    path.write_text(text, encoding="utf-8", newline="")


def say(text: str) -> None:
    """Print a line."""
    people.print(text)


def complain(text: str) -> None:
    """Print a line to stderr, as it is."""
    errors.print(f"solar: {text}", markup=False, highlight=False, soft_wrap=True)


def say_plainly(text: str) -> None:
    """Print a line that holds other people's words, as it is."""
    people.print(text, markup=False, highlight=False, soft_wrap=True)


def say_folded(text: str) -> None:
    """Print a line as `say_plainly` does; on a screen it is folded between words, in a pipe it is not."""
    people.print(text, markup=False, highlight=False, soft_wrap=not people.is_terminal)


def held(model_id: str, hold: dict[str, Any]) -> str:
    """Return who holds a model, since when and why, and what ends that."""
    return (
        f"{model_id} is held by {hold['by']} since {when(hold['since'])}: {hold['reason']}; "
        f"`solar release {model_id}` lets newer versions be deployed again"
    )


def short(identifier: str | None, length: int = 12) -> str:
    """Return the beginning of a long name, enough to recognise it by."""
    return "" if identifier is None else identifier[:length]


def short_run(run_id: str | None) -> str:
    """Return a run's name with its attempt, which tells runs of the same recipe apart."""
    recipe, _, attempt = (run_id or "").rpartition("-")
    return f"{recipe[:8]}…-{attempt}" if len(recipe) > 8 else run_id or ""  # noqa: PLR2004 - shown


def took(begun: str | None, ended: str | None) -> str:
    """Return how long something took, from its ISO times."""
    if begun is None or ended is None:
        return ""
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - shown


def cost(usd: float | None) -> str:
    """Return US dollars to the cent."""
    if usd is None:
        return ""
    return "< 0.01" if 0 < usd < 0.01 else f"{usd:.2f}"  # noqa: PLR2004 - a cent


def when(moment: str | None) -> str:
    """Return an ISO time to the second, in UTC."""
    return "" if moment is None else moment[:19].replace("T", " ")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"  # noqa: PLR2004 - no exponents
    text = str(value)
    style = _STYLES.get(text)
    return f"[{style}]{text}[/{style}]" if style else text.replace("[", "\\[")
