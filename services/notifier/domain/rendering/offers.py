"""What a reader can open or do from a message."""

from __future__ import annotations

from services.notifier.domain.offer import Offer, Verb

Offers = tuple[Offer, ...]


def report(run_id: str | None) -> Offers:
    """Offer a run's report; nothing where no run is known."""
    return (Offer(Verb.REPORT, "Report", {"run_id": run_id}),) if run_id else ()


def run(model_id: str, run_id: str) -> Offers:
    """Offer what is known of a run, also of one that left no report."""
    return (Offer(Verb.RUN, "Run", {"model_id": model_id, "run_id": run_id}),)


def file(key: str, label: str = "File", version_id: str = "") -> Offers:
    """Offer an uploaded file as it was then, or the page of a review."""
    known = {"version_id": version_id} if version_id else {}
    return (Offer(Verb.FILE, label, {"key": key, **known}),)


def approval(model_id: str, version: int, run_id: str | None) -> Offers:
    """Offer to decide about a version that waits."""
    about = _about(model_id, version, run_id)
    return (
        Offer(Verb.APPROVE, f"Approve version {version}", about),
        Offer(Verb.REJECT, f"Reject version {version}", about),
    )


def way_back(model_id: str, version: int, run_id: str | None, *, has_before: bool) -> Offers:
    """Offer what a person can do about a version that serves."""
    about = _about(model_id, version, run_id)
    back = (Offer(Verb.ROLLBACK, f"Take version {version} back", about),) if has_before else ()
    return (*back, Offer(Verb.HOLD, "Hold the model", about))


def _about(model_id: str, version: int, run_id: str | None) -> dict[str, str]:
    known = {"run_id": run_id} if run_id else {}
    return {"model_id": model_id, "version": str(version), **known}
