"""Tries the whole system in an account that you own, in a stage of its own, and takes it away again.

    python3 scripts/aws_acceptance.py                     # asks first; an hour, about two dollars
    python3 scripts/aws_acceptance.py --endpoint local    # the same on the local platform, in minutes

It looks at the account, deploys, deploys again, runs a plant's story, looks at every answer, destroys,
deploys anew and goes on, destroys with all data, and looks for what was left. Exit code 0 only if all of it
held.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class StepFailedError(Exception):
    """A step did not hold; the text says what was seen."""


@dataclass
class Trial:
    """Runs one step after the other and keeps how each went."""

    endpoint: str
    stage: str
    steps: list[dict[str, Any]] = field(default_factory=list)

    def solar(self, *arguments: str, seconds: int = 600) -> str:
        """Run a verb of the command line; return what it says.

        Raises
        ------
        StepFailedError
            It failed, or did not end in time.
        """
        command = [sys.executable, "-m", "console", "--endpoint", self.endpoint]
        command += ["--stage", self.stage, *arguments]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise StepFailedError(
                f"`solar {arguments[0]}` did not end within {seconds} s"
            ) from error
        if done.returncode != 0:
            raise StepFailedError((done.stderr or done.stdout).strip()[-800:])
        return done.stdout

    def asked(self, *arguments: str) -> Any:
        """Run a verb and return its JSON."""
        return json.loads(self.solar(*arguments, "--json"))

    def step(self, what: str, do: Callable[[], str]) -> bool:
        """Do one step, say how it went, and go on; return whether it held."""
        began = time.monotonic()
        try:
            said, held = do(), True
        except (StepFailedError, KeyError, ValueError) as error:
            said, held = str(error) or type(error).__name__, False
        took = time.monotonic() - began
        self.steps.append({"step": what, "held": held, "seconds": round(took), "said": said})
        print(f"{'ok  ' if held else 'FAIL'} {took:6.0f} s  {what}: {said}", flush=True)
        return held

    def until(self, look: Callable[[], Any], wanted: str, seconds: int = 3600) -> Any:
        """Look again until something is there.

        Raises
        ------
        StepFailedError
            It did not come in time.
        """
        end = time.monotonic() + seconds
        while not (found := look()):
            late = f"{wanted} did not come within {seconds // 60} minutes"
            _held(time.monotonic() < end, late, "")
            time.sleep(5)
        return found


@dataclass(frozen=True)
class Story:
    """A plant's story; each step returns what it saw."""

    trial: Trial
    plant: Path

    def run(self) -> None:
        """Do all steps in their order."""
        for what, do in (
            ("look at the account", self.check),
            ("deploy", self.deploy),
            ("deploy again", self.again),
            ("onboard a plant", self.onboard),
            ("train and serve", self.train),
            ("predict", self.predict),
            ("measure on what comes in next", self.live),
            ("trace a file", self.trace),
            ("health", self.healthy),
            ("destroy, keep the data", self.destroy),
            ("deploy and go on", self.goes_on),
        ):
            if not self.trial.step(what, do) and what in {"deploy", "onboard a plant"}:
                return  # nothing after it could hold

    def check(self) -> str:
        """Look before anything is changed."""
        said = self.trial.solar("deploy", "--check").strip()
        return said.replace("\n", " | ")[:300]

    def deploy(self) -> str:
        """Deploy into nothing."""
        self.trial.solar("deploy", "--email", "", seconds=3600)
        return "six stacks"

    def again(self) -> str:
        """Deploy what is deployed: nothing may change."""
        lines = self.trial.solar("deploy", "--email", "", seconds=1800).splitlines()
        changed = [line for line in lines if ": modify " in line or ": add " in line]
        return _held(not changed, f"changed without a reason: {changed[:3]}", "unchanged")

    def onboard(self) -> str:
        """Give it a plant and two years of its files."""
        self.trial.solar("demo", "--write-files", str(self.plant))
        self.trial.solar("sites", "add", *self._some("golden*.yaml"))
        self.trial.solar(
            "upload", "golden", *self._some("*_2011-*.csv"), *self._some("*_2012-*.csv")
        )
        return self._balance()

    def train(self) -> str:
        """Wait for the first version."""
        self.trial.solar("watch", "golden", "--minutes", "90", seconds=6000)
        served = [each for each in self.trial.asked("models") if each["deployed"]]
        return _held(len(served) == 1, "nothing serves", "a version serves")

    def predict(self) -> str:
        """Ask it."""
        weather = self._some("weather_2013-05.csv")
        said = self.trial.asked("predict", "golden", "golden", *weather)
        return f"{len(json.dumps(said))} characters of predictions"

    def live(self) -> str:
        """Send files that the model has not seen, and wait for their score."""
        self.trial.solar("upload", "golden", *self._some("*_2013-*.csv"))
        asked = ("scorecard", "golden", "--by", "month", "--days", "400")

        def scored() -> int:
            (total,) = self.trial.asked(*asked)["total"] or [{"days": {}}]
            return int(total["days"].get("scored", 0))

        return f"{self.trial.until(scored, 'a score')} days are scored"

    def trace(self) -> str:
        """Follow a file through the logs."""
        said = self.trial.solar("trace", "golden/power_w_2012-03.csv")
        return _held(
            "golden" in said, "the logs know nothing of it", f"{len(said.splitlines())} lines"
        )

    def healthy(self) -> str:
        """Look at alarms and dead letters."""
        status = self.trial.asked("status")
        return _held(status["healthy"], f"{status['alarms']}", "no alarm, no dead letter")

    def destroy(self) -> str:
        """Take the services down."""
        self.trial.solar("destroy", "--yes", seconds=3600)
        return "services and endpoints are gone"

    def goes_on(self) -> str:
        """Deploy again: everything measured is there."""
        self.trial.solar("deploy", "--email", "", seconds=3600)
        versions = self.trial.asked("models")
        _held(bool(versions), "no version is left in the registry", "")
        return f"{self._balance()}; {len(versions)} versions are there again"

    def _some(self, pattern: str) -> list[str]:
        return [str(path) for path in sorted(self.plant.glob(pattern))]

    def _balance(self) -> str:
        balance = self.trial.asked("files", "--check")
        return _held(balance["balanced"], f"{balance}", f"{balance['accepted']} files accepted")


