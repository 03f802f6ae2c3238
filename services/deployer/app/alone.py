"""One worker per model at a time: two that look at an endpoint together see it change under their hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from services.deployer.ports import Leases
from shared.clock import Clock
from shared.errors import NotReadyError

LONGEST = timedelta(seconds=90)  # longer than the function may run, so that only the dead lose it
TRIES = 4
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Alone:
    """Lets one worker at a time act on a model."""

    leases: Leases
    clock: Clock
    new_owner: Callable[[], str]
    sleep: Callable[[float], None]
    longest: timedelta = LONGEST
    tries: int = TRIES

    @contextmanager
    def with_model(self, model_id: str) -> Iterator[None]:
        """Hold a model for as long as the block runs.

        Raises
        ------
        NotReadyError
            Somebody else holds it, for longer than is waited.
        """
        owner = self.new_owner()
        self._take(model_id, owner)
        try:
            yield
        finally:
            self.leases.give_back(model_id, owner)

    def _take(self, model_id: str, owner: str) -> None:
        for attempt in range(self.tries):
            if attempt:
                self.sleep(PAUSE_SECONDS)
            now = self.clock()
            if self.leases.take(model_id, owner, now, now + self.longest):
                return
        message = f"another worker holds {model_id}"
        raise NotReadyError(message)
