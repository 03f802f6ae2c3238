"""One attempt at a job: its containers, one per instance, from their start to their end."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.local import background
from infra.local.children import Child
from infra.local.home import Home
from infra.local.sagemaker.containers import Box, Host, environment
from infra.local.sagemaker.kinds import Kind
from infra.local.sagemaker.output import Output
from infra.local.sagemaker.store import Record

_ENDED = {0, 143, -15}  # exit codes of what was done, or ended by SIGTERM
_LOOK = 0.05  # [s] between two looks at several containers


def folder(home: Home, kind: Kind, job: Record) -> Path:
    """Return where a job's files are; another Region may have a job of the same name."""
    region = str(job[kind.arn]).split(":")[3]
    return home.temporary / "jobs" / region / str(job[kind.member])


class Attempt:
    """The containers of a job.

    Parameters
    ----------
    kind, job
        What runs.
    home
        Where its folders stand.
    image
        Folder of the image's content.
    """

    def __init__(self, kind: Kind, job: Record, home: Home, image: Path) -> None:
        self.kind, self.job = kind, job
        self._home, self._image = home, image
        hosts = [f"algo-{number + 1}" for number in range(kind.instances(job))]
        root = folder(home, kind, job)
        self._hosts = [Host(name, tuple(hosts)) for name in hosts]
        self._boxes = [Box(root / name) for name in hosts]
        self._variables: list[dict[str, str]] = []
        self._children: list[Child] = []
        self._outputs: list[Output] = []
        self._readers: list[threading.Thread] = []

    def prepare(self) -> None:
        """Bring inputs and files to every container's folder."""
        self._variables = [
            self.kind.prepare(box, self.job, host)
            for box, host in zip(self._boxes, self._hosts, strict=True)
        ]

    def start(self) -> None:
        """Start every container."""
        job, kind = self.job, self.kind
        isolated = bool(job.get("NetworkConfig", job).get("EnableNetworkIsolation"))
        for box, host, own in zip(self._boxes, self._hosts, self._variables, strict=True):
            given = {**job.get("Environment", {}), **own}
            child = Child(
                kind.command(job),
                environment=environment(box, self._image, given, isolated=isolated),
                folder=self._image,
                register=self._home.children,
                grace=kind.grace,
            )
            output = Output(kind.log_group, f"{job[kind.member]}/{host.name}-{int(time.time())}")
            reader = background.thread(output.read, child.output)
            reader.start()
            self._children.append(child)
            self._outputs.append(output)
            self._readers.append(reader)

    def wait(self, patience: float) -> list[int]:
        """Wait until all have ended, or one has failed and so the others were ended; return exit codes.

        Raises
        ------
        subprocess.TimeoutExpired
            Some still run after `patience` [s].
        """
        deadline = time.monotonic() + patience
        while any(child.is_running() for child in self._children):
            ended = [child for child in self._children if not child.is_running()]
            if any(child.wait() != 0 for child in ended):
                self.ask_to_end()  # what one instance lacks, the others cannot make good
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired("job", patience)
            self._look(min(left, _LOOK) if len(self._children) > 1 else left)
        self._join()
        return [child.wait() for child in self._children]

    def _look(self, patience: float) -> None:
        running = next((child for child in self._children if child.is_running()), None)
        if running is not None:
            try:
                running.wait(patience)
            except subprocess.TimeoutExpired:
                return

    def ask_to_end(self) -> None:
        """Send SIGTERM to every container and return at once."""
        for child in self._children:
            child.ask_to_end()

    def end(self) -> list[int]:
        """End every container, first kindly; return their exit codes."""
        self.ask_to_end()
        codes = [child.end() for child in self._children]
        self._join()
        return codes

    def metrics(self) -> list[dict[str, Any]]:
        """Return the metrics that the first container wrote; a training job has no other."""
        return self._outputs[0].metrics(self.kind.metric_definitions(self.job))

    def finish(self) -> None:
        """Take the outputs of every container."""
        for box in self._boxes:
            self.kind.finish(box, self.job)

    def keep_partial(self) -> None:
        """Take what containers leave that did not come to their end."""
        for box in self._boxes:
            self.kind.keep_partial(box, self.job)

    def failure(self, codes: Sequence[int]) -> str:
        """Return why the job failed: of the containers, the one that failed by itself speaks."""
        by_itself = [place for place, code in enumerate(codes) if code not in _ENDED]
        place = (by_itself or [place for place, code in enumerate(codes) if code])[0]
        return self.kind.failure(self._boxes[place], self.job, codes[place])

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(timeout=5.0)
