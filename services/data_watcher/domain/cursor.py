"""Where a sweep is, as its messages carry it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared import layout


class Cursor(BaseModel):
    """Where a sweep is: below which prefix, after which key."""

    model_config = ConfigDict(frozen=True)

    prefix: str = layout.RAW
    after: str = ""

    def text(self) -> str:
        """Return the cursor as messages carry it."""
        return self.model_dump_json()
