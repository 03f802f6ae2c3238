"""The rules of a retrain: each looks at one thing and answers one of five things.

FORBID  wait, whatever the others say (in flight, paused, over budget, given up)
DEMAND  retrain, whatever holds (a person asked, the configuration changed, the maximum wait is over)
HOLD    not yet (quiet period, cool-down)
WANT    there is a reason to retrain
NOTHING this rule has no opinion; its figures are kept for the record

A rule of your own is one more function in `RULES`; docs/decisions/0005-decisions.md has an example.
"""

from __future__ import annotations

from services.trainer_trigger.domain.decision import Rule
from services.trainer_trigger.domain.rules.champion import (
    champion_missing,
    champion_too_old,
    degraded,
)
from services.trainer_trigger.domain.rules.cool_down import cool_down
from services.trainer_trigger.domain.rules.limits import (
    account_full,
    in_flight,
    over_budget,
    paused,
)
from services.trainer_trigger.domain.rules.new_days import enough_new_days, no_data
from services.trainer_trigger.domain.rules.quiet_period import maximum_wait, quiet_period
from services.trainer_trigger.domain.rules.recipe import already_trained, given_up
from services.trainer_trigger.domain.rules.requests import (
    configuration_changed,
    exclusions_changed,
    person_asked,
)
from services.trainer_trigger.domain.rules.suspect_sources import left_out, sources_due

RULES: tuple[Rule, ...] = (
    in_flight,
    paused,
    over_budget,
    account_full,
    no_data,
    already_trained,
    given_up,
    person_asked,
    configuration_changed,
    exclusions_changed,
    maximum_wait,
    champion_missing,
    champion_too_old,
    degraded,
    enough_new_days,
    quiet_period,
    cool_down,
    sources_due,
    left_out,
)
