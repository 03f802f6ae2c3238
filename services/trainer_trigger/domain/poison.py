"""Which versions were trained on data that was taken out later: a pure comparison of ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared.dataset import Coverage, Exclusion


def touched(trained_on: Coverage, exclusions: Iterable[Exclusion]) -> tuple[Exclusion, ...]:
    """Return the exclusions whose range a dataset trained on: a file covers it, and it was not out then."""
    return tuple(
        exclusion
        for exclusion in exclusions
        if not any(_covers(known, exclusion) for known in trained_on.exclusions)
        and trained_on.touches(exclusion)
    )


def newest_clean(
    versions: Iterable[ApprovedVersion], is_poisoned: Callable[[ApprovedVersion], bool]
) -> ApprovedVersion | None:
    """Return the first of the versions, newest first, that was not trained on excluded data."""
    return next((version for version in versions if not is_poisoned(version)), None)


def serving(
    versions: Iterable[ApprovedVersion], is_poisoned: Callable[[ApprovedVersion], bool]
) -> ApprovedVersion | None:
    """Return which of the versions, newest first, serves once an exclusion was answered.

    That is the newest clean one. Where none is clean nothing is taken back, and the newest serves on.
    """
    newest = None
    for version in versions:
        if not is_poisoned(version):
            return version
        newest = newest or version
    return newest


def ranges(exclusions: Iterable[Exclusion]) -> str:
    """Say which ranges of which sites are excluded, and why."""
    return "; ".join(
        f"{each.site_id} {each.start:%Y-%m-%d %H:%M} to {each.end:%Y-%m-%d %H:%M} ({each.reason})"
        for each in exclusions
    )


def story(
    poisoned: ApprovedVersion, exclusions: Iterable[Exclusion], clean: ApprovedVersion | None
) -> str:
    """Tell people the whole story in one sentence or two."""
    goes_on = (
        f"version {clean.version} is the last clean one and serves until then"
        if clean
        else "no clean version exists, so it goes on serving until then"
    )
    return (
        f"version {poisoned.version} was trained on data that is now excluded: {ranges(exclusions)}; "
        f"{goes_on}; a retrain without them was asked for"
    )


def _covers(known: Exclusion, exclusion: Exclusion) -> bool:
    return (
        known.site_id == exclusion.site_id
        and known.start <= exclusion.start
        and exclusion.end <= known.end
    )
