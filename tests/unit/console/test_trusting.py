"""A person's word about a suspect source is answered with what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from console.commands import trusting
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture


def suspicion(cause: str, standing: str = "suspect") -> dict[str, Any]:
    return {
        "source": "power",
        "standing": standing,
        "question": f"question of {cause}",
        "cause": cause,
        "reason": f"12 of 12 files are {cause}",
        "remedy": "look at the unit",
    }


def says(system: FakeSystem, *suspicions: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Let the watcher say one after the other, and the last one on and on."""
    left = list(suspicions)

    def answer() -> dict[str, Any]:
        now = left.pop(0) if len(left) > 1 else left[0]
        return {
            "sites": [
                {
                    "kind": "site",
                    "name": "east",
                    "suspects": now if isinstance(now, list) else [now],
                }
            ]
        }

    system.answers["data_watcher", "sites"] = answer


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusting.time, "sleep", lambda _: None)


def test_a_trusted_source_counts(system: FakeSystem) -> None:
    says(system, suspicion("unlike_power"), suspicion("unlike_power", "trusted"))
    done = solar("sites", "trust", "east", "power", "--reason", "checked")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(
        "source power of site east counts: 12 of 12 files are unlike_power"
    )


def test_a_source_that_is_suspect_for_another_cause_then_is_said_to_be(system: FakeSystem) -> None:
    says(system, suspicion("unlike_power"), suspicion("unlike_power"), suspicion("unlike_capacity"))
    done = solar("sites", "trust", "east", "power", "--reason", "checked")
    assert done.exit_code == 1
    assert done.stdout == (
        "source power of site east is trusted about unlike_power, and now suspect for another cause, "
        "unlike_capacity: 12 of 12 files are unlike_capacity. Look at the unit.\n"
    )
    assert len(system.sent) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_causes_the_one_that_is_still_asked_about_is_answered(
    system: FakeSystem, order: int
) -> None:
    before = [suspicion("unlike_power", "trusted"), suspicion("unlike_capacity")][::order]
    after = [suspicion("unlike_power", "trusted"), suspicion("unlike_capacity", "trusted")][::order]
    says(system, before, before, after)
    done = solar("sites", "trust", "east", "power", "--reason", "half was off")
    assert done.exit_code == 0, done.output
    assert "counts: 12 of 12 files are unlike_capacity" in done.stdout
    ((_, body),) = system.sent
    assert "question of unlike_capacity" in body
