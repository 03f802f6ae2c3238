"""Where a platform keeps its things: everything stands below one folder, so that two do not meet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "SOLAR_HOME"
DEFAULT_HOME = ".solar"


def default_home(environment: Mapping[str, str] | None = None) -> Path:
    """Return the home that `SOLAR_HOME` names, or `.solar` in the current folder."""
    variables = os.environ if environment is None else environment
    return Path(variables.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()


@dataclass(frozen=True, slots=True)
class Home:
    """The folders and files of one platform."""

    root: Path

    @property
    def info(self) -> Path:
        """What `up` wrote about the running process."""
        return self.root / "platform.json"

    @property
    def lock(self) -> Path:
        """Taken while `up` or `down` works, so that two do not race."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """The process's log."""
        return self.root / "platform.log"

    @property
    def state(self) -> Path:
        """State that survives a restart, one file per service."""
        return self.root / "state"

    @property
    def objects(self) -> Path:
        """Bytes of the S3 objects."""
        return self.root / "s3"

    @property
    def images(self) -> Path:
        """Container images, unpacked, by digest."""
        return self.root / "images"

    @property
    def temporary(self) -> Path:
        """Gone when the platform is down: jobs, endpoints, Lambda workers."""
        return self.root / "tmp"

    @property
    def code(self) -> Path:
        """What functions run, unpacked, by digest of its zip."""
        return self.temporary / "code"

    @property
    def children(self) -> Path:
        """One file per process that the platform started and still watches."""
        return self.temporary / "children"

    @property
    def refuse(self) -> Path:
        """Names resources that CloudFormation is to refuse; there is none unless somebody writes it."""
        return self.root / "refuse"

    @property
    def no_spot(self) -> Path:
        """While this file exists, no spot instance is to be had; there is none unless somebody makes it."""
        return self.root / "no-spot"

    @property
    def rights(self) -> Path:
        """Which rights were used, where SOLAR_LOCAL_RECORD_RIGHTS asks for it; a line of JSON each."""
        return self.root / "rights.jsonl"

    @property
    def outbox(self) -> Path:
        """What would have left the account: e-mails and Slack messages."""
        return self.root / "outbox"
