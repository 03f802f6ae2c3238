"""What a site's YAML said when, and which of the site's time does not count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from console import output, times
from console.client import configurations
from console.client import left_out as client
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.plants import active_site
from console.state import state

_SHOWN = 40
_ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


def history(
    site_id: str,
    *,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="OLD NEW", help="How two of them differ, by their numbers."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List which configurations of a site were in force since when, by whom; and how two of them differ.

    Examples: solar sites history golden
              solar sites history golden --diff 1 2
    """
    found = configurations.history(state.system, site_id)
    if not found:
        raise ConsoleError(
            f"no configuration of site {site_id} ever was in force; `solar sites list`"
        )
    if diff is not None:
        older, newer = (configurations.numbered(found, each) for each in diff)
        lines = configurations.difference(older, newer)
        if json:
            output.as_json({"site_id": site_id, "older": diff[0], "newer": diff[1], "lines": lines})
        else:
            output.say_plainly("\n".join(lines) or "they say the same")
        return
    if json:
        output.as_json(found)
        return
    rows = [
        (
            each["number"],
            output.when(each["since"]),
            output.when(each["until"]) if each["until"] else "now",
            output.when(each["uploaded_at"]) if each["uploaded_at"] else "not known",
            each["by"] or "not said",
            output.short(each["config_version"], 8),
        )
        for each in found
    ]
    columns = ["no.", "since (UTC)", "until (UTC)", "uploaded (UTC)", "by", "version"]
    output.table(f"Configurations of {site_id} in force", columns, rows, "none")


def left_out(
    site_id: str,
    *,
    begin: times.From = None,
    end: times.To = None,
    json: JsonOption = False,
) -> None:
    """Say which of a site's time does not count, and why: masked by checks, refused, suspect, excluded.

    Examples: solar sites left-out golden
              solar sites left-out golden --from 2026-06-01 --to 2026-07-01
    """
    first, last = begin or _ALWAYS[0], end or _ALWAYS[1]
    if last <= first:
        raise ConsoleError("the end must come after the beginning")
    model = active_site(site_id).model_id
    found, run_id = client.of_site(state.system, model, site_id, first, last)
    if json:
        output.as_json({"site_id": site_id, "run_id": run_id, "left_out": found})
        return
    rows = [
        (
            output.when(each["begin"]) if each["begin"] else "not known",
            output.when(each["end"]) if each["end"] else "",
            each["kind"],
            each["why"],
            "" if each["kind"] == "masked" else each["about"],
        )
        for each in found[:_SHOWN]
    ]
    columns = ["from (UTC)", "until (UTC)", "what", "why", "file, or by"]
    output.table(f"What does not count at {site_id}", columns, rows, "nothing: all of it counts")
    if len(found) > _SHOWN:
        output.say(f"{len(found) - _SHOWN} more; name a time by --from and --to, or take --json")
    if run_id is None:
        output.say("no run has said yet what its checks masked")
    else:
        output.say(f"masked by the checks of run {output.short_run(run_id)}")
