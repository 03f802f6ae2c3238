"""Whether there are enough new data: none at all, or too few new days of too few sites."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.dataset import DatasetFile
from shared.model_config import RetrainPolicy


def no_data(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A model without a file, or without forecasts that are its inputs, has nothing to train on."""
    if state.lacks:
        return RuleAnswer(Effect.FORBID, state.lacks)
    if state.known_files:
        return RuleAnswer(Effect.NOTHING, f"{len(state.known_files)} files")
    return RuleAnswer(Effect.FORBID, "no accepted file yet")


def enough_new_days(state: ModelState, policy: RetrainPolicy, _: datetime) -> RuleAnswer:
    """At least so many new days per site in the mean, of so large a share of the sites."""
    days, sites = new_days_by_site(each.file for each in state.new_files), state.sites
    if not days:
        return RuleAnswer(Effect.NOTHING, "no new data")
    mean = sum(days.values()) / len(days)
    share = len(days) / max(1, len(sites | days.keys()))
    numbers = {"new_days": mean, "minimum_new_days": policy.minimum_new_days, "share": share}
    if mean < policy.minimum_new_days:
        missing = policy.minimum_new_days - mean
        reason = f"{mean:g} new days of data, {missing:g} more are needed"
        return RuleAnswer(Effect.NOTHING, reason, numbers=numbers)
    if share < policy.minimum_site_share:
        reason = (
            f"{mean:g} new days of data, but of {share:.0%} of the sites only; "
            f"{policy.minimum_site_share:.0%} are needed"
        )
        return RuleAnswer(Effect.NOTHING, reason, numbers=numbers)
    return RuleAnswer(Effect.WANT, f"{mean:g} new days of data", numbers=numbers)


def new_days_by_site(files: Iterable[DatasetFile]) -> dict[str, int]:
    """Return how many days the files of each site cover; power and weather count once [d]."""
    days: dict[str, set[date]] = {}
    for file in files:
        last = file.window_end - timedelta(microseconds=1)
        span = (last.date() - file.window_start.date()).days
        days.setdefault(file.site_id, set()).update(
            file.window_start.date() + timedelta(days=offset) for offset in range(span + 1)
        )
    return {site: len(covered) for site, covered in days.items()}
