"""Whoever opens a link sees the evidence; only the form on the page acts, and only once."""

from __future__ import annotations

import base64
import hashlib
import itertools
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.app.finishing import Finishing
from services.notifier.domain.links import grant as grants
from services.notifier.domain.links.exchange import (
    HEADERS,
    LARGEST_FORM,
    Request,
    answer_event,
    request_of,
)
from services.notifier.domain.links.grant import Grant, signed
from services.notifier.domain.links.use import Use
from services.notifier.domain.offer import Verb
from shared import layout
from shared.messages import DecisionRequested, HoldRequested, RollbackRequested
from tests.unit import dying as fault
from tests.unit.deployer.live.world import evaluation
from tests.unit.dying import Fuse, deaths
from tests.unit.notifier.links.evaluated import a_run
from tests.unit.notifier.links.world import DOMAIN, FORM, KEY, NOW, OLD_KEY, SAID, World

RUN = "a1b2c3-1"


def with_evaluation() -> World:
    world = World()
    world.shown.objects[layout.evaluation(RUN)] = evaluation(RUN, NOW, sites=("east",)).encode()
    return world


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_a_link_never_acts_however_often_a_scanner_looks(method: str) -> None:
    world = with_evaluation()
    for _ in range(5):
        answer = world.get(world.token(run_id=RUN), method)
        assert answer.status == 200
        assert "Approve version 4 of model golden?" in answer.page
    assert (world.sent, world.uses.uses) == ([], {})


def test_the_page_shows_what_a_person_decides_by() -> None:
    page = with_evaluation().get(with_evaluation().token(run_id=RUN)).page
    for expected in (
        "R² on the test rows",
        "floor 0.",
        "Against what serves",
        "Taken out by checks",
    ):
        assert expected in page
    assert "<script" not in page


def test_a_version_without_an_evaluation_can_be_decided_all_the_same() -> None:
    assert "It has no evaluation to show." in World().get(World().token()).page


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (Verb.APPROVE, DecisionRequested),
        (Verb.REJECT, DecisionRequested),
        (Verb.HOLD, HoldRequested),
        (Verb.ROLLBACK, RollbackRequested),
    ],
)
def test_the_form_asks_deployer_with_name_reason_and_recipient(verb: Verb, kind: type) -> None:
    world = World()
    answer = world.post(world.token(verb))
    assert answer.status == 200
    (message,) = world.sent
    assert isinstance(message, kind)
    assert message.requested_by == "Ada (by the link sent to email)"
    assert message.reason == "new inverter"
    assert "Ada asked for it at 2024-07-01 12:00 UTC: new inverter" in answer.page


def test_an_approval_and_a_rejection_say_which() -> None:
    said = []
    for verb in (Verb.APPROVE, Verb.REJECT):
        world = World()
        world.post(world.token(verb))
        (message,) = world.sent
        assert isinstance(message, DecisionRequested)
        said.append((message.approve, message.model_package_version))
    assert said == [(True, 4), (False, 4)]


def test_a_rollback_takes_back_what_was_seen() -> None:
    world = World()
    world.post(world.token(Verb.ROLLBACK))
    (message,) = world.sent
    assert isinstance(message, RollbackRequested)
    assert message.seen_version == 3


def test_a_link_acts_once_and_says_afterwards_who_used_it() -> None:
    world = World()
    token = world.token()
    world.post(token)
    world.pending = []
    again = world.post(token, {"name": "Bob", "reason": "me too"})
    assert again.status == 409
    assert "Ada asked for it" in again.page
    assert "Ada asked for it" in world.get(token).page
    assert len(world.sent) == 1
    assert world.refusals == ["used"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"name": "", "reason": "x"}, "Write your name"),
        ({"name": "  ", "reason": "x"}, "Write your name"),
        ({"name": "a" * 65, "reason": "x"}, "Write your name"),
        ({"name": "policy: me", "reason": "x"}, "without a colon"),
        ({"name": "Ada", "reason": ""}, "Write why"),
        ({"name": "Ada", "reason": "x" * 501}, "Write why"),
        ({}, "Write your name"),
    ],
)
def test_a_form_that_lacks_something_is_shown_again_with_what_was_written(
    said: dict[str, str], wrong: str
) -> None:
    world = World()
    answer = world.post(world.token(), said)
    assert answer.status == 422
    assert wrong in answer.page
    assert world.sent == []
    assert world.uses.uses == {}


