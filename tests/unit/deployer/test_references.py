"""What an evaluation left for the smoke test is read, of this release and of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from services.deployer.adapters.references import S3References
from shared.errors import NotFoundError


@dataclass
class Objects:
    content: dict[str, Any] | None

    def read_json(self, key: str) -> dict[str, Any]:
        assert "run1" in key
        if self.content is None:
            raise NotFoundError(key)
        return self.content


@pytest.mark.parametrize("tolerance", [0.1, [0.1, 0.1]])
def test_a_tolerance_may_be_one_for_all_rows_or_one_for_each(tolerance: object) -> None:
    content = {"request": {"rows": []}, "expected_kw": [1.0, 2.0], "tolerance_kw": tolerance}
    found = S3References(Objects(content)).of_run("run1")  # type: ignore[arg-type]
    assert found is not None
    assert (found.expected_kw, found.tolerance_kw) == ((1.0, 2.0), (0.1, 0.1))
    assert found.is_own


def test_a_run_without_reference_rows_has_none() -> None:
    assert S3References(Objects(None)).of_run("run1") is None  # type: ignore[arg-type]
