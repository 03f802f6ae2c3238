"""An alarm cannot search: those about models look at the worst one, whatever the others do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.metrics import ROOT
from tests.templates import read

TEMPLATES = ("services/deployer/template.yaml", "services/trainer_trigger/template.yaml")
ALARMS: dict[str, dict[str, Any]] = {
    resource["Properties"]["MetricName"]: resource["Properties"]
    for template in TEMPLATES
    for resource in read(ROOT / template)["Resources"].values()
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "MetricName" in resource["Properties"]
}
AT_ONE, OVER_NOTHING = ("GreaterThanOrEqualToThreshold", 1), ("GreaterThanThreshold", 0)


@pytest.mark.parametrize(
    ("metric", "rings"),
    [
        ("SitesDegraded", AT_ONE),
        ("SitesNotScored", AT_ONE),
        ("FilesGivenUp", AT_ONE),
        ("HeldDays", ("GreaterThanOrEqualToThreshold", 7)),
        ("DeploymentSetbacks", ("GreaterThanOrEqualToThreshold", 3)),
        ("ChampionShortfall", OVER_NOTHING),
    ],
)
def test_the_alarm_rings_where_one_model_is_unwell_however_well_others_are(
    metric: str, rings: tuple[str, int]
) -> None:
    alarm = ALARMS[metric]
    assert alarm["Statistic"] == "Maximum"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == rings
    assert [each["Name"] for each in alarm["Dimensions"]] == ["service"]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "Runbook: docs/runbooks/" in str(alarm["AlarmDescription"])
