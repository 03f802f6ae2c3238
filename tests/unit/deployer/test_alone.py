"""One worker at a time acts on a model; another waits a little for it and comes back later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from services.deployer.app.alone import LONGEST, TRIES, Alone
from shared.errors import NotReadyError
from tests.unit.deployer.fakes import MODEL, START


@dataclass
class Taken:
    """Leases of a model that somebody holds for some tries."""

    tries: int
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def take(self, model_id: str, owner: str, now: datetime, until: datetime) -> bool:
        assert model_id == MODEL
        self.asked.append((owner, now, until))
        return len(self.asked) > self.tries

    def give_back(self, model_id: str, owner: str) -> None:
        assert model_id == MODEL
        self.given_back.append(owner)


def test_a_worker_waits_half_a_second_for_each_try_and_gives_the_model_back() -> None:
    leases, slept = Taken(tries=2), []
    with Alone(leases, lambda: START, lambda: "me", slept.append).with_model(MODEL):
        assert leases.given_back == []

    assert slept == [0.5, 0.5]
    assert leases.asked == [("me", START, START + LONGEST)] * 3
    assert leases.given_back == ["me"]


def test_a_worker_that_waited_in_vain_comes_back_later_and_takes_nothing_away() -> None:
    leases, slept = Taken(tries=1000), []
    alone = Alone(leases, lambda: START, lambda: "me", slept.append)
    with pytest.raises(NotReadyError, match="another worker holds golden"), alone.with_model(MODEL):
        pytest.fail("the model is not ours")

    assert slept == [0.5] * (TRIES - 1)
    assert leases.given_back == []