def test_what_is_written_can_neither_format_nor_break_lines() -> None:
    world = World()
    name = "<b>Ada</b>\r\n"
    answer = world.post(world.token(), {"name": name, "reason": "a\u202eb\nc"})
    assert "<b>Ada" not in answer.page
    (message,) = world.sent
    assert isinstance(message, DecisionRequested)
    assert message.reason == "a b c"


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({**FORM, "sec-fetch-site": "cross-site"}, 403, "cross_site"),
        ({**FORM, "sec-fetch-site": "same-site"}, 403, "cross_site"),
        (
            {"content-type": FORM["content-type"], "origin": "https://evil.example"},
            403,
            "cross_site",
        ),
        ({"content-type": "application/json", "sec-fetch-site": "same-origin"}, 415, "no_form"),
        ({"content-type": "text/plain", "sec-fetch-site": "same-origin"}, 415, "no_form"),
        ({}, 415, "no_form"),
    ],
)
def test_a_form_from_elsewhere_is_refused_and_counted(
    headers: dict[str, str], status: int, reason: str
) -> None:
    world = World()
    assert world.post(world.token(), SAID, headers).status == status
    assert (world.refusals, world.sent) == ([reason], [])


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": FORM["content-type"]},
        {"content-type": f"{FORM['content-type']}; charset=utf-8", "origin": f"https://{DOMAIN}"},
        {"content-type": FORM["content-type"], "origin": "null"},  # of a page without a referrer
    ],
)
def test_an_old_browser_that_names_our_own_page_or_none_may_act(headers: dict[str, str]) -> None:
    world = World()
    assert world.post(world.token(), SAID, headers).status == 200


def test_a_form_with_too_many_fields_is_refused() -> None:
    world = World()
    many = "&".join(f"f{number}=1" for number in range(11)).encode()
    request = Request("POST", f"/{world.token()}", FORM, many, DOMAIN)
    assert world.opening.answer(request).status == 415
    assert world.refusals == ["no_form"]


