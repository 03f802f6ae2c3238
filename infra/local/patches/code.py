"""Lambda's code is unpacked once, not for every worker: as on AWS, none may change it."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from infra.local import emulator
from infra.local.home import Home


def apply(home: Home) -> None:
    """Change where ministack unpacks a function's zip."""
    emulator.replace(emulator.lambda_runtime, "zipfile", lambda ours: sharing(ours, home.code))


def sharing(module: types.ModuleType, folder: Path) -> types.SimpleNamespace:
    """Return the module `zipfile`, whose archives unpack to a link.

    Parameters
    ----------
    folder
        Where each archive is unpacked once, under the digest of its bytes.
    """
    lock = threading.Lock()

    class Shared(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            if members is not None or pwd is not None or self.filename is None:
                super().extractall(path, members, pwd)
                return
            whole = folder / hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
            with lock:
                if not whole.exists():
                    folder.mkdir(parents=True, exist_ok=True)
                    draft = tempfile.mkdtemp(dir=folder)
                    super().extractall(draft)
                    Path(draft).rename(whole)
            Path(path).rmdir()  # the empty folder that was made for it
            Path(path).symlink_to(whole, target_is_directory=True)

    return types.SimpleNamespace(**vars(module) | {"ZipFile": Shared})
