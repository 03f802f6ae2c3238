"""Files that no dataset takes, because their source is suspect, or because nobody knows yet whether it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy

_NEXT_LOOK = timedelta(minutes=1)
# data_watcher's sweep makes up for a lost look every 15 minutes; no model waits for one that never comes.
_LONGEST_LOOK = timedelta(minutes=45)


def left_out(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """Say with every decision which files are left out; where no other is left, nothing is trained."""
    if not state.left_out:
        return RuleAnswer(Effect.NOTHING, "no file is of a suspect source")
    count = (
        f"all {len(state.left_out)} files" if not state.files else f"{len(state.left_out)} files"
    )
    reason = (
        f"{count} are left out: {', '.join(state.suspects)}; `solar sites list` says why. Correct the site's "
        "YAML, or say `solar sites trust`"
    )
    effect = Effect.NOTHING if state.files else Effect.FORBID
    return RuleAnswer(effect, reason, numbers={"left_out": len(state.left_out)})


def sources_due(state: ModelState, _: RetrainPolicy, now: datetime) -> RuleAnswer:
    """After a cause for doubt, files of the source wait until all were looked at together."""
    since = state.sources_due_since
    if since is None or now - since >= _LONGEST_LOOK:
        return RuleAnswer(Effect.NOTHING, "no source is to be looked at")
    return RuleAnswer(
        Effect.FORBID,
        f"files were refused or disagreed at {since:%H:%M}; first their sources are looked at as a whole",
        now + _NEXT_LOOK,
    )
