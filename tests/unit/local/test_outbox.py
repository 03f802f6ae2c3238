"""Messages that would have left the machine are read as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import outbox
from infra.local.home import Home


@pytest.mark.parametrize("site", ["east", "munich", "a-site-of-a-longer-name"])
def test_a_subject_of_any_length_is_read_as_it_was_written(tmp_path: Path, site: str) -> None:
    subject = f"[Solar] Warning: Suspect: source power-1 of site {site} (contradicting_rows)"
    outbox.keep_email(
        Home(tmp_path).outbox, to="a@example.org", subject=subject, body="", topic="t"
    )
    assert [each.subject for each in outbox.emails(tmp_path)] == [subject]