def _held(condition: bool, otherwise: str, said: str) -> str:  # noqa: FBT001 - what is looked at
    """Return what is said where something holds.

    Raises
    ------
    StepFailedError
        It does not.
    """
    if not condition:
        raise StepFailedError(otherwise)
    return said


def clean(trial: Trial) -> None:
    """Take everything away, and look for what is left."""

    def destroy() -> str:
        trial.solar("destroy", "--delete-data", "--yes", seconds=3600)
        return "everything is deleted; the key in 30 days"

    trial.step("destroy with all data", destroy)
    if trial.endpoint == "aws":
        trial.step("look for what is left", lambda: _left(trial.stage))


def _left(stage: str) -> str:
    """Ask AWS for everything that carries the stage's tag."""
    import botocore.session  # noqa: PLC0415 - only the environment has it

    found = (
        botocore.session.get_session()
        .create_client("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(TagFilters=[{"Key": "solar-stage", "Values": [f"{stage}-solar"]}])
    )
    arns = [each["ResourceARN"] for page in found for each in page["ResourceTagMappingList"]]
    left = [arn for arn in arns if ":kms:" not in arn]  # a key goes in 30 days
    return _held(not left, f"{len(left)} things carry the tag still: {left[:5]}", "nothing")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial in the environment's interpreter; return 0 where everything held."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reader.add_argument("--endpoint", choices=("aws", "local"), default="aws")
    reader.add_argument("--stage", default="accept", help="name of the stage that is made and goes")
    reader.add_argument("--keep", action="store_true", help="leave everything there at the end")
    reader.add_argument("--yes", action="store_true", help="do not ask before")
    reader.add_argument("--report", type=Path, help="write how each step went, as JSON")
    chosen = reader.parse_args(arguments)
    if not (chosen.yes or chosen.endpoint == "local" or _sure(chosen.stage)):
        return 1
    with tempfile.TemporaryDirectory(prefix="solar-acceptance-") as folder:
        trial = Trial(chosen.endpoint, chosen.stage)
        try:
            Story(trial, Path(folder) / "plant").run()
        except KeyboardInterrupt:
            print("interrupted; taking everything away again", file=sys.stderr)
        if not chosen.keep:
            clean(trial)
    failed = [each["step"] for each in trial.steps if not each["held"]]
    print(f"{len(trial.steps) - len(failed)} of {len(trial.steps)} steps held", flush=True)
    if chosen.report:
        chosen.report.write_text(json.dumps(trial.steps, indent=1), encoding="utf-8")
    return 1 if failed else 0


def _sure(stage: str) -> bool:
    if not sys.stdin.isatty():
        print("without a terminal say --yes", file=sys.stderr)
        return False
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    question = (
        f"This makes and deletes the stage {stage} in {region}; about two dollars. Type {stage}: "
    )
    return input(question) == stage


if __name__ == "__main__":
    python = ROOT / ".venv/bin/python"
    if Path(sys.prefix) != ROOT / ".venv":
        setup = [sys.executable, str(ROOT / "scripts/setup.py"), "local"]
        if (code := subprocess.run(setup, check=False).returncode) != 0:
            sys.exit(code)
        os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])
    sys.exit(main())
