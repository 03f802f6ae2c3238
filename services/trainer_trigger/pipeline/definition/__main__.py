"""`python -m services.trainer_trigger.pipeline.definition` writes the committed `pipeline.json`."""

from __future__ import annotations

from services.trainer_trigger.pipeline.definition import render

render.RENDERED.write_text(render.render(), encoding="utf-8")
