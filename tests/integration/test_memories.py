"""What trainer_trigger and the deployer remember; the same promises on moto and on the local platform."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.deployer.adapters.memory import DynamoMemory as DeployerMemory
from services.deployer.domain.deployment import InProgress, LogEntry, Setback
from services.deployer.domain.real_rows import (
    MOST_ROWS,
    MOST_SITES,
    Inquiry,
    Question,
    SiteDay,
)
from services.trainer_trigger.adapters.memory import DynamoMemory
from services.trainer_trigger.domain.deciding import decide
from services.trainer_trigger.domain.decision import Decision, Effect, Outcome, RuleAnswer
from services.trainer_trigger.domain.model_state import Places, Request
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file, a_run
from tests.unit.trainer_trigger.world import World

# As the first version of the service wrote them.
ITEMS = json.loads((Path(__file__).parent / "trainer_trigger_items.json").read_text())
NEW_IN_A_RUN = ',"capacity":"spot","image_uri":""'
KEYS = [
    {"AttributeName": "model_id", "KeyType": "HASH"},
    {"AttributeName": "item", "KeyType": "RANGE"},
]


@pytest.fixture(params=["moto", "platform"])
def dynamodb(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "platform":
        yield request.getfixturevalue("platform").client("dynamodb")
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")


@pytest.fixture
def table(dynamodb: Any) -> str:
    name = f"memory-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=KEYS,
        AttributeDefinitions=[
            {"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in KEYS
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture
def memory(dynamodb: Any, table: str) -> DynamoMemory:
    return DynamoMemory.of(dynamodb, table)


@pytest.fixture
def deployments(dynamodb: Any, table: str) -> DeployerMemory:
    return DeployerMemory.of(dynamodb, table)


def test_runs_come_in_pages_that_hold_each_once(memory: DynamoMemory) -> None:
    for number in range(1, 6):
        run = a_run(number)
        assert memory.open_run(run, maximum_runs=9)
        memory.close_run(replace(run, status="rejected"))
    memory.open_run(a_run(1, "other"), maximum_runs=9)

    found, after = [], ""
    while True:
        runs, last = memory.some_runs("golden", 2, after)
        assert len(runs) <= 2
        found += [run.run_id for run in runs]
        if last is None:
            break
        after = last

    assert found == [f"recipe{number}-1" for number in range(1, 6)]


def test_a_file_keeps_the_time_it_was_first_heard_of(memory: DynamoMemory) -> None:
    memory.add_file("golden", a_file(1), START)
    memory.add_file("golden", a_file(1), START + timedelta(hours=1))
    memory.add_file("golden", a_file(2), START)
    known = memory.files("golden")
    assert [each.file for each in known] == [a_file(1), a_file(2)]
    assert known[0].first_seen_at == START
    memory.remove_file("golden", "file0001")
    memory.remove_file("golden", "file0001")
    assert len(memory.files("golden")) == 1
    assert memory.files("other") == ()


def test_one_run_in_flight_per_model(memory: DynamoMemory) -> None:
    assert memory.open_run(a_run(1), 5)
    assert not memory.open_run(a_run(2), 5)
    assert not memory.open_run(a_run(1), 5)
    memory.mark_started(a_run(1))
    found = memory.run("golden", "recipe1-1")
    assert found == replace(a_run(1), started=True)
    memory.close_run(replace(a_run(1), status="rejected", ended_at=START, cost_usd=0.5))
    memory.close_run(replace(a_run(1), status="failed", ended_at=START))
    assert memory.notes("golden").in_flight is None
    (kept,) = memory.runs("golden")
    assert (kept.status, kept.cost_usd) == ("rejected", 0.5), "what is ended stays as it ended"
    assert memory.open_run(a_run(2), 5)
    assert [run.run_id for run in memory.runs("golden")] == ["recipe1-1", "recipe2-1"]


def test_what_serves_while_a_model_is_held_is_what_was_said_last(memory: DynamoMemory) -> None:
    assert memory.notes("golden").serves is None
    memory.set_held("golden", 2, START + timedelta(seconds=1))
    memory.set_held("golden", 3, START)
    assert memory.notes("golden").serves == 2
    memory.set_held("golden", None, START + timedelta(seconds=1, microseconds=1))
    assert memory.notes("golden").serves is None


def test_so_many_runs_in_the_account_and_no_more(memory: DynamoMemory) -> None:
    assert memory.open_run(a_run(1, "a"), 2)
    assert memory.open_run(a_run(2, "b"), 2)
    assert not memory.open_run(a_run(3, "c"), 2)
    assert memory.places().running == 2
    memory.close_run(replace(a_run(1, "a"), status="failed", ended_at=START))
    memory.close_run(replace(a_run(1, "a"), status="failed", ended_at=START))
    assert memory.places().running == 1
    assert memory.open_run(a_run(3, "c"), 2)


def test_who_waits_longest_for_a_free_place_is_first(memory: DynamoMemory) -> None:
    memory.enqueue("b", START + timedelta(minutes=2))
    memory.enqueue("a", START + timedelta(minutes=1))
    memory.enqueue("a", START + timedelta(minutes=9))
    assert memory.places().waiting == ("a", "b")
    assert memory.open_run(a_run(1, "a"), 2)
    assert memory.places().waiting == ("b",)
    memory.dequeue("b")
    assert memory.places().waiting == ()


def test_an_opened_run_answers_the_request(memory: DynamoMemory) -> None:
    asked = Request("ada", "now", force=False, requested_at=START)
    memory.set_request("golden", asked)
    assert memory.notes("golden").request == asked
    memory.open_run(a_run(1), 5)
    assert memory.notes("golden").request is None
    memory.set_request("golden", asked)
    memory.drop_request("golden")
    assert memory.notes("golden").request is None


def test_a_degraded_site_takes_back_only_what_was_said_of_it(memory: DynamoMemory) -> None:
    memory.set_degraded("golden", "site east: a tenth less")
    memory.drop_degraded("golden", "site west: ")
    assert memory.notes("golden").degraded == "site east: a tenth less"
    memory.drop_degraded("golden", "site east: ")
    memory.drop_degraded("golden", "site east: ")
    assert memory.notes("golden").degraded is None


def test_when_an_evaluation_comes_is_remembered(memory: DynamoMemory) -> None:
    memory.arm("golden", START, START + timedelta(minutes=5))
    assert memory.notes("golden").armed_until == START + timedelta(minutes=5)
    memory.disarm("golden")
    assert memory.notes("golden").armed_until is None


def test_one_evaluation_is_armed_until_it_is_due_or_lost(memory: DynamoMemory) -> None:
    until = START + timedelta(minutes=1)
    assert memory.arm("golden", START, until)
    assert not memory.arm("golden", START, until)
    assert memory.arm("golden", until + timedelta(seconds=1), until + timedelta(minutes=1))
    memory.disarm("golden")
    assert memory.arm("golden", START, until + timedelta(hours=1))
    assert memory.arm("golden", START, until), "an earlier one overtakes a later one"
    assert not memory.arm("golden", START, until + timedelta(hours=1))


def test_a_decision_is_kept_when_it_or_its_reasons_change(memory: DynamoMemory) -> None:
    world = World()
    policy = RetrainPolicy()
    state = world.service.looking.state("golden", world.configuration.model("golden"))
    decision = decide(state, policy, START)
    for minute in range(3):
        memory.record("golden", decision, {"files": 0}, START + timedelta(minutes=minute))
    other = replace(decision, reasons=("other",))
    memory.record("golden", other, {"files": 1}, START + timedelta(minutes=9))
    kept = memory.decisions("golden", 10)
    assert [each["reasons"] for each in kept] == [["other"], list(decision.reasons)]
    assert kept[0]["inputs"] == {"files": 1}
    before = memory.decisions("golden", 10, until=START + timedelta(minutes=5))
    assert [each["inputs"] for each in before] == [{"files": 0}]


def everything(memory: DynamoMemory) -> None:
    """Write each kind of item."""
    memory.add_file("golden", a_file(1), START)
    first = replace(a_run(1), reasons=("30 new days of data",))
    memory.open_run(first, 2)
    memory.mark_started(first)
    memory.close_run(
        replace(
            first,
            status="registered",
            ended_at=START + timedelta(hours=1),
            cost_usd=0.5,
            evaluation_uri="s3://b/runs/recipe1-1/evaluation.json",
            model_package_version=1,
        )
    )
    second = replace(a_run(2), reasons=("30 new days of data",))
    memory.open_run(second, 2)
    memory.mark_started(second)
    memory.set_request("golden", Request("ada", "new inverter", force=False, requested_at=START))
    memory.set_degraded("golden", "site golden: nMAE 0.090")
    memory.arm("golden", START, START + timedelta(minutes=5))
    memory.enqueue("west", START)
    until, waits = START + timedelta(minutes=15), "files arrived within the last 15 min"
    hold = RuleAnswer(Effect.HOLD, waits, until, rule="quiet_period")
    other = RuleAnswer(Effect.NOTHING, "no run ended yet", rule="cool_down")
    decision = Decision(Outcome.WAIT, (waits,), until, (hold, other))
    memory.record("golden", decision, {"files": 1}, START)


def test_what_is_written_is_what_earlier_versions_wrote(
    dynamodb: Any, table: str, memory: DynamoMemory
) -> None:
    everything(memory)
    written = dynamodb.scan(TableName=table)["Items"]
    assert sorted(written, key=name_of) == sorted(ITEMS, key=name_of)


def test_a_table_of_an_earlier_version_is_read(
    dynamodb: Any, table: str, memory: DynamoMemory
) -> None:
    for item in ITEMS:
        earlier = {"S": item["body"]["S"].replace(NEW_IN_A_RUN, "")} if "body" in item else None
        dynamodb.put_item(TableName=table, Item=item | ({"body": earlier} if earlier else {}))
    assert {run.capacity for run in memory.runs("golden")} == {"spot"}
    assert [known.file for known in memory.files("golden")] == [a_file(1)]
    assert [run.status for run in memory.runs("golden")] == ["registered", "running"]
    notes = memory.notes("golden")
    assert notes.in_flight is not None
    assert notes.in_flight.run_id == "recipe2-1"
    assert notes.request == Request("ada", "new inverter", force=False, requested_at=START)
    assert notes.armed_until == START + timedelta(minutes=5)
    assert memory.places() == Places(running=1, waiting=("west",))
    assert memory.decisions("golden", 1)[0]["outcome"] == "wait"


def name_of(item: dict[str, Any]) -> tuple[str, str]:
    return item["model_id"]["S"], item["item"]["S"]


class Dying:
    """A client whose process dies before one of its writes."""

    def __init__(self, client: Any, at: int) -> None:
        self._client, self._at, self._writes = client, at, 0

    def __getattr__(self, name: str) -> Any:
        if name in {"put_item", "update_item"}:
            self._writes += 1
            if self._writes == self._at:
                raise SystemExit
        return getattr(self._client, name)


@pytest.mark.parametrize("write", [1, 2])
def test_a_decision_is_kept_by_the_next_look_if_the_process_died_while_it_was_kept(
    memory: DynamoMemory, write: int
) -> None:
    world = World()
    state = world.service.looking.state("golden", world.configuration.model("golden"))
    decision = decide(state, RetrainPolicy(), START)
    dying = DynamoMemory.of(Dying(memory.store.client, write), memory.store.table)  # type: ignore[arg-type]
    with pytest.raises(SystemExit):
        dying.record("golden", decision, {}, START)
    for minute in range(1, 3):
        memory.record("golden", decision, {}, START + timedelta(minutes=minute))

    kept = memory.decisions("golden", 10)

    assert len(kept) == write, "once, or twice if it had been kept already"
    assert {tuple(each["reasons"]) for each in kept} == {decision.reasons}


def test_one_deployment_in_progress_per_model(deployments: DeployerMemory) -> None:
    first = InProgress(1, None, START)
    assert deployments.begin("golden", first)
    assert deployments.begin("golden", first), "before AWS took it, it can be begun again"
    deployments.mark_called("golden", first)
    assert deployments.in_progress("golden") == replace(first, called=True)
    assert not deployments.begin("golden", InProgress(2, 1, START))
    deployments.finish("golden", InProgress(9, 1, START))
    assert deployments.in_progress("golden") is not None, "another one's end is not ours"
    deployments.finish("golden", replace(first, called=True))
    assert deployments.in_progress("golden") is None


def test_what_a_request_does_not_want_is_settled_once(deployments: DeployerMemory) -> None:
    assert deployments.settle("golden", "r1", (3,)) == (3,)
    assert deployments.settle("golden", "r1", (2,)) == (3,)
    assert deployments.settle("golden", "r2", ()) == ()


def test_the_deployment_log_only_grows(deployments: DeployerMemory) -> None:
    entry = LogEntry(START, "deployed", 1, None, "solar-golden", "run", "data")
    deployments.append("golden", "a", entry)
    deployments.append("golden", "a", replace(entry, event="rolled_back"))
    later = replace(entry, at=START + timedelta(hours=1), version=2)
    deployments.append("golden", "b", later)
    assert deployments.log("golden") == (entry, later)
    assert deployments.models() == {"golden"}


def test_one_worker_at_a_time_holds_a_model(deployments: DeployerMemory) -> None:
    until = START + timedelta(seconds=90)
    assert deployments.take("golden", "one", START, until)
    assert not deployments.take("golden", "two", START + timedelta(seconds=89), until)
    assert deployments.take("other", "two", START, until)
    deployments.give_back("golden", "two")
    assert not deployments.take("golden", "two", START, until), "it was not theirs to give back"
    deployments.give_back("golden", "one")
    assert deployments.take("golden", "two", START, until)
    later = START + timedelta(seconds=91)
    assert deployments.take("golden", "three", later, later + timedelta(seconds=90))


def test_a_setback_is_remembered_until_something_succeeds(deployments: DeployerMemory) -> None:
    assert deployments.setback("golden") is None
    found = Setback(3, 2, START)
    deployments.remember("golden", found)
    assert deployments.setback("golden") == found
    deployments.forget("golden")
    deployments.forget("golden")
    assert deployments.setback("golden") is None


def test_what_a_new_version_is_asked_is_kept_until_the_next_one_is(
    deployments: DeployerMemory,
) -> None:
    assert deployments.inquiry("golden") is None
    row: dict[str, str | float] = {
        "site_id": "east",
        "timestamp": "2026-05-03T12:00:00Z",
        "ghi": 1.0,
    }
    questions = tuple(
        Question(SiteDay(f"s{number}", 5.0, (row,) * MOST_ROWS, (4.2, None)), (4.1, 0.0), 0.02)
        for number in range(MOST_SITES)
    )
    missing = {"west": "it has no rows"}
    asked = Inquiry(3, 2, START, 9000, questions, missing, passed=("s1",))
    deployments.keep("golden", asked)
    assert deployments.inquiry("golden") == asked
    deployments.keep("golden", asked.with_passed("s2"))
    found = deployments.inquiry("golden")
    assert found is not None
    assert found.passed == ("s1", "s2")


def test_how_a_deployment_goes_is_kept_with_it(deployments: DeployerMemory) -> None:
    begun = InProgress(2, 3, START, goes_back=True)
    assert deployments.begin("golden", begun)
    deployments.mark_called("golden", begun)
    assert deployments.in_progress("golden") == replace(begun, called=True)
    deployments.finish("golden", begun)
    assert deployments.in_progress("golden") is None
