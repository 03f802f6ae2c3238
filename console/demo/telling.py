"""How the demo tells its story: chapters, live progress, and expectations that hold or do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape

from console.errors import ConsoleError

T = TypeVar("T")
_POLL = 0.5  # [s]


class WaitedInVainError(ConsoleError):
    """Something did not happen in time."""


@dataclass(slots=True)
class Teller:
    """Tells what happens, and keeps what was expected."""

    screen: Console
    started: float = field(default_factory=time.monotonic)
    expectations: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def elapsed(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self.started

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.screen.print(f"\n[bold]{escape(title)}[/bold]")

    def say(self, text: str) -> None:
        """Tell one thing that happened."""
        minutes, seconds = divmod(int(self.elapsed), 60)
        self.screen.print(
            f"[dim]{minutes:02d}:{seconds:02d}[/dim]  {escape(text)}", highlight=False
        )

    def show(self, line: str) -> None:
        """Show a line as it is, without a time."""
        self.screen.print(escape(line), highlight=False)

    def expect(self, what: str, *, holds: bool) -> None:
        """Check an expectation of the story, and say whether it holds."""
        self.expectations.append((what, holds))
        mark = "[green]✓[/green]" if holds else "[bold red]✗[/bold red]"
        self.screen.print(f"      {mark} {escape(what)}", highlight=False)

    def wait(
        self, what: str, look: Callable[[], T | None], seconds: float, seen: Callable[[], str] = str
    ) -> T:
        """Wait until `look` finds something, showing meanwhile what is `seen`.

        Raises
        ------
        WaitedInVainError
            It did not happen in time.
        """
        deadline = time.monotonic() + seconds
        with self.screen.status(escape(what)) as status:
            while time.monotonic() < deadline:
                found = look()
                if found is not None:
                    return found
                status.update(f"{escape(what)} [dim]{escape(seen())}[/dim]")
                time.sleep(_POLL)
        raise WaitedInVainError(f"waited {seconds:.0f} s in vain: {what}. {seen()}")

    @property
    def all_hold(self) -> bool:
        """Whether every expectation held."""
        return all(holds for _, holds in self.expectations)

    def summary(self) -> dict[str, Any]:
        """Return what was expected and how long it took."""
        return {
            "seconds": round(self.elapsed, 1),
            "expectations": [{"what": what, "holds": holds} for what, holds in self.expectations],
            "all_hold": self.all_hold,
        }
