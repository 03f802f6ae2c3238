"""The log of a run's stage, as CloudWatch keeps it: its last lines, and what comes after them.

The job of a stage writes one stream for each instance and attempt. However long they are, only the ends of
the newest are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from console.client.words import plain
from console.errors import ConsoleError
from console.target import System
from shared.aws import error_code

GROUPS = {
    "processing-job": "/aws/sagemaker/ProcessingJobs",
    "training-job": "/aws/sagemaker/TrainingJobs",
}
LINES, MOST_LINES = 100, 2000
RUNS, FAILED = {"Starting", "Executing", "Stopping"}, {"Failed", "Stopped"}
_STREAMS = 8  # of a job: its instances and attempts, of which the newest are read
_PAGES = 5  # AWS answers with an empty page where it has not found the next lines yet
_DENIED = {"AccessDeniedException", "AccessDenied"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log; `host` is the instance that wrote it."""

    at: datetime
    host: str
    text: str

    def as_data(self) -> dict[str, Any]:
        """Return the line for machines."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a stage's log.

    Attributes
    ----------
    group
        The log group; '' where the stage runs no job.
    older
        Whether there are lines before these.
    note
        Why there are none, in a sentence; '' where there are.
    """

    stage: str
    status: str
    group: str = ""
    job: str = ""
    lines: tuple[Line, ...] = ()
    older: bool = False
    note: str = ""

    @property
    def hosts(self) -> int:
        """How many instances wrote these lines."""
        return len({each.host for each in self.lines})

    def as_data(self) -> dict[str, Any]:
        """Return the tail for machines."""
        lines = [each.as_data() for each in self.lines]
        names = ("stage", "status", "group", "job", "older", "note")
        return {name: getattr(self, name) for name in names} | {"lines": lines}


@dataclass(slots=True)
class Reader:
    """Reads the streams of a job from their ends on.

    Parameters
    ----------
    job
        The job's name as its ARN has it: in small letters, which the names of streams are not.
    """

    system: System
    group: str
    job: str
    _after: dict[str, str] = field(default_factory=dict)

    def last(self, most: int) -> tuple[list[Line], bool]:
        """Return the last lines of all streams together, and whether there are more before them."""
        found: list[Line] = []
        older = False
        for stream in self._streams():
            lines, is_cut = self._end_of(stream, most)
            found += lines
            older = older or is_cut
        ordered = sorted(found, key=lambda each: each.at)
        return ordered[-most:], older or len(ordered) > most

    def more(self) -> list[Line]:
        """Return what was written since the last call; the first call of all returns everything."""
        found = [line for stream in self._streams() for line in self._since(stream)]
        return sorted(found, key=lambda each: each.at)

    def _streams(self) -> list[str]:
        """Return the newest streams of the job.

        They are looked for by the pipeline's execution, which has small letters only.
        """
        prefix = "-".join(self.job.split("-")[:2]) + "-"
        pages = self.system.client("logs").get_paginator("describe_log_streams")
        try:
            found = [
                each
                for page in pages.paginate(logGroupName=self.group, logStreamNamePrefix=prefix)
                for each in page["logStreams"]
                if each["logStreamName"].partition("/")[0].lower() == self.job
            ]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []  # SageMaker makes the group with the first line of the account's first job
            raise self._explained(error) from error
        found.sort(key=lambda each: int(each["creationTime"]))
        return [each["logStreamName"] for each in found[-_STREAMS:]]

    def _end_of(self, stream: str, most: int) -> tuple[list[Line], bool]:
        found: list[Line] = []
        asked: dict[str, Any] = {"startFromHead": False}
        for _ in range(_PAGES):
            said = self._events(stream, limit=most, **asked)
            self._after.setdefault(stream, said["nextForwardToken"])
            found = [*_lines(stream, said["events"]), *found]
            if len(found) >= most:
                return found[-most:], True
            if said["nextBackwardToken"] == asked.get("nextToken"):
                break
            asked["nextToken"] = said["nextBackwardToken"]
        return found, False

    def _since(self, stream: str) -> Iterator[Line]:
        for _ in range(_PAGES):
            before = self._after.get(stream)
            said = self._events(
                stream, startFromHead=True, **({"nextToken": before} if before else {})
            )
            self._after[stream] = said["nextForwardToken"]
            yield from _lines(stream, said["events"])
            if said["nextForwardToken"] == before:
                break

    def _events(self, stream: str, **asked: Any) -> dict[str, Any]:
        try:
            found = self.system.client("logs").get_log_events(
                logGroupName=self.group, logStreamName=stream, **asked
            )
        except ClientError as error:
            raise self._explained(error) from error
        return dict(found)

    def _explained(self, error: ClientError) -> Exception:
        if error_code(error) not in _DENIED:
            return error
        return ConsoleError(
            f"you lack logs:DescribeLogStreams or logs:GetLogEvents on {self.group}; the policies of viewers "
            "and operators have them (docs/iam.md)"
        )


