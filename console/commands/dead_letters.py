"""`solar dead-letters`: messages that a service could not handle, and the way back into its inbox."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated

import typer

from console import output
from console.client import dead_letters
from console.client.dead_letters import Letters
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state

app = typer.Typer(
    invoke_without_command=True,
    help="Messages that a service could not handle: what they are; send them back.\n\n"
    "Looking hides and deletes none; it counts as a receipt.\n\n"
    "Examples: solar dead-letters; solar dead-letters redrive deployer",
)
SECONDS = 600  # that a call waits for the end
_LOOK = 0.5  # between two looks [s]
QueueArgument = Annotated[
    str,
    typer.Argument(help="Whose: data-watcher, trainer-trigger, deployer, deployer-live, notifier."),
]


@app.callback()
def listed(context: typer.Context, *, json: JsonOption = False) -> None:
    """List the queues that hold dead letters, and what some of the letters are about.

    Looking hides and deletes nothing; it counts as received.

    Example: solar dead-letters --json
    """
    if context.invoked_subcommand is not None:
        return
    found = dead_letters.all_queues(state.system)
    heads = {each.queue: dead_letters.heads(state.system, each) for each in found if each.waiting}
    if json:
        output.as_json(
            [
                {**each.as_data(), "messages": [one.as_data() for one in heads.get(each.queue, ())]}
                for each in found
            ]
        )
        return
    show_queues(found)
    rows = [
        (queue, each.kind, each.key, output.when(each.sent_at.isoformat()), each.received)
        for queue, seen in heads.items()
        for each in seen
    ]
    if rows:
        columns = ["queue", "message", "about", "sent (UTC)", "received"]
        output.table(f"Some of them, {dead_letters.SEEN} of a queue at most", columns, rows, "")
        output.say("correct the cause, then: solar dead-letters redrive QUEUE")


@app.command()
@changing
def redrive(
    queue: QueueArgument,
    *,
    wait: Annotated[bool, typer.Option(help="Wait for the end.")] = True,
    json: JsonOption = False,
) -> None:
    """Send all dead letters of a queue back to the inboxes that they came from; correct the cause first.

    What fails five times again comes back.

    Example: solar dead-letters redrive deployer
    """
    letters = dead_letters.one(state.system, queue)
    dead_letters.send_back(state.system, letters)
    end = time.monotonic() + SECONDS
    found = dead_letters.one(state.system, queue)
    while wait and (not _has_begun(found, letters) or (found.move and found.move.runs)):
        if time.monotonic() > end:
            raise ConsoleError(
                f"it goes on after {SECONDS} s; look at `solar dead-letters` how far it is"
            )
        time.sleep(_LOOK)
        found = dead_letters.one(state.system, queue)
    is_known = _has_begun(found, letters)
    if json:
        output.as_json(found.as_data())
    else:
        said = dead_letters.told(found.move) if found.move and is_known else "asked to be sent back"
        output.say_plainly(f"{found.queue}: {said}")
    if found.move and is_known and found.move.status == "FAILED":
        raise typer.Exit(1)


def _has_begun(now: Letters, before: Letters) -> bool:
    """Whether SQS tells of the move that was asked for, and not of an earlier one still."""
    earlier = before.move.started_at if before.move else None
    return now.move is not None and now.move.started_at != earlier


@app.command()
@changing
def cancel(queue: QueueArgument, *, json: JsonOption = False) -> None:
    """Stop sending dead letters back; what was sent stays sent.

    Example: solar dead-letters cancel deployer
    """
    letters = dead_letters.one(state.system, queue)
    moved = dead_letters.stop(state.system, letters)
    if json:
        output.as_json({"queue": letters.queue, "moved": moved})
    else:
        output.say_plainly(f"{letters.queue}: stopped after {output.counted(moved, 'message')}")


def show_queues(found: Iterable[Letters]) -> None:
    """Show how many dead letters queues hold, how old the oldest is, and how far sending back is."""
    rows = [
        (
            each.queue,
            each.waiting,
            "not known yet" if each.oldest_seconds is None else _age(each.oldest_seconds),
            dead_letters.told(each.move) if each.move else "",
        )
        for each in found
    ]
    columns = ["queue", "letters", "the oldest", "sent back"]
    output.table("Dead letters", columns, rows, "no dead letter: every message was handled")


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
