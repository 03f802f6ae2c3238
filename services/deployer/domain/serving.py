"""Who serves a model, put together from what was written down and from what AWS has.

Instances have a canary: AWS gives a new version a part of the requests, and takes it back. Everything else is
tested beside what serves, by a second endpoint or by the function that answers, and then gets all requests at
once. What is under way is written down before AWS is asked for it, so that a death in between loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.deployer.domain.deployment import TESTING, Endpoint
from shared.model_config import Mode

IN_SERVICE = "InService"


@dataclass(frozen=True, slots=True)
class Standing:
    """A version and how it is served; `was_given` says that AWS was asked to give it all requests."""

    version: int
    configuration: str
    mode: Mode
    was_given: bool = False


@dataclass(frozen=True, slots=True)
class Serving:
    """What is written down of who serves a model.

    Attributes
    ----------
    by_function
        What the function answers with; None where an endpoint serves, or nothing.
    candidate
        What is tested beside what serves, or takes over from it.
    mode
        In which the model was served last; a model whose YAML names none keeps it.
    """

    by_function: Standing | None = None
    candidate: Standing | None = None
    mode: Mode | None = None

    @property
    def candidate_is_first(self) -> bool:
        """Whether the candidate has the model's own endpoint, because a function serves meanwhile."""
        return self.by_function is not None


def seen(  # noqa: PLR0911 - one line per state reads best
    written: Serving, first: Endpoint | None, second: Endpoint | None
) -> Endpoint | None:
    """Return who serves, with what is tested beside it; None where nothing does.

    Parameters
    ----------
    first, second
        The model's endpoint, and the one beside it, as AWS has them.
    """
    serving = _by_function(written.by_function) if written.by_function else first
    candidate = written.candidate
    if serving is None or candidate is None or serving.status != IN_SERVICE:
        return serving
    if serving.configuration == candidate.configuration:
        return serving  # it took over
    if candidate.was_given:
        return serving  # and AWS took it back
    if candidate.mode == "none":
        return replace(serving, status=TESTING, candidate=candidate.version)
    place = first if written.candidate_is_first else second
    if place is None or place.configuration != candidate.configuration:
        return serving  # it is not there yet
    match place.status:
        case "InService":
            return replace(serving, status=TESTING, candidate=candidate.version)
        case "Failed":
            changed = place.changed_at
            return replace(serving, failure_reason=place.failure_reason, changed_at=changed)
        case "Deleting":
            return serving
    return replace(serving, status="Updating")


def _by_function(standing: Standing) -> Endpoint:
    return Endpoint(IN_SERVICE, standing.configuration, standing.version, mode="none")


def is_tested_beside(before: Mode, after: Mode, *, goes_back: bool) -> bool:
    """Whether a version is tested beside what serves before it gets any request.

    A version that served before comes back at once, in the same mode. Between a serverless endpoint and
    instances AWS itself keeps the one until the other serves, and allows it in this direction only.
    """
    if (before, after) == ("serverless", "realtime"):
        return False
    if before != after:
        return True
    return before != "realtime" and not goes_back
