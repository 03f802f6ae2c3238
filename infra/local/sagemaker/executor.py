"""Runs one execution of a pipeline: steps as soon as they can, jobs through the same door as everybody's."""

from __future__ import annotations

import concurrent.futures
import contextvars
import secrets
import string
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local import objects, roles, telemetry
from infra.local.roles import Actor, RefusedError
from infra.local.sagemaker import access, events
from infra.local.sagemaker.definition import Definition, DefinitionError, Scope, Step
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.kinds import Kind
from infra.local.sagemaker.processing import PROCESSING
from infra.local.sagemaker.store import Record, now
from infra.local.sagemaker.training import TRAINING

_JOB_SUFFIX = string.ascii_letters + string.digits
_DEFAULT_PARALLEL = 50
_NAMESPACE = "AWS/Sagemaker/ModelBuildingPipeline"  # spelled so, unlike AWS/SageMaker
RUNNING = {"Executing", "Stopping"}

Call = Callable[[str, Record], Record]
"""Answers an operation as the API does: validated, refused in AWS's words."""


class StepFailedError(Exception):
    """A step failed; the text is its FailureReason."""


@dataclass(slots=True)
class Executor:
    """One execution while it runs.

    Parameters
    ----------
    definition
        What to run.
    execution
        The execution's record; its steps are kept in `_steps`.
    parameters
        Values of the pipeline's parameters.
    call
        The platform's own SageMaker API.
    jobs
        Where training and processing jobs run.
    role
        In whose name all this happens.
    """

    definition: Definition
    execution: Record
    parameters: Mapping[str, Any]
    call: Call
    jobs: Jobs
    role: Actor | None

    def run(self, stop: threading.Event) -> None:
        """Run to the end, or until `stop` is set; the outcome is in the execution's record."""
        self._count("ExecutionStarted")
        scope = Scope(self.parameters, self._variables(), {}, self._read_file)
        ended: dict[str, str] = {}
        failed = False
        waiting = self.definition.order()
        parallel = self.execution.get("ParallelismConfiguration", {}).get(
            "MaxParallelExecutionSteps", _DEFAULT_PARALLEL
        )
        with concurrent.futures.ThreadPoolExecutor(max_workers=parallel) as pool:
            running: dict[concurrent.futures.Future[str], str] = {}
            while True:
                if not (failed or stop.is_set()):
                    waiting = self._start_ready(waiting, ended, scope, pool, running)
                if not running:
                    break
                done, _ = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in done:
                    name = running.pop(future)
                    ended[name] = future.result()
                    failed = failed or ended[name] == "Failed"
        self._finish("Stopped" if stop.is_set() else "Failed" if failed else "Succeeded")

    def _start_ready(
        self,
        waiting: list[Step],
        ended: dict[str, str],
        scope: Scope,
        pool: concurrent.futures.ThreadPoolExecutor,
        running: dict[concurrent.futures.Future[str], str],
    ) -> list[Step]:
        """Start every step whose turn it is; return those that still wait. A skipped step ends at once."""
        still = []
        for step in waiting:
            states = {ended.get(name) for name in step.waits_for}
            if "Skipped" in states or (states <= {"Succeeded"} and _other_branch(step, scope)):
                ended[step.name] = "Skipped"
            elif states <= {"Succeeded"}:
                context = contextvars.copy_context()
                running[pool.submit(context.run, self._step, step, scope)] = step.name
            else:
                still.append(step)
        return still

    # --- one step ------------------------------------------------------------

    def _step(self, step: Step, scope: Scope) -> str:
        record: Record = {"StepName": step.name, "_Type": step.type, "StartTime": now()}
        for member in ("DisplayName", "Description"):
            if member in step.content:
                record[f"Step{member}"] = step.content[member]
        self.execution["_steps"].append(record)
        self._note(record, "Executing")
        try:
            scope.properties[step.name] = self._do(step, scope, record)
        except (StepFailedError, DefinitionError) as error:
            record["FailureReason"] = str(error)[:1024]
        except ApiError as error:
            record["FailureReason"] = f"ClientError: {error.message}"[:1024]
        except RefusedError as error:
            record["FailureReason"] = f"ClientError: AccessDenied: {error}"[:1024]
        except Exception as error:  # noqa: BLE001  # the border of a thread: the execution must end
            record["FailureReason"] = f"InternalServerError: {error!r}"[:1024]
        record["EndTime"] = now()
        stopping = self.execution["PipelineExecutionStatus"] == "Stopping"
        failed = "Stopped" if stopping else "Failed"
        self._note(record, failed if "FailureReason" in record else "Succeeded")
        return str(record["StepStatus"])

    def _do(self, step: Step, scope: Scope, record: Record) -> Any:
        if step.type == "Condition":
            outcome = all(scope.holds(each) for each in step.arguments["Conditions"])
            record["Metadata"] = {"Condition": {"Outcome": str(outcome).capitalize()}}
            return {"Outcome": str(outcome).lower()}
        arguments = scope.resolve(step.arguments)
        if step.type == "Fail":
            record["Metadata"] = {"Fail": {"ErrorMessage": str(arguments["ErrorMessage"])}}
            raise StepFailedError(str(arguments["ErrorMessage"]))
        if step.type == "RegisterModel":
            group = {"ModelPackageGroupName": arguments["ModelPackageGroupName"]}
            self.call("DescribeModelPackageGroup", group)
            answer = self.call("CreateModelPackage", arguments)
            record["Metadata"] = {"RegisterModel": {"Arn": answer["ModelPackageArn"]}}
            return self.call(
                "DescribeModelPackage", {"ModelPackageName": answer["ModelPackageArn"]}
            )
        if step.type == "Model":
            answer = self.call("CreateModel", arguments | {"ModelName": self._job_name(step)})
            record["Metadata"] = {"Model": {"Arn": answer["ModelArn"]}}
            return answer | {"ModelName": answer["ModelArn"].rpartition("/")[2]}
        return self._job(
            TRAINING if step.type == "Training" else PROCESSING, step, arguments, record
        )

    def _job(self, kind: Kind, step: Step, arguments: Record, record: Record) -> Any:
        name = self._job_name(step)
        tags = [*arguments.get("Tags", []), self._tag()]
        answer = self.call(f"Create{kind.name}Job", arguments | {kind.member: name, "Tags": tags})
        record["Metadata"] = {f"{kind.name}Job": {"Arn": answer[kind.arn]}}
        if self.execution["PipelineExecutionStatus"] == "Stopping":
            self._stop(f"{kind.name}Job", answer[kind.arn])
        self.call(f"Describe{kind.name}Job", {kind.member: name})
        job = self.jobs.wait(kind, name)
        if job[kind.status] != "Completed":
            reason = job.get("FailureReason", f"{kind.name} job was {job[kind.status].lower()}")
            raise StepFailedError(reason)
        return _by_name(job)

    def _tag(self) -> dict[str, str]:
        """Return the tag by which AWS marks what an execution makes."""
        arn = self.execution["PipelineExecutionArn"]
        return {"Key": "sagemaker:pipeline-execution-arn", "Value": arn}

    def _job_name(self, step: Step) -> str:
        suffix = "".join(secrets.choice(_JOB_SUFFIX) for _ in range(10))
        execution = self.execution["_id"]
        return f"pipelines-{execution}-{step.name.replace('_', '-')[:30]}-{suffix}"

    def stop_jobs(self) -> None:
        """Ask the jobs that run to end."""
        for record in self.execution["_steps"]:
            if record["StepStatus"] == "Executing":
                for kind, metadata in record.get("Metadata", {}).items():
                    self._stop(kind, metadata.get("Arn", ""))

    def _stop(self, kind: str, arn: str) -> None:
        """Ask a job to end, where the role may."""
        with roles.acting(self.role):
            if roles.allowed(f"sagemaker:Stop{kind}", arn):
                self.jobs.stop(arn)

    # --- what expressions see --------------------------------------------------

    def _variables(self) -> dict[str, Any]:
        started = datetime.fromtimestamp(self.execution["CreationTime"], UTC)
        return {
            "PipelineName": self.execution["_PipelineName"],
            "PipelineArn": self.execution["PipelineArn"],
            "PipelineExecutionId": self.execution["_id"],
            "PipelineExecutionArn": self.execution["PipelineExecutionArn"],
            "StartDateTime": started.isoformat(),
            "CurrentDateTime": datetime.now(UTC).isoformat(),
        }

    def _read_file(self, step: str, name: str) -> str:
        uri = name if not step else self._property_file(step, name)
        access.to_read(*objects.split(uri))
        body = objects.read(*objects.split(uri))
        if body is None:
            message = f"the property file {uri} does not exist"
            raise DefinitionError(message)
        return body.decode("utf-8", errors="replace")

    def _property_file(self, step: str, name: str) -> str:
        for declared in self.definition.steps[step].content.get("PropertyFiles", []):
            if declared["PropertyFileName"] == name:
                outputs = self._outputs_of(step)
                folder = outputs[declared["OutputName"]]["S3Output"]["S3Uri"].rstrip("/")
                return f"{folder}/{declared['FilePath']}"
        message = f"step {step} declares no property file {name!r}"
        raise DefinitionError(message)

    def _outputs_of(self, step: str) -> dict[str, Any]:
        for record in self.execution["_steps"]:
            if record["StepName"] == step:
                arn = record["Metadata"]["ProcessingJob"]["Arn"]
                job = self.jobs.wait(PROCESSING, arn.rpartition("/")[2])
                outputs: dict[str, Any] = _by_name(job)["ProcessingOutputConfig"]["Outputs"]
                return outputs
        message = f"step {step} has not run"
        raise DefinitionError(message)

    # --- outcome -----------------------------------------------------------------

    def _note(self, record: Record, status: str) -> None:
        previous = record.get("StepStatus")
        record["StepStatus"] = status
        events.step_changed(self.execution, record, previous)

    def _finish(self, status: str) -> None:
        previous = self.execution["PipelineExecutionStatus"]
        if status == "Failed":
            first = next(
                each for each in self.execution["_steps"] if each["StepStatus"] == "Failed"
            )
            self.execution["FailureReason"] = (
                f"Step failure: One or multiple steps failed: {first['StepName']}: "
                f"{first['FailureReason']}"
            )[:1300]
        self.execution["PipelineExecutionStatus"] = status
        self.execution["LastModifiedTime"] = self.execution["_EndTime"] = now()
        events.execution_changed(self.execution, previous)
        self._count(f"Execution{status}")

    def _count(self, metric: str) -> None:
        """Count an execution of its pipeline, as AWS does."""
        where = {"PipelineName": self.execution["PipelineArn"].rpartition("/")[2]}
        telemetry.metric(_NAMESPACE, metric, 1, "Count", where)


