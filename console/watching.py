"""What happens to a model from an upload to a version that serves, told as it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from console import output

FAR = timedelta(hours=1)  # who waits longer than this need not be watched
_ENDED = {"registered", "rejected", "failed"}


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at a moment, as the services answer it.

    Attributes
    ----------
    decision
        The latest decision, or None before the first.
    unseen
        How many files came since that decision.
    progress
        The newest run with its stages, or None before the first.
    log
        The model's deployment log, oldest first.
    pending
        Versions that wait for a person.
    """

    now: datetime
    decision: Mapping[str, Any] | None
    unseen: int
    progress: Mapping[str, Any] | None
    log: tuple[Mapping[str, Any], ...] = ()
    pending: tuple[int, ...] = ()


@dataclass(slots=True)
class Watch:
    """Follows one run, or the next one of a model, to its verdict or until its version serves.

    `verdict` is empty while it goes on; `succeeded` says then whether the end is a good one.
    """

    run_id: str | None = None
    until_it_serves: bool = True
    before: str | None = None  # a run that had ended before anybody watched
    verdict: str = ""
    succeeded: bool = False
    _said: set[str] = field(default_factory=set)

    def see(self, look: Look) -> Iterator[str]:
        """Yield, in words, what is new since the last look."""
        progress = self._mine(look)
        if progress is None:
            yield from self._waiting(look)
            return
        yield from self._stages(progress)
        if progress["status"] in _ENDED:
            yield from self._ended(progress, look)

    def doing(self, look: Look) -> str:
        """Return what is going on, with the time it has taken and will probably take."""
        progress = self._mine(look)
        if progress is None:
            return "waiting for a decision"
        if progress["status"] in _ENDED:
            return f"version {progress['model_package_version']} goes to its endpoint"
        stage = next((each for each in progress["stages"] if not each["ended_at"]), None)
        expected = progress["expected"] or {"seconds": None, "stages": {}}
        if stage is None or not stage["started_at"]:
            return _beside(look.now, progress["started_at"], expected["seconds"], "starting")
        usual = expected["stages"].get(stage["name"])
        return _beside(look.now, stage["started_at"], usual, stage["name"])

    def _mine(self, look: Look) -> Mapping[str, Any] | None:
        found = look.progress
        if found is None or found["run_id"] == self.before:
            return None
        return found

    def _waiting(self, look: Look) -> Iterator[str]:
        decision = look.decision
        if decision is None:
            yield from self._once("nothing was decided yet")
            return
        reasons = "; ".join(decision["reasons"])
        until = decision["until"]
        again = f"; looked at again at {output.when(until)} UTC" if until else ""
        since = "; files came since, so it is decided again" if look.unseen else ""
        yield from self._once(f"{decision['outcome']}: {reasons}{again}{since}")
        if not look.unseen and not _is_soon(until, look.now):
            self.verdict = f"nothing goes on: {decision['outcome']}, because {reasons}"

    def _stages(self, progress: Mapping[str, Any]) -> Iterator[str]:
        yield from self._once(
            f"run {output.short_run(progress['run_id'])} began: {'; '.join(progress['reasons'])}"
        )
        for each in progress["stages"]:
            if each["ended_at"] and each["started_at"]:
                took = output.took(each["started_at"], each["ended_at"])
                yield from self._once(f"{each['name']}: {each['status'].lower()} after {took}")

    def _ended(self, progress: Mapping[str, Any], look: Look) -> Iterator[str]:
        status, version = progress["status"], progress["model_package_version"]
        if status == "registered" and self.until_it_serves:
            yield from self._once(f"registered as version {version}")
            yield from self._deployment(version, progress, look)
            return
        self.succeeded = status == "registered"
        said = {
            "registered": f"registered as version {version}",
            "rejected": f"rejected; why: solar report {output.short_run(progress['run_id'])}",
        }
        self.verdict = said.get(status) or f"failed: {progress['failure']}"

    def _deployment(self, version: int, progress: Mapping[str, Any], look: Look) -> Iterator[str]:
        if version in look.pending:
            self.succeeded = True
            model_id = progress["model_id"]
            self.verdict = (
                f"version {version} waits for a person: solar approve {version} {model_id}"
            )
            return
        for each in look.log:
            if each["version"] != version:
                continue
            reason = f": {each['reason']}" if each["reason"] else ""
            event = each["event"].replace("_", " ")
            if each["event"] == "deployed":
                self.succeeded, self.verdict = True, f"version {version} serves"
            elif each["event"] == "rolled_back":
                self.verdict = f"version {version} was taken back{reason}"
            else:
                yield from self._once(f"version {version}: {event}{reason}")

    def _once(self, line: str) -> Iterator[str]:
        if line not in self._said:
            self._said.add(line)
            yield line


def _is_soon(until: str | None, now: datetime) -> bool:
    return until is not None and datetime.fromisoformat(until) - now < FAR


def _beside(now: datetime, started_at: str, usual: float | None, what: str) -> str:
    """Return how long something takes beside how long it took the last time."""
    seconds = (now - datetime.fromisoformat(started_at)).total_seconds()
    about = f" of about {usual:.0f} s" if usual else ""
    return f"{what}, {seconds:.0f} s{about}"
