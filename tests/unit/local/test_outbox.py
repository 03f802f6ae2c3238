"""Messages that would have left the machine are read as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import outbox
from infra.local.home import Home


@pytest.mark.parametrize("length", [10, 69, 80, 200])
def test_a_subject_of_any_length_is_read_as_it_was_written(tmp_path: Path, length: int) -> None:
    subject = ("Suspect: source power-1 " * 10)[:length].strip()
    outbox.keep_email(
        Home(tmp_path).outbox, to="a@example.org", subject=subject, body="", topic="t"
    )
    assert [each.subject for each in outbox.emails(tmp_path)] == [subject]