@dataclass(slots=True)
class Following:
    """The log of a run as it grows.

    Parameters
    ----------
    stage
        The only one to follow; None follows the run from the stage that runs or failed on.
    most
        How many lines to begin with.
    """

    system: System
    stage: str | None
    most: int
    _begins_with: str = ""
    _readers: dict[str, Reader] = field(default_factory=dict)

    def see(self, stages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Line]]]:
        """Yield for each stage what is new since the last look."""
        for each in self._followed(stages):
            known = self._readers.get(str(each["job_arn"]))
            reader = known or reader_of(self.system, each)
            if reader is None:
                continue
            is_first = not self._readers
            self._readers[str(each["job_arn"])] = reader
            lines = reader.last(self.most)[0] if is_first else reader.more()
            if lines:
                yield each["name"], lines

    def _followed(self, stages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        if self.stage:
            return [each for each in stages if each["name"].lower() == self.stage.lower()]
        if not self._begins_with and stages:
            self._begins_with = chosen(stages)["name"]
        names = [each["name"] for each in stages]
        return stages[names.index(self._begins_with) :] if stages else []


def chosen(stages: Sequence[Mapping[str, Any]], name: str | None = None) -> Mapping[str, Any]:
    """Return the stage that is named; without a name the one that runs or failed, else the last with a job.

    Raises
    ------
    ConsoleError
        There is none.
    """
    if name:
        for each in stages:
            if each["name"].lower() == name.lower():
                return each
        known = ", ".join(each["name"] for each in stages) or "none yet"
        raise ConsoleError(f"the run has not begun a stage {name!r}; begun: {known}")
    if not stages:
        message = "the run has begun no stage yet; its first one writes the first line"
        raise ConsoleError(message)
    spoken = [each for each in stages if each["status"] in RUNS | FAILED] or stages
    return next((each for each in reversed(spoken) if each["job_arn"]), spoken[-1])


def reader_of(system: System, stage: Mapping[str, Any]) -> Reader | None:
    """Return who reads a stage's log; None where the stage has no job that could write one."""
    arn = stage["job_arn"]
    if not arn:
        return None
    kind, _, job = str(arn).rpartition(":")[2].partition("/")
    return Reader(system, GROUPS[kind], job.lower())


def tail(system: System, stage: Mapping[str, Any], most: int = LINES) -> Tail:
    """Return the last lines of a stage's log, or why there are none.

    Raises
    ------
    ConsoleError
        The caller may not read it.
    """
    name, status = str(stage["name"]), str(stage["status"])
    reader = reader_of(system, stage)
    if reader is None:
        why = "its job has not begun" if status in RUNS else "it runs no job"
        return Tail(name, status, note=f"{name} has no log: {why}.")
    lines, older = reader.last(most)
    note = "" if lines else _silent(name, reader, is_over=status not in RUNS)
    return Tail(name, status, reader.group, reader.job, tuple(lines), older, note)


def _silent(name: str, reader: Reader, *, is_over: bool) -> str:
    if is_over:
        return (
            f"Nothing is left of {name}'s log in {reader.group}: it wrote nothing, or the group no longer "
            "keeps what it wrote."
        )
    return f"{name} has written nothing to {reader.group} yet; an instance takes some minutes to start."


def _lines(stream: str, events: Sequence[Mapping[str, Any]]) -> list[Line]:
    host = stream.partition("/")[2].rpartition("-")[0]
    return [
        Line(datetime.fromtimestamp(each["timestamp"] / 1000, UTC), host, plain(text))
        for each in events
        for text in _said(each["message"]).split("\n")
        if text.strip()
    ]


def _said(message: str) -> str:
    """Return what a line says; ours are JSON, of which people read message, warning and error."""
    try:
        content = json.loads(message)
    except ValueError:
        return message
    if not isinstance(content, dict) or "message" not in content:
        return message
    level = "" if content.get("level") in {None, "INFO"} else f"{content['level']} "
    took = f", {content['seconds']:g} s" if isinstance(content.get("seconds"), int | float) else ""
    error = content.get("exception")
    return f"{level}{content['message']}{took}" + (f"\n{error}" if error else "")
