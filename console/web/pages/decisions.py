"""Decisions: what was decided about a model and what not, and what another policy would have done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from console import trainer
from console.client import deciding
from console.errors import ConsoleError
from console.web.cards import Card, ask, asked
from console.web.pages.common import given, moment, number, of
from shared.model_config import RetrainPolicy

LIMIT = 20
MOST = 200
SINCE = timedelta(days=90)
# What a person tries out most; the rest of the policy stays as it is.
TRIED = ("quiet_period", "maximum_wait", "minimum_new_days", "cool_down", "maximum_champion_age")
OF_THE_LIST = {"limit", "at", "done"}  # fields of the link that ask for no other policy


def models(request: Request) -> Response:
    """Show which models decisions are about."""
    site = of(request)
    found = ask(lambda: trainer.models(site.system))
    text = given(request, "text")
    return site.page(request, "decision_models.html", found=found, text=text)


def decisions(request: Request) -> Response:
    """Show the decisions about a model, and the answer to what another policy would have done."""
    site = of(request)
    system, name = site.system, request.path_params["model"]
    trainer.require_model(system, name)
    limit, at = number(request, "limit", LIMIT, MOST), moment(request, "at")
    cards = asked(
        decisions=lambda: system.ask(
            "trainer_trigger",
            "decisions",
            model_id=name,
            limit=limit,
            at=at.isoformat() if at else None,
        ),
        policy=lambda: system.ask("trainer_trigger", "models", model_id=name)["models"][0][
            "config"
        ]["policy"],
    )
    tried = {each: given(request, each) for each in TRIED}
    is_asked = bool(set(request.query_params) - OF_THE_LIST)
    replayed = (
        ask(lambda: _replay(request, name, cards["policy"].value, tried)) if is_asked else Card()
    )
    return site.page(
        request,
        "decisions.html",
        name=name,
        cards=cards,
        tried=tried,
        fields=TRIED,
        limit=limit,
        replayed=replayed,
        rules=deciding.rules,
        since=given(request, "since") or f"{datetime.now(UTC) - SINCE:%Y-%m-%d}",
    )


def _replay(
    request: Request, name: str, policy: dict[str, Any] | None, tried: dict[str, str]
) -> dict[str, Any]:
    since = moment(request, "since") or datetime.now(UTC) - SINCE
    if policy is None:
        raise ConsoleError("the policy in force could not be read")
    if unknown := sorted(set(request.query_params) - OF_THE_LIST - {"since", *TRIED}):
        raise ConsoleError(
            f"{', '.join(unknown)} cannot be tried here; what can: {', '.join(TRIED)}, since"
        )
    stated = {each: value for each, value in tried.items() if value}
    try:
        checked = RetrainPolicy.model_validate({**policy, **stated})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConsoleError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return of(request).system.ask(
        "trainer_trigger",
        "replay",
        model_id=name,
        policy=checked.model_dump(mode="json"),
        since=since.isoformat(),
    )
