"""Of all systems in an account one records who changed what in it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.deploy import trails

OWN = "solar-trail-eu-west-1"


class CloudTrail:
    def __init__(self, *seen: tuple[str, bool]) -> None:
        self.seen = seen

    def describe_trails(self, *, includeShadowTrails: bool) -> dict[str, Any]:  # noqa: N803  # boto's spelling
        assert includeShadowTrails, "a trail of all Regions is seen elsewhere as its shadow"
        return {"trailList": [{"Name": n, "IsMultiRegionTrail": wide} for n, wide in self.seen]}


@pytest.mark.parametrize(
    ("seen", "scope"),
    [
        ((), "account"),
        (((OWN, True),), "account"),
        (((OWN, True), ("solar-trail-eu-central-1", True)), "bucket"),
        ((("test-solar-trail-eu-west-1", True),), "bucket"),
        ((("test-solar-trail-eu-west-1", False),), "account"),
        ((("audit-of-somebody-else", True),), "account"),
    ],
)
def test_the_account_is_recorded_by_one_trail_of_ours(
    seen: tuple[tuple[str, bool], ...], scope: str
) -> None:
    assert trails.scope(CloudTrail(*seen), OWN) == scope
