"""The bill is estimated from what the templates create, what was measured, and one dated price file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from infra.deploy import costs
from infra.deploy.build import TEMPLATES
from infra.deploy.cost_page import PAGE, fleet, page
from infra.deploy.costs import DAYS, MODES, Load, estimate, tables
from infra.deploy.inventory import inventory, times_a_day
from services.trainer_trigger.domain.costs import USD_PER_HOUR
from shared.model_config import ModelConfig

ROOT = Path(__file__).parents[3]
TEMPLATE = """
Resources:
  One:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: !Ref NamePrefix, MetricName: Sweeps}
  Daily:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: solar, MetricName: Worse, Period: 86400}
  Two:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: share, Expression: a / b}
        - {Id: a, MetricStat: {Metric: {Namespace: solar, MetricName: Rows}}}
        - {Id: b, MetricStat: {Metric: {Namespace: AWS/SQS, MetricName: Sent}}}
  Key: {Type: AWS::KMS::Key}
  Queue: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: worker, MemorySize: 512, Architectures: [arm64]}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Worker}
  Quick:
    Type: AWS::Scheduler::Schedule
    Properties: {ScheduleExpression: rate(15 minutes), Target: {Arn: !GetAtt Queue.Arn}}
  Weekly:
    Type: AWS::Scheduler::Schedule
    Properties: {ScheduleExpression: 'cron(30 6 ? * MON *)', Target: {Arn: !GetAtt Worker.Arn}}
"""


def usd(part: str, loads: list[Load]) -> float:
    return estimate(loads).parts().get(part, 0.0)


def test_what_costs_is_counted_in_the_templates() -> None:
    built = inventory([TEMPLATE])
    assert built.alarm_metrics == 4  # an alarm of two metrics costs as two
    assert built.custom_metrics == {"Sweeps", "Rows", "Worse"}
    assert built.daily_metrics == {"Worse"}, "an alarm looks at whole days of it"
    assert (built.keys, built.dashboards, built.secrets, built.polled_queues) == (1, 0, 0, 1)
    assert built.functions["worker"].gigabytes == 0.5
    assert built.functions["worker"].is_arm
    assert built.wakes == {"worker": pytest.approx(96 + 1 / 7)}


def test_no_alarm_of_a_template_is_left_out() -> None:
    text = "".join((ROOT / path).read_text() for path in TEMPLATES)
    assert inventory().alarm_metrics >= len(re.findall(r"Type: AWS::CloudWatch::Alarm", text))
    assert set(TEMPLATES) == {
        str(path.relative_to(ROOT))
        for folder in ("infra", "services")
        for path in (ROOT / folder).glob("*.yaml" if folder == "infra" else "*/template.yaml")
    }


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(5 minutes)", 288),
        ("rate(1 day)", 1),
        ("rate(7 days)", 1 / 7),
        ("cron(20 6 * * ? *)", 1),
        ("cron(30 6 ? * MON *)", 1 / 7),
    ],
)
def test_a_schedule_says_how_often_it_fires(expression: str, times: float) -> None:
    assert times_a_day(expression) == pytest.approx(times)


def test_a_schedule_of_another_form_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="no rate"):
        times_a_day("cron(0/5 * * * ? *)")


def test_two_idle_instances_cost_what_the_price_list_says() -> None:
    found = [each for each in estimate(fleet(1, 1, "realtime")).lines if "instances" in each.what]
    assert [each.usd for each in found] == [pytest.approx(2 * 730 * 0.115)]


def test_a_mode_changes_the_serving_only() -> None:
    parts = {mode: estimate(fleet(3, 50, mode)).parts() for mode in MODES}
    for found in parts.values():
        found.pop("serving", None)
    assert parts["none"] == parts["serverless"] == parts["realtime"]


def test_more_sites_and_more_models_cost_more() -> None:
    assert usd("tables", fleet(1, 200, "none")) > usd("tables", fleet(1, 100, "none"))
    assert usd("metrics", fleet(2, 1, "none")) > usd("metrics", fleet(1, 1, "none"))
    assert usd("alarms", fleet(2, 1, "none")) == usd("alarms", fleet(1, 1, "none"))


def test_training_is_counted_by_its_jobs_and_its_instance() -> None:
    one = [Load(ModelConfig(model_id="m", instance_type="ml.m5.large"), 1, "none")]
    big = [Load(ModelConfig(model_id="m", instance_type="ml.m5.xlarge"), 1, "none")]
    seconds = DAYS * (60 + 1.9 + 60 + 8)
    lines = {each.what: each for each in estimate(one).lines if each.part == "training"}
    assert lines["Preprocess and Evaluate, on demand"].usd == pytest.approx(0.115 * seconds / 3600)
    on_spot = 0.115 * tables()[0]["spot_share"] * DAYS * 66 / 3600
    assert lines["Train, on spot"].usd == pytest.approx(on_spot)
    fixed = lines["steps of the sequence"].usd
    assert usd("training", big) - fixed == pytest.approx(2 * (usd("training", one) - fixed))


def test_an_instance_without_a_price_is_named_and_not_counted_as_free() -> None:
    config = ModelConfig.model_validate({"model_id": "m", "instance_type": "ml.p9.huge"})
    found = estimate([Load(config, 1, "none")])
    assert found.unpriced == ("ml.p9.huge", "spot ml.p9.huge")
    assert any("ml.p9.huge" in line for line in found.text())


def test_the_text_says_the_sum_and_that_prices_are_to_be_checked() -> None:
    found = estimate(fleet(1, 1, "serverless"))
    first, *_, last = found.text()
    assert f"{found.usd:,.0f} USD a month" in first
    assert str(tables()[0]["noted"]) in last
    assert "docs/cost.md" in last


def test_the_parts_are_the_whole() -> None:
    found = estimate(fleet(2, 30, "realtime"))
    assert sum(found.parts().values()) == pytest.approx(found.usd)


def test_every_price_has_a_unit_and_amazons_name_and_the_file_its_date() -> None:
    prices, _ = tables()
    assert isinstance(prices["noted"], date)
    assert prices["region"] == "us-east-1"
    for name, each in prices["prices"].items():
        assert set(each) == {"usd", "unit", "name"}, name
        assert each["usd"] > 0, name


def test_a_run_costs_the_same_in_its_message_and_on_the_bill() -> None:
    assert tables()[0]["instances"] == USD_PER_HOUR


def test_the_figures_between_two_measured_sizes_are_in_proportion() -> None:
    known = {1: 2.0, 10: 20.0, 100: 110.0}
    asked = (0, 1, 10, 55, 100, 200)
    assert [costs._at(known, sites) for sites in asked] == [2.0, 2.0, 20.0, 65.0, 110.0, 220.0]


@pytest.mark.parametrize(("models", "sites", "most"), [(1, 1, 20), (1, 100, 40), (100, 100, 900)])
def test_a_plant_owner_can_afford_it(models: int, sites: int, most: float) -> None:
    assert estimate(fleet(models, sites, "serverless")).usd <= most


def test_the_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"
