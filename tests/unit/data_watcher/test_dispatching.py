"""Each message goes to its use case, and one that no use case expects goes to the dead letters."""

from __future__ import annotations

import pytest

from shared.errors import InvalidMessageError
from shared.inbox import ObjectChanged
from shared.messages import DeploymentCheckDue
from tests.unit.data_watcher.fakes import START, World

UNEXPECTED = [
    DeploymentCheckDue.of(
        subject=("fleet",), occurred_at=START, correlation_id="fleet", model_id="fleet"
    ),
    ObjectChanged(
        bucket="data",
        key="canonical/east/2024-06/a.parquet",
        version_id="1",
        etag="",
        size=1,
        sequencer="1",
        removed=False,
        occurred_at=START,
    ),
]


@pytest.mark.parametrize("message", UNEXPECTED, ids=lambda each: type(each).__name__)
def test_a_message_that_nobody_expects_is_refused_by_what_it_is(message: object) -> None:
    with pytest.raises(InvalidMessageError, match="data_watcher does not expect") as caught:
        World().watcher.handle(message)

    assert repr(message) in str(caught.value)
