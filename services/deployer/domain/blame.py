"""Which of two fleets an alarm rang for: both answer behind one variant; AWS's metrics know no version."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.deployer.domain import alarms


def others_alone(
    version: int, rang: Iterable[str], faulty: Collection[int] | None, model_id: str
) -> tuple[int, ...]:
    """Return the versions that failed requests while a new one did not; none where it is to blame, or may be.

    Parameters
    ----------
    rang
        The alarms. That of the reference rows looks at the new version only.
    faulty
        Versions of which the endpoint's log has faults; None where it cannot be read.
    """
    if not faulty or version in faulty:
        return ()
    if not all(alarms.may_be_ignored(each, model_id) for each in rang):
        return ()
    return tuple(sorted(faulty))
