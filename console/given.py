"""Files that a person names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from console.errors import ConsoleError


def check_names(paths: Sequence[Path], folder_remedy: str) -> None:
    """Refuse what cannot be uploaded at once: folders, files that are not there, and names that come twice.

    Parameters
    ----------
    folder_remedy
        The command that names a folder's files; `{}` stands for the folder.

    Raises
    ------
    ConsoleError
        With what to type instead.
    """
    folders = [path for path in paths if path.is_dir()]
    if folders:
        if not any(each.is_file() for each in folders[0].iterdir()):
            raise ConsoleError(f"{folders[0]} is a folder without files")
        raise ConsoleError(
            f"{folders[0]} is a folder; name its files: {folder_remedy.format(folders[0])}"
        )
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise ConsoleError(f"no such file: {', '.join(missing)}")
    twice = [path for path, times in Counter(paths).items() if times > 1]
    if twice:
        raise ConsoleError(f"{twice[0]} is named twice; name it once")
    known: dict[str, Path] = {}
    for path in paths:
        other = known.setdefault(path.name, path)
        if other is not path:
            raise ConsoleError(
                f"{other} and {path} have the same name, so the second would replace the first; "
                "rename one of them"
            )
