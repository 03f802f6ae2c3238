"""Sabotaged versions under a client: the champion answers on, and people are told once and rightly.

The complete table of kinds is `make sabotage`; here are those that hurt most.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.app import ending, silence
from services.deployer.domain import alarms
from services.deployer.domain.deployment import Action
from shared.errors import NotReadyError
from tests.integration.conftest import LocalPlatform
from tests.integration.observe import wait_for
from tests.integration.sabotage import (
    Outcome,
    attack,
    broken,
    champion,
    outcome,
    sabotage,
)
from tests.integration.sabotage_world import Plant, plant_of


@pytest.fixture(scope="module")
def plant(platform: LocalPlatform) -> Iterator[Plant]:
    with plant_of(platform) as made:
        yield made


ALARMED = ("nan", "constant", "shifted")
QUIET = (
    "truncated",
    "image_lost",
    "no_image",
    "no_run_id",
)  # no alarm rings: one champion stands them all


@pytest.fixture(scope="module")
def attacks(plant: Plant) -> Iterator[dict[str, Future[Outcome]]]:
    """Every kind as a successor of a good version under a client, side by side."""
    with ThreadPoolExecutor(1) as quiet, ThreadPoolExecutor(2) as others:
        quiet.submit(champion, plant, "sabotage-quiet")
        yield {
            **{kind: others.submit(sabotage, plant, f"sabotage-{kind}", kind) for kind in ALARMED},
            **{kind: quiet.submit(attack, plant, "sabotage-quiet", kind) for kind in QUIET},
        }


@pytest.mark.parametrize("kind", [*ALARMED, *QUIET])
def test_the_champion_answers_throughout_and_people_are_told_once(
    attacks: dict[str, Future[Outcome]], kind: str
) -> None:
    found = attacks[kind].result()
    assert broken(found, successor=True) is None, found
    assert found.answers[1, "ok"] > 0, "nobody asked"


def test_a_first_version_that_fails_makes_room_for_a_better_one(plant: Plant) -> None:
    """Its failing answers ring an alarm for as long as somebody asks; a better one must not wait for that."""
    name = "sabotage-first"
    with plant.client(name) as client:
        assert broken(sabotage(plant, name, "nan", successor=False), successor=False) is None
        assert plant.approve(name, "good") == 2
        plant.rest(name)
        wait_for(lambda: client.answers[2, "ok"], bool)
    assert plant.status(name) == ("InService", 2)


def test_a_rollback_comes_at_once_while_the_alarm_of_failing_answers_rings(plant: Plant) -> None:
    """What served before waits for no alarm: it is what ends the alarm."""
    name = "sabotage-back"
    champion(plant, name)
    plant.configure(name, 1)
    bad = plant.approve(name, "nan_for_one_row")  # which the reference rows do not ask for
    plant.rest(name)
    assert plant.status(name) == ("InService", bad)
    with plant.client(name, most_rows=1) as client:
        wait_for(lambda: plant.ringing(name), bool)
        plant.roll_back(name, seen=bad)
        assert plant.status(name) in {("Updating", bad), ("InService", 1)}, "it does not wait"
        plant.rest(name)
        wait_for(lambda: client.answers[1, "ok"], bool)
    assert plant.status(name) == ("InService", 1)
    assert plant.package(name, bad)[0] == "Rejected"
    begun = [
        each["goes_back"]
        for each in plant.told(name, 1)
        if each["type"] == "solar.deployment_started"
    ]
    assert sorted(begun) == [False, True]
    assert client.failures() <= {(bad, "failed")}, "the version that came back failed nobody"


def test_a_person_lets_a_version_begin_that_mends_what_rings(plant: Plant) -> None:
    """Nobody else can end an alarm of what serves, while clients go on asking."""
    name = "sabotage-now"
    bad = plant.approve(name, "nan_for_one_row")  # which the reference rows do not ask for
    plant.rest(name)
    plant.configure(name, 5)
    with plant.client(name, most_rows=1) as client:
        wait_for(lambda: plant.ringing(name), bool)
        good = plant.approve(name, "good")
        assert [plant.check(name) for _ in range(3)] == [Action.UPDATE] * 3
        assert plant.status(name) == ("InService", bad), "it waits"
        good = plant.approve(name, "good", now=True)
        plant.rest(name)
        wait_for(lambda: client.answers[good, "ok"], bool)
    assert plant.status(name) == ("InService", good)
    (begun,) = [each for each in plant.told(name, good) if "ignores" in each]
    assert begun["ignores"] == [f"solar-{name}-endpoint-errors"]
    assert begun["decided_by"] == "ada (it mends what rings)"
    assert client.failures() <= {(bad, "failed")}


def test_a_good_version_is_not_barred_for_what_the_champion_fails_during_its_canary(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both fleets answer behind one variant; only the endpoint's log says which of them failed."""
    monkeypatch.setattr(ending, "LOG_ARRIVES", timedelta(seconds=2))
    name = "sabotage-blame"
    bad = plant.approve(name, "nan_for_one_row")  # which the reference rows do not ask for
    plant.rest(name)
    plant.configure(name, 60)  # long enough for the alarm, however busy the machine
    good = plant.approve(name, "good")
    assert plant.check(name) is Action.UPDATE
    with plant.client(name, most_rows=1):
        wait_for(lambda: plant.ringing(name), bool)
        plant.rest(name)
    assert plant.status(name) == ("InService", bad)
    assert plant.package(name, good)[0] == "Approved"
    assert (
        "for version 1, which served before: it failed requests"
        in plant.told(name, good)[-1]["cause"]
    )
    assert plant.tries(name) == 1, "it is tried again"


