"""A process that dies at one of its calls to the world outside, before or after the call took effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


class DiedError(BaseException):
    """The process is gone; nothing in it may catch that."""


@dataclass
class Fuse:
    """Counts calls, and lets the process die at one of them; `at` is None for an undisturbed run."""

    at: int | None = None
    after: bool = False
    calls: int = 0
    made: list[str] = field(default_factory=list)

    def guard(self, port: Any) -> Any:
        """Return a port whose calls burn the fuse."""
        return _Guarded(port, self)

    def burn(self, name: str, call: Callable[[], Any]) -> Any:
        self.calls += 1
        self.made.append(name)
        if self.calls != self.at:
            return call()
        if self.after:
            call()
        raise DiedError


@dataclass
class _Guarded:
    port: Any
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.port, name)
        if not callable(found):
            return found
        return lambda *args, **named: self.fuse.burn(name, lambda: found(*args, **named))

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.fuse.burn("call", lambda: self.port(*args, **named))


def deaths(story: Callable[[Fuse], None]) -> Iterator[Fuse]:
    """Yield a fuse for a death before and after each call that a story makes undisturbed."""
    undisturbed = Fuse()
    story(undisturbed)
    assert undisturbed.calls, "the story calls nothing that is guarded"
    for at in range(1, undisturbed.calls + 1):
        for after in (False, True):
            yield Fuse(at, after)
