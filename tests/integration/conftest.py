"""The local platform for every test of this folder: one per session, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.local import control


@dataclass
class LocalPlatform:
    """A running platform, as tests see it."""

    home: Path
    info: control.PlatformInfo
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def endpoint_url(self) -> str:
        return self.info.endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a program to this platform."""
        return self.info.environment()

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a boto3 client of this platform, by default of its Region; the same one every time."""
        which = (service, region or self.info.region)
        if which not in self._clients:
            self._clients[which] = boto3.client(
                service,
                endpoint_url=self.endpoint_url,
                region_name=which[1],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"max_attempts": 1}, read_timeout=70),
            )
        return self._clients[which]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(home: Path, **variables: str) -> Iterator[LocalPlatform]:
    """Run a platform in a folder, with more environment variables, and stop it afterwards."""
    caller = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**caller, "SOLAR_LOCAL_BAKE_SCALE": "0.02", **variables}
    info = control.up(home, free_port(), variables=environment)
    try:
        yield LocalPlatform(home, info)
    finally:
        control.down(home)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """The platform that tests share; they give their resources names of their own."""
    with running(tmp_path_factory.mktemp("platform")) as started:
        yield started
