"""Whatever fails behind a link, a person gets a page, an alarm can ring, and no proof is logged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.notifier.adapters.links import LinkCounts
from services.notifier.domain.links.exchange import HEADERS
from services.notifier.domain.links.grant import HARMLESS
from services.notifier.entry import links
from tests.unit.notifier.links.test_keys import Context
from tests.unit.notifier.links.world import DOMAIN, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(links, "service", lambda: made.opening)
    return made


def opened(token: str, method: str = "GET") -> dict[str, Any]:
    event = {
        "rawPath": f"/{token}",
        "headers": {"Host": DOMAIN},
        "requestContext": {"domainName": DOMAIN, "http": {"method": method}},
        "isBase64Encoded": False,
    }
    return links.lambda_handler(event, Context("r1"))


def test_what_fails_is_a_page_and_is_counted(world: World, capsys: Any) -> None:
    token = world.token()
    world.shown.read = lambda _: 1 / 0  # type: ignore[assignment, method-assign]
    answer = opened(world.token(run_id="r"))
    assert answer["statusCode"] == 503
    assert "The system does not answer" in answer["body"]
    assert answer["headers"].items() >= HEADERS.items()
    assert world.failures == 1
    assert token not in capsys.readouterr().out


def test_an_answer_of_deployer_that_does_not_come_is_counted(world: World) -> None:
    world.answers = False
    assert world.post(world.token()).status == 503
    assert world.failures == 1


def test_no_proof_is_logged(world: World, capsys: Any) -> None:
    for token in (world.token(), world.token() + "x", "a.b.c"):
        opened(token)
        assert token not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reason", "rings"),
    [("forged", True), ("cross_site", True), *((e, False) for e in sorted(HARMLESS))],
)
def test_a_refusal_is_counted_by_reason_and_rings_only_where_nobody_means_well(
    reason: str, *, rings: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    LinkCounts().refused(reason)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_reason = [each for each in said if "LinksRefusedByReason" in each]
    assert [(each["service"], each["reason"]) for each in by_reason] == [("notifier", reason)]
    alarmed = [each for each in said if "LinksRefused" in each]
    assert len(alarmed) == rings
    for each in alarmed:
        (directive,) = each["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "solar"
        assert directive["Dimensions"] == [["service"]], "else the alarm watches nothing"
