"""The one base of everything that people configure by YAML."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses names that it does not know: a slip of the pen must not be a default."""

    # Built at first use: few of a function's messages need it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )
