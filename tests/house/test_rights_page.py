"""docs/iam.md says what the templates grant."""

from __future__ import annotations

from infra.checks import rights_page


def test_the_page_of_rights_is_what_the_templates_grant() -> None:
    assert rights_page.PAGE.read_text(encoding="utf-8") == rights_page.page(), "run `make docs`"