def test_other_instances_come_without_another_version_and_nobody_notices(plant: Plant) -> None:
    name = "sabotage-instances"
    champion(plant, name)
    before = plant.configuration(name)
    plant.configure(name, 5, instance_type="ml.m5.xlarge")
    with plant.client(name) as client:
        plant.deployer.reconciling.reconcile(name, settings=True)
        plant.rest(name)
    assert plant.configuration(name) != before
    assert plant.status(name) == ("InService", 1)
    assert plant.package(name, 1)[0] == "Approved"
    assert client.failures() == set()
    assert plant.deployer.reconciling.reconcile(name, settings=True) is Action.NOTHING


def test_what_aws_could_not_do_is_told_once_however_often_it_is_tried(plant: Plant) -> None:
    name = "sabotage-again"
    number = plant.approve(name, "no_image")
    plant.rest(name)
    plant.forget_wait(name)
    plant.rest(name)
    found = outcome(plant, name, "no_image", number)
    assert plant.tries(name) == 2
    assert broken(found, successor=False) is None, found


def test_an_alarm_within_the_second_in_which_the_canary_began_counts(plant: Plant) -> None:
    """A history tells whole seconds; to miss its alarm would be to try a bad version again."""
    name = "sabotage-second"
    alarm = next(each for each in alarms.WATCHES if each.metric == alarms.MISMATCH)
    cloudwatch = plant.platform.client("cloudwatch")
    endpoints, begun = plant.deployer.reconciling.endpoints, datetime.now(UTC)
    topic = plant.platform.client("sns").create_topic(Name="sabotage-alarms")["TopicArn"]
    cloudwatch.put_metric_alarm(**alarm.definition(name, topic))
    assert endpoints.rang_since(name, begun) == ()
    endpoints.stop_canary(name, "it answers wrongly")
    assert endpoints.rang_since(name, begun) == (alarm.alarm_name(name),)


def test_a_version_that_nobody_can_ask_makes_room_and_is_tried_again(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS answers in the container's place; clients of the version from before notice nothing."""
    name = "sabotage-silent"
    champion(plant, name)
    plant.configure(name, 1)
    number = plant.approve(name, "good")
    assert plant.check(name) is Action.UPDATE

    def outage(*_: object) -> None:
        message = "endpoint does not answer: ServiceUnavailable"
        raise NotReadyError(message)

    with monkeypatch.context() as patch, plant.client(name) as client:
        patch.setattr(SageMakerEndpoints, "invoke", outage)
        patch.setattr(silence, "PATIENCE", timedelta(seconds=2))
        plant.rest(name)
    assert plant.status(name) == ("InService", 1)
    assert plant.package(name, number)[0] == "Approved"
    (told,) = [each for each in plant.told(name, number) if "will_retry" in each]
    assert told["will_retry"]
    assert "could not be asked for hours: endpoint does not answer" in told["cause"]
    assert client.failures() == set()
    plant.forget_wait(name)
    plant.rest(name)
    assert plant.status(name) == ("InService", number)


@pytest.mark.parametrize(("archive", "state"), [("good", "InService"), ("schema", "Failed")])
def test_an_endpoint_of_somebody_else_with_such_a_name_is_left_alone(
    plant: Plant, archive: str, state: str
) -> None:
    """It may be in service, or have failed, which ours would be deleted for."""
    name = f"sabotage-foreign-{archive}"
    plant.foreign(name, archive)
    wait_for(lambda: plant.status(name)[0] == state, bool)
    before = plant.configuration(name)
    number = plant.approve(name, "good")
    for _ in range(4):
        plant.check(name)
    assert plant.status(name)[0] == state
    assert plant.configuration(name) == before
    assert plant.alarms(name) == [], "nothing of ours is put beside it"
    assert plant.package(name, number)[0] == "Approved"
    (told,) = plant.told(name, number)
    assert told["will_retry"]
    assert f"the endpoint solar-{name} is not this product's" in told["cause"]
    assert plant.told(name, 0) == []


def test_a_configuration_of_somebody_else_with_such_a_name_is_not_tidied_away(plant: Plant) -> None:
    name = "sabotage-tidy"
    for number in range(1, 5):
        plant.foreign_configuration(f"solar-{name}-v{number}-0a1b2c3d")
    champion(plant, name)
    kept = plant.configurations(name)
    assert {f"solar-{name}-v{number}-0a1b2c3d" for number in range(1, 5)} <= kept
