"""What the options before the verb say, for every command."""

from __future__ import annotations

from dataclasses import dataclass

from console.target import Kind, System, connect


@dataclass(slots=True)
class State:
    """The global options, and the system they lead to."""

    endpoint: Kind | None = None
    _system: System | None = None

    @property
    def system(self) -> System:
        """The system that commands talk to, connected once."""
        if self._system is None:
            self._system = connect(self.endpoint)
        return self._system

    def use(self, system: System) -> None:
        """Talk to this system from now on."""
        self.endpoint, self._system = system.kind, system


state = State()
