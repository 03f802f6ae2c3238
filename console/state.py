"""What the options before the verb say, for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from console import output, target
from console.errors import ConsoleError
from console.target import Kind, System, connect

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class State:
    """The global options, and the system they lead to."""

    endpoint: Kind | None = None
    region: str | None = None
    _system: System | None = None

    @property
    def system(self) -> System:
        """The system that commands talk to, connected once.

        Whoever did not say where learns on stderr when it is AWS.
        """
        if self._system is None:
            found = connect(self.endpoint, region=self.region)
            if self.endpoint is None and found.kind == "aws":
                output.complain(target.introduce(found))
            self._system = found
        return self._system

    def require_choice(self) -> None:
        """Refuse to change anything in a place that nobody named.

        Raises
        ------
        ConsoleError
            No local platform runs, and AWS was not asked for.
        """
        if self._system is None and self.endpoint is None and (why := target.undecided()):
            raise ConsoleError(why)

    def use(self, system: System) -> None:
        """Talk to this system from now on."""
        self.endpoint, self._system = system.kind, system


state = State()


def changing(verb: Callable[P, R]) -> Callable[P, R]:
    """Mark a verb that changes something: it never turns to AWS by itself."""

    @wraps(verb)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        state.require_choice()
        return verb(*args, **kwargs)

    return checked
