"""CloudWatch dashboards: an account has them once and each Region shows all; ministack has them by Region."""

from __future__ import annotations

from infra.local import emulator


def apply() -> None:
    """Change where ministack keeps dashboards."""
    table = emulator.responses.AccountScopedDict()
    emulator.replace_table(emulator.cloudwatch, "_dashboards", table)
