"""Writes docs/iam.md: who may do what, on what, and why. `python -m infra.checks.rights_page`."""

from __future__ import annotations

from collections import defaultdict

from infra.checks import rights
from infra.deploy import build

PAGE = build.ROOT / "docs/iam.md"
_HEAD = """\
# Who may do what
Written by `make docs` from the templates; a test compares. Names begin with `<prefix>-`, mostly `solar-`, and
those of roles and policies end with the Region. No action is granted by a wildcard.

The story of `tests/e2e` runs under enforced roles, and each call is recorded. What it does not use is granted
for the reason beside it; `tests/e2e/test_uses_of_rights.py` fails for a right without use and without reason.

People: attach `<prefix>-viewer-<Region>` to who looks, `<prefix>-operator-<Region>` to who decides (it is
enough alone: the story's command line runs with it), and `<prefix>-uploader-<Region>` to a plant's logger,
tagged `site=<site_id>`.

"""


def page() -> str:
    """Return the page's text."""
    by_role: dict[str, dict[tuple[str, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    for grant in rights.grants():
        by_role[grant.role][grant.resources].append(grant.action)
    parts = [_HEAD]
    for role, granted in sorted(by_role.items()):
        parts.append(f"## {role}\n| may | on | if the story does not use it |\n|---|---|---|\n")
        for resources, actions in granted.items():
            said = "<br>".join(f"`{each}`" for each in actions)
            where = "<br>".join(f"`{each}`" for each in resources)
            why = "<br>".join(
                sorted({why for each in actions if (why := rights.reason(role, each))})
            )
            parts.append(f"| {said} | {where} | {why} |\n")
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