def test_a_huge_form_is_refused() -> None:
    world = World()
    request = Request("POST", f"/{world.token()}", FORM, b"x" * (LARGEST_FORM + 1), DOMAIN)
    assert world.opening.answer(request).status == 413
    assert world.refusals == ["too_large"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_refused(method: str) -> None:
    world = World()
    assert world.get(world.token(), method).status == 405


def test_a_forged_an_altered_and_an_expired_link_are_refused_and_counted() -> None:
    world = World()
    token = world.token()
    assert world.get("nonsense").status == 400
    assert world.get(token[:-3] + "AAA").status == 403
    world.now = NOW + timedelta(hours=73)
    assert world.post(token).status == 410
    assert world.refusals == ["malformed", "forged", "expired"]
    assert world.sent == []


def test_a_link_of_the_key_before_is_honoured_and_one_of_an_older_key_is_not() -> None:
    world = World()
    token = world.token()
    body = world.opening._grant(token)
    assert world.get(signed(body, OLD_KEY)).status == 200
    assert world.get(signed(body, "x" * 40)).status == 403
    assert world.refusals == ["old_key"]


def test_a_key_that_was_put_in_force_a_moment_ago_is_looked_for() -> None:
    world = World()
    world.keys.late = ["fresh" * 8]
    made = world.opening._grant(world.token())
    assert world.get(signed(made, "fresh" * 8)).status == 200


@pytest.mark.parametrize(
    ("verb", "pending", "serves", "said"),
    [
        (Verb.APPROVE, [], 3, "waits no longer"),
        (Verb.REJECT, [5], 3, "waits no longer"),
        (Verb.ROLLBACK, [4], 4, "serves no longer; version 4 does"),
        (Verb.HOLD, [4], 4, "serves no longer"),
    ],
)
def test_a_link_about_what_is_over_changes_nothing(
    verb: Verb, pending: list[int], serves: int, said: str
) -> None:
    world = World(pending=pending, serves=serves)
    answer = world.post(world.token(verb))
    assert (answer.status, world.sent, world.uses.uses) == (409, [], {})
    assert said in answer.page
    assert world.refusals == ["over"]
    looked_at = world.get(world.token(verb))
    assert looked_at.status == 409, "nobody fills in a form in vain"
    assert said in looked_at.page


def test_where_deployer_does_not_answer_nothing_is_changed_and_the_link_stays_good() -> None:
    world = World(answers=False)
    token = world.token()
    assert world.get(token).status == 200
    assert world.post(token).status == 503
    world.answers = True
    assert world.post(token).status == 200
    assert len(world.sent) == 1


MOMENTS = [
    f"{when} {what}"
    for what, when in itertools.product(("begin", "send", "finish"), ("before", "after"))
]


class DiedError(Exception):
    """The process is gone."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_that_dies_loses_no_decision_and_makes_none_twice(moment: str) -> None:
    world = World()

    def dies(now: str) -> None:
        if now == moment:
            raise DiedError

    world.uses.dies = world.dies = dies
    token = world.token()
    with pytest.raises(DiedError):
        world.post(token)
    world.uses.dies = world.dies = lambda _: None
    world.get(token)
    sent_by_looking = len(world.sent)
    world.post(token, {"name": "Bob", "reason": "again"})
    ids = {each.id for each in world.sent}
    assert len(ids) == 1, "the same link is the same command"
    assert sent_by_looking <= 1
    (message, *_) = world.sent
    assert isinstance(message, DecisionRequested)
    begun = moment != "before begin"
    assert message.requested_by.startswith("Ada" if begun else "Bob")
    assert world.uses.uses["n1"].is_done


@pytest.mark.parametrize("verb", sorted(grants.ACTING))
@pytest.mark.parametrize("again", ["the form", "the sweep", "both"])
def test_a_death_at_any_call_loses_no_decision_and_makes_none_twice(verb: Verb, again: str) -> None:
    def request(world: World) -> Request:
        body = urlencode(SAID).encode()
        return Request("POST", f"/{world.token(verb)}", FORM, body, DOMAIN)

    def story(fuse: Fuse) -> None:
        world = World()
        world.guarded(fuse.guard).answer(request(world))

    fuses = list(deaths(story))
    assert len(fuses) >= 12
    for fuse in fuses:
        world = World()
        with suppress(fault.DiedError):
            world.guarded(fuse.guard).answer(request(world))
        begun = bool(world.uses.uses)
        if again != "the form":
            world.sweep()
        if again != "the sweep":
            world.opening.answer(request(world))
        ids = {each.id for each in world.sent}
        assert len(ids) == (begun or again != "the sweep"), fuse
        assert all(each.is_done for each in world.uses.uses.values()), fuse


def test_what_is_worked_on_just_now_is_left_to_who_does_it() -> None:
    world = World()
    world.uses.begin(Use("n1", "Ada", "why", world.now), Grant(Verb.HOLD, {}, "email", NOW, "n1"))
    Finishing(world.uses, world, lambda: world.now).sweep()
    assert not world.sent


@given(st.lists(st.sampled_from(["get", "post", "sweep", "wait"]), max_size=10))
def test_in_any_order_a_link_decides_at_most_once(steps: list[str]) -> None:
    world = World()
    token = world.token()
    for step in steps:
        match step:
            case "get":
                world.get(token)
            case "post":
                world.post(token)
            case "sweep":
                world.sweep()
            case "wait":
                world.now += timedelta(hours=30)
    assert len(world.sent) <= 1
    if "post" in steps:
        in_time = steps[: steps.index("post")].count("wait") <= 2
        assert len(world.sent) == in_time


def test_two_people_at_once_are_one_decision() -> None:
    world = World()
    token = world.token()
    original = world.uses.begin

    def raced(use, grant):  # type: ignore[no-untyped-def]
        world.uses.uses.setdefault(use.nonce, type(use)(use.nonce, "Bob", "first", NOW))
        return original(use, grant)

    world.uses.begin = raced  # type: ignore[method-assign]
    answer = world.post(token)
    assert "Bob asked for it" in answer.page
    assert len({each.id for each in world.sent}) == 1


# --- links that only show -------------------------------------------------------------------------


def test_a_report_opens_in_the_browser_and_a_file_of_a_plant_is_saved() -> None:
    world = World()
    raw = "raw/east/a b.csv"
    world.shown.objects = {layout.report(RUN): b"", raw: b"", "reviews/week/2024-W27.html": b""}
    report = world.get(world.token(Verb.REPORT, run_id=RUN))
    file = world.get(world.token(Verb.FILE, key=raw))
    world.shown.objects[f"{raw}@v1"] = b""
    as_it_was = world.get(world.token(Verb.FILE, key=raw, version_id="v1"))
    assert as_it_was.location == f"https://s3/{raw}@v1?"
    gone = world.get(world.token(Verb.FILE, key=raw, version_id="v0"))
    assert gone.status == 404, "another version is no answer"
    review = world.get(world.token(Verb.FILE, key="reviews/week/2024-W27.html"))
    assert report.location == f"https://s3/{layout.report(RUN)}?text/html; charset=utf-8"
    assert file.location == f"https://s3/{raw}?"
    assert review.location.endswith("text/html; charset=utf-8")
    assert {report.status, file.status, review.status} == {302}


def test_an_object_that_is_gone_is_said_to_be_gone() -> None:
    world = World()
    assert world.get(world.token(Verb.REPORT, run_id=RUN)).status == 404


@pytest.mark.parametrize("key", ["config/sites/east.yaml", "active/x.json", "runs/x/model.tar.gz"])
def test_no_other_object_can_be_opened_even_by_a_signed_link(key: str) -> None:
    world = World()
    world.shown.objects[key] = b""
    assert world.get(world.token(Verb.FILE, key=key)).status == 400


def test_a_run_shows_what_it_found_and_the_commands_that_tell_more() -> None:
    page = with_evaluation().get(with_evaluation().token(Verb.RUN, run_id=RUN)).page
    assert f"solar report {RUN}" in page
    assert "R² on the test rows" in page


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/robots.txt"])
def test_the_bare_address_shows_nothing_and_counts_nothing(path: str) -> None:
    world = World()
    assert world.opening.answer(Request("GET", path)).status == 404
    assert world.refusals == []


def test_every_page_forbids_scripts_frames_caches_and_referrers() -> None:
    event = answer_event(World().get(World().token()))
    assert event["headers"].items() >= HEADERS.items()
    assert "default-src 'none'" in HEADERS["content-security-policy"]
    assert HEADERS["referrer-policy"] == "no-referrer"


def test_an_event_of_a_function_url_is_read_with_its_form() -> None:
    event = {
        "rawPath": "/token",
        "headers": {"Content-Type": "x"},
        "body": "bmFtZT1BZGE=",
        "isBase64Encoded": True,
        "requestContext": {"http": {"method": "POST"}, "domainName": DOMAIN},
    }
    request = request_of(event)
    assert (request.method, request.token, request.body) == ("POST", "token", b"name=Ada")
    assert request.headers == {"content-type": "x"}
    assert request_of({"body": "%", "isBase64Encoded": True}).body == b""


def test_the_key_signs_and_is_in_no_page() -> None:
    world = World()
    assert KEY not in world.get(world.token()).page


def test_a_browser_takes_no_style_but_ours() -> None:
    world = World()
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    style = world.get(world.token()).page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy


def test_the_page_shows_sites_and_skies_beside_what_serves_and_what_checks_took_out() -> None:
    world = World()
    world.shown.objects[layout.evaluation("run-7")] = a_run().model_dump_json().encode()
    world.shown.objects[layout.report("run-7")] = b"<h1>"
    page = world.get(world.token(run_id="run-7")).page
    for shown in (
        "R² v6",
        "0.942",
        "0.932",
        "broken",
        "0.920",
        "1,203 rows (3.5%)",
        "What checks took out",
        "against champion v6 on the same 30 days: better by 0.42% of AC capacity",
        f"https://s3/{layout.report('run-7')}",
        "night power",
        "1,100",
        "&lt;b&gt;west&lt;/b&gt;",
    ):
        assert shown in page, shown
    assert "copied" not in page, "what took nothing is not named"


def test_the_page_of_a_first_version_has_no_column_of_another() -> None:
    world = World()
    first = a_run(champion=None, champion_version=None, comparison=None)
    world.shown.objects[layout.evaluation("run-7")] = first.model_dump_json().encode()
    page = world.get(world.token(run_id="run-7")).page
    assert "R² v" not in page
    assert "nothing serves yet" in page
