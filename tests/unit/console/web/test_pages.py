"""Every page answers, shows what is wrong, escapes what came from outside, and survives a silent service."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.client import fleet, standing
from console.errors import ConsoleError
from console.web.actions import ACTIONS
from console.web.charts import Chart, thinned, with_gaps
from console.web.pages.files import marked
from tests.unit.console.queues import move
from tests.unit.console.test_models import COMPARED, evaluated
from tests.unit.console.web.world import (
    A_PROGRESS,
    A_RUN,
    NASTY,
    NOTICE,
    RUN,
    Browser,
    World,
    browser,
    site,
    world,
)

__all__ = ["browser", "world"]  # the fixtures
PAGES = (
    "/",
    "/?view=model",
    "/?view=topic",
    "/?view=calendar&days=366",
    "/models",
    "/models/golden",
    "/models/golden/compare?first=1&second=2",
    "/sites/east",
    "/sites/east?from=2026-06-01&to=2026-06-08",
    "/sites/east?from=2026-01-01&to=2026-12-31",
    "/files",
    "/files?site=east&state=quarantined&since=2026-01-01",
    "/file?key=east/bad.csv",
    "/balance",
    "/runs",
    f"/runs/{RUN}",
    "/costs",
    "/decisions",
    "/decisions/golden",
    "/decisions/golden?since=2026-01-01&quiet_period=2+h",
    "/forecast",
    "/forecast/golden/east",
    "/status",
    "/notices",
    "/do/hold?model=golden",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_answers_whole_and_in_order(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status == 200, answer.text
    assert answer.text.count("<h1") == 1
    assert "<title>" in answer.text
    assert "lang=" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_nowhere_that_does_not_exist(browser: Browser, path: str) -> None:
    found = re.findall(r'(?:href|src)="(/[^"]*)"', browser.get(path).text)
    links = {each.replace("&amp;", "&") for each in found} - {"/charts.js"}
    dead = [each for each in links if "There is no such page" in browser.get(each).text]
    assert dead == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_services_that_do_not_answer_says_so_and_offers_to_try_again(
    world: World, browser: Browser, path: str
) -> None:
    silent = ConsoleError("the service <b>sleeps</b>")
    for query in world.answers:
        world.answers[query] = silent
    answer = browser.get(path)
    assert answer.status in {200, 400}
    if "/do/" not in path:
        assert "the service &lt;b&gt;sleeps&lt;/b&gt;" in answer.text
        assert "Try again" in answer.text


@pytest.mark.parametrize("query", ["decisions", "models", "runs"])
def test_one_service_that_fails_in_any_way_does_not_take_the_fleet_with_it(
    world: World, browser: Browser, query: str
) -> None:
    world.answers["trainer_trigger", query] = ConsoleError("no")
    text = browser.get("/").text
    assert 'href="/sites/east"' in text


def test_what_is_no_error_of_ours_is_a_card_too(world: World, browser: Browser) -> None:
    world.answers["notifier", "notices"] = ZeroDivisionError("oh")
    assert "ZeroDivisionError: oh" in browser.get("/notices").text


def test_what_came_from_outside_is_escaped(browser: Browser) -> None:
    for path in ("/files", "/sites/east", "/file?key=east/bad.csv"):
        text = browser.get(path).text
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert "<b>oops" not in text
    text = browser.get("/files").text
    assert "&lt;img src=x" in text
    assert f"<bdi>{NASTY.split('/', 2)[2].replace('<', '&lt;').replace('>', '&gt;')}</bdi>" in text


def test_a_search_is_shown_as_it_was_typed_and_does_nothing_else(browser: Browser) -> None:
    text = browser.get("/?text=%22%3E%3Cscript%3E1").text
    assert "<script>1" not in text
    assert "No site fits" in text


def test_what_needs_a_person_comes_first_and_leads_to_the_cause(browser: Browser) -> None:
    text = browser.get("/").text
    assert "1 file is refused" in text
    assert 'href="/files?site=east&amp;state=quarantined"' in text
    assert "silent since 2026-06-01 00:00 UTC" in text
    assert "version 4 waits for approval" in text
    assert "6 more days are needed" in text


def test_a_refused_file_shows_its_fault_the_remedy_and_what_can_be_done(
    world: World, browser: Browser
) -> None:
    world.clients["s3"].kept["raw/east/bad.csv"] = b"time,<b>oops</b>\n1,2\n"
    text = browser.get("/file?key=east/bad.csv").text
    assert "name the column" in text
    assert "<mark>&lt;b&gt;oops&lt;/b&gt;</mark>" in text
    for action in ("release", "dismiss", "remove"):
        assert f"/do/{action}?key=" in text


def test_the_line_that_a_reason_numbers_is_marked() -> None:
    found = marked("a\nb\nc", "line 2 cannot be read")
    assert [number for number, parts in found if any(fault for _, fault in parts)] == [2]


def test_an_apostrophe_quotes_nothing() -> None:
    ((_, parts),) = marked("ac_power", "the site's YAML expects 'ac_power', it's missing")
    assert parts == [("ac_power", True)]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/sites/nowhere", "no site nowhere"),
        ("/sites/nowhere/history", "no site nowhere"),
        (
            "/sites/east/history?first=1&second=9",
            "no version 1 of this configuration; there are none",
        ),
        ("/models/nowhere", "no model"),
        ("/models/nowhere/compare", "no model"),
        (
            "/models/golden/compare?first=1&second=99",
            "no version 99 of golden; there are 1, 2, 3, 4",
        ),
        ("/decisions/nowhere", "no model"),
        ("/forecast/nowhere/east", "no model"),
        ("/forecast/golden/nowhere", "no site nowhere"),
        ("/forecast/golden/east/latest.csv", "there is no forecast of east yet"),
        ("/runs/nowhere", "no run nowhere"),
        (f"/runs/{RUN}/report", "the run left no"),
        ("/file?key=east/nowhere.csv", "in the ledger"),
        ("/balance?site=nowhere", "no site nowhere"),
    ],
)
def test_what_does_not_exist_is_not_found_and_says_what_there_is(
    browser: Browser, path: str, said: str
) -> None:
    answer = browser.get(path)
    assert answer.status == 404
    assert said in answer.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/models/golden/compare?a=1&b=99",
            "a, b: this page has no such field; it has first, second",
        ),
        ("/models/golden/compare?first=x&second=1", "first: &#39;x&#39; is no whole number"),
        ("/sites/east/history?old=5&new=9", "new, old: this page has no such field"),
        ("/balance?model=golden", "it has site"),
        ("/sites/east?from=2026-06-02&to=2026-06-01", "the end must come after the beginning"),
        ("/sites/east?from=yesterday", "is no time"),
        ("/?page=minus", "is no whole number"),
        ("/forecast/golden/east/latest.exe", "a forecast can be had as"),
    ],
)
def test_a_link_that_makes_no_sense_says_what_does(browser: Browser, path: str, said: str) -> None:
    answer = browser.get(path)
    assert answer.status == 400
    assert said in answer.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/files?state=lost", "is none of accepted"),
        ("/files?since=soon", "is no time"),
        ("/decisions/golden?since=2026-01-01&quiet_period=soon", "quiet_period"),
    ],
)
def test_a_field_that_makes_no_sense_is_explained_where_it_is(
    browser: Browser, path: str, said: str
) -> None:
    answer = browser.get(path)
    assert answer.status == 200
    assert said in answer.text
    assert "<form" in answer.text


def test_a_replay_shows_what_another_policy_would_have_done(browser: Browser) -> None:
    text = browser.get("/decisions/golden?since=2026-01-01&quiet_period=2+h").text
    assert "1 run instead of 5; the whole costs about 0.50 $" in text


def test_ten_thousand_sites_are_shown_page_by_page(world: World, browser: Browser) -> None:
    many = {"sites": [site(f"s{number:05}") for number in range(10_000)]}
    world.answers["data_watcher", "sites"] = many
    text = browser.get("/?page=3").text
    assert text.count('<li class="card row') == 20
    assert "page 3 of 500" in text
    assert "page=4" in text
    assert "page=2" in text


def test_the_same_view_twice_counts_nothing_twice(browser: Browser) -> None:
    first, second = (browser.get("/").text for _ in range(2))
    assert first.count("file is refused") == second.count("file is refused") == 1


def test_a_filter_finds_a_site_by_its_light(browser: Browser) -> None:
    text = browser.get("/?light=warn&kind=data&text=WES").text
    assert 'href="/sites/west"' in text
    assert 'href="/sites/east"' not in text


def test_a_fleet_is_sorted_by_what_is_worst(world: World) -> None:
    suspect = {"source": "power", "standing": "suspect", "reason": "two units", "remedy": ""}
    world.answers["data_watcher", "sites"] = {
        "sites": [site("a"), site("b", suspects=[suspect]), site("c", state="rejected", reason="x")]
    }
    found = fleet.fleet(world).rows
    assert [each.site_id for each in found][2] == "a"
    assert {each.worst for each in found[:2]} == {"bad"}


def test_what_is_usual_of_a_run_is_what_runs_before_it_took(world: World, browser: Browser) -> None:
    def took(run_id: str, begun: str, ended: str) -> dict[str, Any]:
        return {**A_RUN, "run_id": run_id, "status": "rejected"} | {
            "started_at": f"2026-{begun}:00+00:00",
            "ended_at": f"2026-{ended}:00+00:00",
        }

    earlier = took("a-1", "05-01T00:00", "05-01T00:01")
    later = took("b-1", "07-01T00:00", "07-01T00:09")
    world.answers["trainer_trigger", "runs"] = {"runs": [earlier, A_RUN, later]}
    assert "60 s were usual before" in browser.get(f"/runs/{RUN}").text
    assert "usual" not in browser.get("/runs/a-1").text


def test_a_cost_that_nobody_knows_is_not_told(world: World, browser: Browser) -> None:
    assert "Cost -" not in browser.get(f"/runs/{RUN}").text
    assert "It costs" not in browser.get(f"/runs/{RUN}").text
    world.answers["trainer_trigger", "runs"] = {"runs": [{**A_RUN, "cost_usd": 0.004}]}
    assert "It costs less than 0.01 $." in browser.get(f"/runs/{RUN}").text


def test_a_run_shows_its_stages_beside_those_of_the_run_before(browser: Browser) -> None:
    page = " ".join(browser.get(f"/runs/{RUN}").text.split())
    assert ">Train</a></th><td>executing</td><td>42 s</td><td>60 s</td>" in page
    assert ">Preprocess</a></th><td>succeeded</td><td>30 s</td><td></td>" in page


def test_a_run_shows_what_is_ahead_of_it_while_it_goes_on(world: World, browser: Browser) -> None:
    ahead = '<th scope="row">Evaluate</th><td><span class="empty">not begun</span></td><td></td><td>30 s</td>'
    assert ahead in " ".join(browser.get(f"/runs/{RUN}").text.split())
    world.answers["trainer_trigger", "progress"] = {
        "progress": {**A_PROGRESS, "status": "registered"}
    }
    assert "not begun" not in browser.get(f"/runs/{RUN}").text


def test_a_run_shows_the_log_of_the_stage_that_runs_and_obeys_nothing_of_it(
    browser: Browser,
) -> None:
    page = browser.get(f"/runs/{RUN}").text
    assert "epoch 1 &lt;script&gt;alert(3)&lt;/script&gt;\n" in page
    assert "<script>alert(3)" not in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert "Log of Train" in page


def test_the_log_of_another_stage_is_a_link_away_and_its_silence_is_explained(
    browser: Browser,
) -> None:
    assert (
        f'href="/runs/{RUN}?model=golden&amp;stage=Preprocess#log"'
        in browser.get(f"/runs/{RUN}").text
    )
    page = browser.get(f"/runs/{RUN}?stage=Preprocess").text
    assert "Nothing is left of Preprocess&#39;s log" in page
    assert "Verdict" not in page
    assert "the run has not begun a stage" in browser.get(f"/runs/{RUN}?stage=Nothing").text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "you lack logs:DescribeLogStreams or logs:GetLogEvents"),
        (
            "ResourceNotFoundException",
            "Train has written nothing to /aws/sagemaker/TrainingJobs yet",
        ),
    ],
)
def test_a_log_that_cannot_be_read_takes_nothing_else_with_it(
    world: World, browser: Browser, code: str, said: str
) -> None:
    world.clients["logs"].refuses = code
    page = browser.get(f"/runs/{RUN}").text
    assert said in page
    assert ">Train</a></th>" in page
    assert "What it was made of" in page


def test_the_part_of_a_run_that_goes_on_is_had_alone_and_says_whether_it_does(
    world: World, browser: Browser
) -> None:
    part = browser.get(f"/runs/{RUN}/live?stage=Train").text
    assert part.startswith('<div id="live" data-renew="/runs/')
    assert "/live?model=golden&amp;stage=Train" in part
    assert "<html" not in part
    world.answers["trainer_trigger", "runs"] = {"runs": [{**A_RUN, "status": "failed"}]}
    assert "data-renew" not in browser.get(f"/runs/{RUN}/live").text


def test_a_run_says_what_it_was_made_of(world: World, browser: Browser) -> None:
    files = [
        {
            "file_id": str(number),
            "site_id": "east",
            "rows": 96,
            "window_start": f"2026-05-0{number}T00:00:00Z",
            "window_end": f"2026-05-0{number + 1}T00:00:00Z",
            "provider": "ours" if number == 3 else "",
        }
        for number in (1, 2, 3)
    ]
    described = {"split": {"kind": "time", "test_fraction": 0.2}, "files": files}
    world.clients["s3"].kept["datasets/golden/d/dataset.json"] = json.dumps(described).encode()
    parent = {**A_RUN, "run_id": "p" * 12 + "-1", "model_package_version": 3}
    world.answers["trainer_trigger", "runs"] = {"runs": [A_RUN, parent]}
    page = " ".join(browser.get(f"/runs/{RUN}").text.split())
    assert "d, 3 files, 288 rows" in page
    assert "2026-05-01 00:00 to 2026-05-04 00:00 UTC" in page
    assert (
        '<td>measurements</td><td><a href="/files?site=east&amp;state=accepted">2</a></td>' in page
    )
    assert "forecasts by ours" in page
    assert "registry/image@sha256:abc" in page
    assert f'<a href="/runs/{"p" * 12}-1">' in page


@pytest.mark.parametrize("hours", [-60, -20])
def test_a_forecast_that_is_over_says_so_above_its_chart(
    world: World, browser: Browser, hours: int
) -> None:
    issued = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    end = issued + timedelta(hours=48)
    rows = [
        {
            "timestamp": (issued + timedelta(hours=each)).isoformat(),
            **dict.fromkeys(("p10", "p50", "p90"), 1.0),
        }
        for each in range(48)
    ]
    feed = {
        "provider": "ecmwf",
        "model_package_version": 1,
        "due_at": end.isoformat(),
        "late": True,
    }
    feed |= {"issued_at": issued.isoformat(), "until": end.isoformat()}
    key = "forecasts/golden/east/latest.json"
    world.clients["s3"].kept[key] = json.dumps({"rows": rows, "step_minutes": 60}).encode()
    answer = {"sites": [{"site_id": "east", "key": key, "feeds": [feed]}]}
    world.answers["deployer", "forecasts"] = answer
    page = " ".join(browser.get("/forecast/golden/east").text.split())
    over = end < datetime.now(UTC)
    assert (
        f"The newest forecast ended {end:%Y-%m-%d %H:%M} UTC; this is what it said" in page
    ) == over
    assert f"UTC {'ended' if over else 'goes on until'} {end:%Y-%m-%d %H:%M} UTC" in page


def test_one_of_something_is_no_plural(world: World, browser: Browser) -> None:
    assert "The only line of /aws/sagemaker" in browser.get(f"/runs/{RUN}").text
    file = {"file_id": "1", "site_id": "east", "rows": 1, "provider": ""}
    window = {"window_start": "2026-05-01T00:00:00Z", "window_end": "2026-05-02T00:00:00Z"}
    described = {
        "split": {"kind": "time", "test_fraction": 0.2},
        "files": [file | window],
        "exclusions": [
            {
                "site_id": "east",
                "start": "2026-05-01T00:00:00Z",
                "end": "2026-05-01T01:00:00Z",
                "reason": "snow",
            }
        ],
    }
    world.clients["s3"].kept["datasets/golden/d/dataset.json"] = json.dumps(described).encode()
    world.answers["trainer_trigger", "progress"] = {"progress": {**A_PROGRESS, "files": 1}}
    page = browser.get(f"/runs/{RUN}").text
    assert "d, 1 file, 1 row<" in page
    assert "UTC, 1 excluded range<" in page


def test_a_dataset_that_is_gone_is_said_to_be(browser: Browser) -> None:
    assert "d, 3 files, which is gone from the bucket" in browser.get(f"/runs/{RUN}").text


def test_the_status_shows_dead_letters_and_leads_to_sending_them_back(browser: Browser) -> None:
    page = " ".join(browser.get("/status").text.split())
    assert "solar-deployer-dead-letters: 1 message" in page
    assert "solar.data_accepted" in page
    assert "raw/east/&lt;b&gt;.csv" in page
    assert 'href="/do/redrive?queue=solar-deployer-dead-letters"' in page
    assert "being sent back: 2 of 5" in page
    assert 'href="/do/stop?queue=solar-data-watcher-dead-letters"' in page


def test_what_could_not_be_sent_back_is_said_once_and_in_words(
    world: World, browser: Browser
) -> None:
    queue, sqs = "solar-deployer-dead-letters", world.clients["sqs"]
    green = ACTIONS["redrive"].done.split(";")[0]
    done = f"/status?queue={queue}&done=redrive"
    assert green in browser.get(done).text
    sqs.moves[queue] = move("FAILED", 0, 1, FailureReason="CouldNotDetermineMessageSource")
    text = browser.get(done).text
    assert "none of 1 was sent back: SQS does not know where they came from" in text
    assert green not in text
    assert green in browser.get("/status?queue=solar-data-watcher-dead-letters&done=redrive").text


@pytest.mark.parametrize(("count", "said"), [("1", "once"), ("2", "2 times")])
def test_how_often_a_letter_was_received_reads_well(
    world: World, browser: Browser, count: str, said: str
) -> None:
    (found,) = world.clients["sqs"].letters["solar-deployer-dead-letters"]
    found["Attributes"]["ApproximateReceiveCount"] = count
    assert f"<td>{said}</td>" in browser.get("/status").text


def test_whoever_may_not_look_into_dead_letters_sees_how_many_there_are(
    world: World, browser: Browser
) -> None:
    world.clients["sqs"].refuses = "AccessDenied"
    page = browser.get("/status").text
    assert "solar-deployer-dead-letters: 1 message" in page
    assert "you lack sqs:ReceiveMessage" in page


def test_a_status_without_letters_says_so(world: World, browser: Browser) -> None:
    world.clients["sqs"].letters.clear()
    world.clients["sqs"].moves.clear()
    assert "None: every message was handled." in browser.get("/status").text


def test_the_status_shows_each_schedule_with_what_it_does_and_when(browser: Browser) -> None:
    page = " ".join(browser.get("/status").text.split())
    assert "Compares &lt;b&gt;scores&lt;/b&gt;." in page
    assert "<td>enabled</td><td>solar-deployer-daily-watch</td><td>keeps none</td>" in page
    assert re.search(
        r"<td>\d{4}-\d\d-\d\d 06:20 UTC</td><td>cron\(20 6 \* \* \? \*\) UTC</td>", page
    )


def test_schedules_that_cannot_be_read_take_nothing_else_with_them(
    world: World, browser: Browser
) -> None:
    del world.clients["scheduler"]
    page = browser.get("/status").text
    assert "This part could not be read" in page
    assert "solar-deployer-dead-letters" in page


def test_a_notice_says_what_became_of_it_for_each_recipient(browser: Browser) -> None:
    page = " ".join(browser.get("/notices").text.split())
    assert "email 2026-06-01 00:00" in page
    assert "slack given up 2026-06-03 00:00" in page
    assert "Slack fails with 503" in page


@pytest.mark.parametrize(
    ("state", "said"),
    [("within", "told as part of another message"), ("undelivered", "did not reach everybody")],
)
def test_a_state_of_a_notice_is_said_in_words(
    world: World, browser: Browser, state: str, said: str
) -> None:
    world.answers["notifier", "notices"] = {"notices": [{**NOTICE, "state": state}], "next": None}
    page = browser.get("/notices").text
    assert said in page
    assert state not in page


def test_the_report_of_a_run_may_do_nothing(world: World, browser: Browser) -> None:
    world.clients["s3"].kept[f"runs/{RUN}/evaluation/report.html"] = b"<script>1</script>"
    policy = browser.get(f"/runs/{RUN}/report").headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_a_report_says_how_its_version_does_since(world: World, browser: Browser) -> None:
    key = f"runs/{RUN}/evaluation/report.html"
    world.clients["s3"].kept[key] = b'<p id="since">later</p>'
    assert "later" in browser.get(f"/runs/{RUN}/report").text, "no version came of it"
    registered = A_RUN | {"status": "registered", "model_package_version": 3}
    world.answers["trainer_trigger", "runs"] = {"runs": [registered], "next": None}
    text = browser.get(f"/runs/{RUN}/report").text
    assert "Since it serves: R² 0.900, nMAE 4.0% of capacity over 1 site-day, as of" in text


def test_the_charts_come_from_a_package(browser: Browser) -> None:
    assert browser.get("/static/console.css").status == 200
    charts = browser.get("/charts.js")
    assert charts.status == 200
    assert "plotly.js v" in charts.text[:200]
    policy = browser.get("/").headers["content-security-policy"]
    assert "http" not in policy.replace("https", "http")
    assert "unsafe" not in policy


def card_of(world: World, **of: Any) -> None:
    world.answers["deployer", "live"] = {"live": {"golden": of}}


def test_a_site_that_is_worse_than_promised_is_bad_on_the_fleet(
    world: World, browser: Browser
) -> None:
    why = {"site_id": "east", "kind": "accuracy", "since": "2026-06-01", "why": "a string is out"}
    card_of(world, last="2026-06-02", standing=[why], more_standing=0)
    text = browser.get("/?light=bad").text
    assert "worse than promised since 2026-06-01: a string is out" in text
    assert 'href="/sites/west"' not in text


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    hours = [(f"2026-06-01T{hour:02}:00:00Z", 1.0) for hour in (1, 2, 3, 9, 10)]
    found = with_gaps(hours)
    assert [value for _, value in found] == [1.0, 1.0, 1.0, None, 1.0, 1.0]
    assert found[3][0] == "2026-06-01T04:00:00Z"
    assert with_gaps(hours[:2]) == hours[:2]


def test_a_thinned_line_keeps_its_peaks_and_its_order() -> None:
    points = [(f"{number:06}", float(number % 97)) for number in range(50_000)]
    found = thinned(points, 1000)
    assert len(found) <= 1000
    assert max(value for _, value in found) == 96.0
    assert [at for at, _ in found] == sorted(at for at, _ in found)


def test_forecasts_in_time_are_not_mixed_with_what_was_made_afterwards() -> None:
    lines = [
        {"name": "2026-06-01", "inputs": kind, "n": n}
        for kind, n in (("forecast", 5), ("hindsight", 9), ("forecast", 7))
    ]
    assert [each["n"] for each in standing.of_one_kind(lines)] == [5, 7]
    assert [
        each["n"] for each in standing.of_one_kind([*lines, {**lines[0], "inputs": "measured"}])
    ] == [5]
    assert standing.of_one_kind([]) == []
    assert standing.named(lines[1]) == "2026-06-01 (hindsight)"


def test_a_band_is_not_drawn_over_a_gap_and_is_one_column_of_the_figures() -> None:
    chart = Chart("what comes", "kW")
    hours = [(f"2026-06-01T{hour:02}:00:00Z", 1.0) for hour in (1, 2, 3, 9, 10, 11)]
    chart.band("P10 to P90", hours, hours)
    assert [len(each["x"]) for each in chart.traces] == [3, 3, 3, 3]
    assert [each.get("showlegend") for each in chart.traces if each["name"]] == [True, False]
    assert chart.columns == ["P10 to P90"]
    assert len(chart.rows) == 6


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"comparison": COMPARED}, "against champion v2 on the same 30 days: no sure difference"),
        (
            {"not_compared": "its files are gone"},
            "v2 serves but cannot be compared: its files are gone",
        ),
    ],
)
def test_a_run_says_in_words_how_it_did_against_what_served(
    world: World,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    found: dict[str, Any],
    said: str,
) -> None:
    evaluation = evaluated(champion_version=2, **found)
    monkeypatch.setattr("console.client.objects.evaluation_of", lambda *_: evaluation)
    world.answers["trainer_trigger", "runs"] = {"runs": [{**A_RUN, "evaluation_uri": "s3://x"}]}
    text = browser.get(f"/runs/{RUN}").text
    assert said in text
    assert "mean bias error (MBE)" in text
