"""What a process writes: into CloudWatch Logs, and searched for metrics."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import IO, Any

from infra.local.sagemaker import access
from infra.local.telemetry import LogStream

_CHUNK = 65536  # [bytes]
_KEPT_LINES = 20000


class Output:
    """Reads a process's output until it ends."""

    def __init__(self, group: str, stream: str) -> None:
        self._log = LogStream(group, stream) if access.to_log(group, stream) else None
        self._lines: list[str] = []

    def read(self, pipe: IO[bytes]) -> None:
        """Copy what comes to the log, as it comes; returns when the process has closed its output."""
        rest = b""
        with pipe:
            while chunk := os.read(pipe.fileno(), _CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                self._keep(whole)
        self._keep([rest])

    def _keep(self, lines: list[bytes]) -> None:
        texts = [line.decode("utf-8", errors="replace").rstrip("\r") for line in lines]
        if self._log is not None:
            self._log.write(texts)
        self._lines = (self._lines + texts)[-_KEPT_LINES:]

    def metrics(self, definitions: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
        """Return the last value that each metric's expression found in the output."""
        found = []
        for definition in definitions:
            expression = re.compile(definition["Regex"])
            values = [match[1] for line in self._lines for match in expression.finditer(line)]
            if values:
                found.append({"MetricName": definition["Name"], "Value": float(values[-1])})
        return found
