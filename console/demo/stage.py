"""What every story of the demo does: uploads, waits, and the summary at the end."""

from __future__ import annotations

import getpass
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console import registry
from console.client import configurations, words
from console.commands import data, system
from console.commands.runs import all_runs
from console.demo.plant import PlantFile
from console.demo.telling import Teller
from console.errors import ConsoleError
from console.state import state
from infra.local import outbox
from shared import layout, names
from shared.evaluation import Evaluation

CONFIG = Path(__file__).parent / "config"
MOST_EMAILS, MOST_SLACK = 6, 4  # of a whole story: one for each retrain, and what needs a person
_RUN_SECONDS, _DEPLOY_SECONDS = 150.0, 90.0


@dataclass(slots=True)
class Stage:
    """The system that a story is played on.

    Attributes
    ----------
    home
        Folder of the platform.
    model_id
        The one model of the story.
    """

    tell: Teller
    home: Path
    model_id: str

    def sum_up(self) -> dict[str, Any]:
        """Tell what there is now, and where."""
        self.tell.chapter("What there is now")
        runs = all_runs()
        health = system.health()
        emails, slack = outbox.emails(self.home), outbox.slack_messages(self.home)
        reports = [self._keep_report(number, run["run_id"]) for number, run in enumerate(runs, 1)]
        self.tell.expect("no message is dead, no alarm rings", holds=bool(health["healthy"]))
        self.tell.expect(
            f"people were told: {words.counted(len(emails), 'e-mail')} (at most {MOST_EMAILS}), "
            f"{words.counted(len(slack), 'Slack message')} (at most {MOST_SLACK})",
            holds=len(runs) <= len(emails) <= MOST_EMAILS and len(runs) <= len(slack) <= MOST_SLACK,
        )
        facts = {
            "ledger": counted(self.balance()),
            "runs": ", ".join(run["status"] for run in runs),
            "R² of the runs": ", ".join(r2_of(self.evaluation(run)) for run in runs),
            "serves": f"version {self.served()} of {self.model_id}",
            "cost": f"{sum(run['cost_usd'] or 0 for run in runs):.4f} USD of jobs at AWS's list price "
            "for these seconds; an AWS run takes about 10 min more to start its instances",
            "reports": ", ".join(map(str, reports)),
            "e-mails": str(self.home / "outbox/email"),
            "Slack": str(self.home / "outbox/slack"),
        }
        for name, value in facts.items():
            self.tell.say(f"{name:<15} {value}")
        return facts

    def served(self) -> int | None:
        """Return the version that serves."""
        return registry.served_versions(state.system).get(self.model_id)

    def is_there(self, key: str) -> bool:
        """Whether the data bucket holds an object."""
        found = state.system.client("s3").list_objects_v2(
            Bucket=state.system.bucket, Prefix=key, MaxKeys=1
        )
        return bool(found["KeyCount"])

    # --- doing ------------------------------------------------------------------------------------

    def configure(self, name: str, key: str, replace: tuple[str, str] = ("", "")) -> None:
        """Upload a YAML of the demo, with one piece of its text replaced."""
        text = (CONFIG / name).read_text(encoding="utf-8").replace(*replace, 1)
        self._write(key, text.encode(), configurations.signed(getpass.getuser()))
        self.tell.say(f"{name} -> {key}")

    def put(self, site_id: str, file: PlantFile) -> None:
        """Upload a file of a site."""
        self._write(f"{layout.RAW}{site_id}/{file.name}", file.body)

    def _write(self, key: str, body: bytes, said: Mapping[str, str] | None = None) -> None:
        state.system.client("s3").put_object(
            Bucket=state.system.bucket, Key=key, Body=body, Metadata=dict(said or {})
        )

    # --- waiting ----------------------------------------------------------------------------------

    def balance(self) -> dict[str, Any]:
        """Return what became of all files."""
        return data.balance(None)

    def settled(self, listed: int) -> dict[str, Any]:
        """Wait until so many files are read; return what became of them."""

        def look() -> dict[str, Any] | None:
            # Asked first: what is in work may change the balance yet.
            idle = system.is_idle("data_watcher")
            found = self.balance()
            done = found["listed"] == listed and found["balanced"] and not found["pending"]
            return found if idle and done else None

        return self.tell.wait("the files are read", look, 60, lambda: counted(self.balance()))

    def ended_run(self, number: int) -> dict[str, Any]:
        """Wait for the end of a run."""

        def look() -> dict[str, Any] | None:
            runs = all_runs()
            ended = len(runs) >= number and runs[number - 1]["status"] != "running"
            return runs[number - 1] if ended else None

        run = self.tell.wait(f"retrain {number}", look, _RUN_SECONDS, self._progress)
        if run["status"] == "failed":
            raise ConsoleError(f"retrain {number} failed: {run['failure']}")
        self.tell.say(f"retrain {number} ({'; '.join(run['reasons'])}): {run['status']}")
        return run

    def _progress(self) -> str:
        """Say which step of the pipeline runs."""
        sagemaker = state.system.client("sagemaker")
        executions = sagemaker.list_pipeline_executions(
            PipelineName=names.pipeline(), MaxResults=1
        )["PipelineExecutionSummaries"]
        if not executions or executions[0]["PipelineExecutionStatus"] != "Executing":
            return "waiting for the quiet period"
        steps = sagemaker.list_pipeline_execution_steps(
            PipelineExecutionArn=executions[0]["PipelineExecutionArn"]
        )["PipelineExecutionSteps"]
        return ", ".join(f"{step['StepName']} {step['StepStatus'].lower()}" for step in steps)

    def deployed(self, version: int) -> None:
        """Wait until a version serves."""

        def look() -> bool | None:
            return self.served() == version or None

        self.tell.wait(f"version {version} is deployed", look, _DEPLOY_SECONDS, self._endpoint)
        self.tell.expect(f"version {version} serves, and answered its smoke test", holds=True)

    def _endpoint(self) -> str:
        return ", ".join(
            f"{each['name']} {each['status']}" for each in system.health()["endpoints"]
        )

    def evaluation(self, run: dict[str, Any]) -> Evaluation:
        """Return what a run found."""
        s3 = state.system.client("s3")
        key = layout.evaluation(run["run_id"])
        body = s3.get_object(Bucket=state.system.bucket, Key=key)["Body"].read()
        return Evaluation.model_validate_json(body)

    def _keep_report(self, number: int, run_id: str) -> Path:
        path = self.home / f"report-{number}.html"
        s3 = state.system.client("s3")
        body = s3.get_object(Bucket=state.system.bucket, Key=layout.report(run_id))["Body"]
        with path.open("wb") as file:
            shutil.copyfileobj(body, file)
        return path


def counted(balance: dict[str, Any]) -> str:
    """Return in words what became of files."""
    states = ("accepted", "quarantined", "duplicate", "superseded", "pending")
    said = " + ".join(f"{balance[name]} {name}" for name in states if balance[name])
    return f"{balance['listed']} listed = {said or 'none yet'}"


def r2_of(evaluation: Evaluation) -> str:
    """Return the R² that decides, in words."""
    r2 = evaluation.challenger.all.r2
    return "none" if r2 is None else f"{r2:.3f}"


def as_json(told: dict[str, Any], facts: dict[str, Any]) -> str:
    """Return the demo's outcome for machines."""
    return json.dumps({**told, "facts": facts}, indent=2, ensure_ascii=False)
