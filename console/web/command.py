"""`solar console`: the pages, on this machine only."""

from __future__ import annotations

import getpass
import socket
import webbrowser
from typing import Annotated

import typer

from console import output
from console.errors import ConsoleError
from console.state import state

PORT, LAST_PORT = 8484, 65535
HOST = "127.0.0.1"


def console(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = PORT,
    endpoint: Annotated[
        str | None, typer.Option(help="local or aws; else as for every other verb.")
    ] = None,
    *,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every change, for whoever calls.")
    ] = False,
) -> None:
    """Serve the pages of the system on 127.0.0.1, with your own identity; Ctrl-C ends it.

    Examples: solar console --open
              solar console --endpoint aws --read-only
    """
    # With the packages of the page, which the verb's help does without.
    import uvicorn  # noqa: PLC0415

    from console.web.guard import Guard  # noqa: PLC0415
    from console.web.server import application  # noqa: PLC0415

    if endpoint is not None:
        if endpoint not in {"local", "aws"}:
            raise ConsoleError(f"--endpoint is local or aws, not {endpoint!r}")
        state.endpoint = "local" if endpoint == "local" else "aws"
    system = state.system
    listening = _listen(port)
    port = listening.getsockname()[1]
    app = application(system, Guard(port, read_only=read_only), getpass.getuser())
    address = f"http://{HOST}:{port}/"
    where = "the local platform" if system.kind == "local" else f"AWS, Region {system.region}"
    output.say_plainly(f"{address} shows {where}; Ctrl-C ends it")
    if open_:
        webbrowser.open(address)
    settings = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(settings).run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    """Return a socket on this machine.

    Raises
    ------
    ConsoleError
        There is no such port, or somebody else listens there.
    """
    if not 0 <= port <= LAST_PORT:
        raise ConsoleError(
            f"port {port} does not exist: ports end at {LAST_PORT}; choose another one by --port"
        )
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise ConsoleError(f"port {port} is taken; choose another one by --port") from error
    return listening