def end_abruptly(execution: Record, reason: str) -> None:
    """End an execution that no executor brings to its end, and every step of it that still runs.

    One that was being stopped is Stopped, every other one Failed.
    """
    previous, at = execution["PipelineExecutionStatus"], now()
    status = "Stopped" if previous in {"Stopping", "Stopped"} else "Failed"
    for step in execution["_steps"]:
        if step["StepStatus"] == "Executing":
            step.update(StepStatus=status, FailureReason=reason, EndTime=at)
            events.step_changed(execution, step, "Executing")
    if previous in RUNNING:
        execution.update(
            PipelineExecutionStatus=status, FailureReason=reason, LastModifiedTime=at, _EndTime=at
        )
        events.execution_changed(execution, previous)


def _other_branch(step: Step, scope: Scope) -> bool:
    if step.branch is None:
        return False
    condition, outcome = step.branch
    return bool(scope.properties[condition]["Outcome"] != outcome)


def _by_name(job: Record) -> Any:
    """Return a job as expressions see it: inputs and outputs by their names instead of in a list."""
    outputs = job.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {
        **{member: value for member, value in job.items() if not member.startswith("_")},
        "ProcessingInputs": {each["InputName"]: each for each in job.get("ProcessingInputs", [])},
        "ProcessingOutputConfig": {
            **job.get("ProcessingOutputConfig", {}),
            "Outputs": {each["OutputName"]: each for each in outputs},
        },
    }
