"""The platform's process; `control.up` starts it with a complete environment."""

from __future__ import annotations

import importlib.metadata
import os
import sys

from infra.local import environment
from infra.local.errors import PlatformError
from infra.local.home import Home, default_home

MINISTACK = "1.5.33"


def main() -> int:
    """Run until asked to end; say in one sentence why it cannot."""
    environment.of_platform_for_lambda()
    home, port = Home(default_home()), int(os.environ["GATEWAY_PORT"])
    try:
        _refuse_other_ministack()
        from infra.local.server import Platform  # noqa: PLC0415  # ministack reads the environment

        Platform(home, port).run()
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _refuse_other_ministack() -> None:
    found = importlib.metadata.version("ministack")
    if found != MINISTACK:
        message = (
            f"the local platform knows the insides of ministack {MINISTACK}, but {found} is "
            "installed. Install requirements/local.txt; to move on, check every part that "
            "infra/local/emulator.py and infra/local/patches name, then raise MINISTACK here."
        )
        raise PlatformError(message)


if __name__ == "__main__":
    sys.exit(main())
