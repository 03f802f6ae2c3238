"""`solar sites trust`: a person's word that the accepted files of a suspect source are right."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console import output
from console.commands import configuring
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared.messages import TrustRequested

WAIT_SECONDS = 60
Suspicion = dict[str, Any]


@changing
def trust_source(
    site: Annotated[str, typer.Argument(help="The site.")],
    source: Annotated[str, typer.Argument(help="The suspect source, as its YAML names it.")],
    reason: Annotated[str, typer.Option(help="Why its accepted files are right.")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait until its files count.")] = True,
    json: JsonOption = False,
) -> None:
    """Say that the accepted files of a suspect source are right, so that models are trained on them.

    It holds for this cause and this configuration of the source; a change of either asks again.

    Example: solar sites trust golden power --reason "the meter was changed in May, checked with the owner"

    Exit code 1 where its files do not count within a minute.
    """
    if not reason.strip():
        raise ConsoleError("--reason is empty; say why, the ledger keeps it")
    asked = known = _suspicion(site, source)
    if known["standing"] == "suspect":
        _send(site, known, reason)
    deadline = time.monotonic() + (WAIT_SECONDS if wait else 0)
    with output.errors.status("waiting for data_watcher"):
        while (
            _same(known, asked) and known["standing"] != "trusted" and time.monotonic() < deadline
        ):
            known = _suspicion(site, source, asked["question"])
            time.sleep(0 if known["standing"] == "trusted" else 1)
    if json:
        output.as_json({"site_id": site, **known})
    elif known["standing"] == "trusted":
        output.say(f"source {source} of site {site} counts: {known['reason']}")
    elif not _same(known, asked):
        why = output.sentences(known["reason"], known["remedy"])
        output.say_plainly(
            f"source {source} of site {site} is trusted about {asked['cause']}, and now suspect for another "
            f"cause, {known['cause']}: {why}"
        )
    else:
        output.say("asked; see `solar sites list`")
    if wait and known["standing"] != "trusted":
        raise typer.Exit(1)


def _same(known: Suspicion, asked: Suspicion) -> bool:
    return bool(known["question"] == asked["question"])


def _suspicion(site: str, source: str, question: str | None = None) -> Suspicion:
    """Return what is known of a source: why it is suspect, else what it is trusted about.

    Parameters
    ----------
    question
        The one to return where it is suspect for none.

    Raises
    ------
    ConsoleError
        There is no such site, or nothing to answer.
    """
    found = [
        each
        for each in configuring.all_configurations()
        if (each["kind"], each["name"]) == ("site", site)
    ]
    if not found:
        raise ConsoleError(f"no site {site}; see `solar sites list`")
    suspects: list[Suspicion] = found[0]["suspects"]
    mine = [each for each in suspects if each["source"] == source]
    if not mine:
        others = ", ".join(each["source"] for each in suspects if each["standing"] == "suspect")
        raise ConsoleError(
            f"source {source} of site {site} is not suspect; suspect are: {others or 'none'}"
        )
    return max(mine, key=lambda each: (each["standing"] == "suspect", each["question"] == question))


def _send(site: str, known: Suspicion, reason: str) -> None:
    now = datetime.now(UTC)
    message = TrustRequested.of(
        subject=(site, known["source"], known["question"], now),
        occurred_at=now,
        correlation_id="solar sites trust",
        site_id=site,
        source=known["source"],
        question=known["question"],
        reason=reason,
        requested_by=getpass.getuser(),
    )
    state.system.send("data_watcher", message.model_dump_json())
