"""How the program ends."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(ended: SystemExit) -> NoReturn:
    """End the program with the code that it was ended with.

    Where Arrow was used, its threads may still start while the interpreter goes, and then abort it: exit
    code 134 after a good answer, once in twenty runs (apache/arrow#34314, apache/arrow#39862). All that a
    verb does is done by now, so the program leaves without taking the interpreter down.
    """
    if "pyarrow" not in sys.modules:
        raise ended
    code = 0 if ended.code is None else 1
    if isinstance(ended.code, int):
        code = ended.code
    elif ended.code is not None:
        print(ended.code, file=sys.stderr)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more
        code = code or 1
    os._exit(code)
