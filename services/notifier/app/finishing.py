"""Finishes what people decided by links where the process died, or could not ask, before it took effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain.links.grant import Grant
from services.notifier.domain.links.use import Use, command
from services.notifier.ports import Deciders, Uses
from shared.clock import Clock

LEFT = timedelta(minutes=2)  # after which a use counts as left; who began it may run for 15 s


@dataclass(frozen=True, slots=True)
class Finishing:
    """Asks deployer for what is marked; the same use is the same message, which is carried out once."""

    uses: Uses
    deciders: Deciders
    clock: Clock

    def finish(self, grant: Grant, use: Use) -> None:
        """Ask for what a person decided, and note that it was asked."""
        self.deciders.send(command(grant, use))
        self.uses.finish(use.nonce)

    def sweep(self) -> None:
        """Finish what was left: nobody needs to press the button again."""
        for grant, use in self.uses.left(self.clock() - LEFT):
            self.finish(grant, use)
