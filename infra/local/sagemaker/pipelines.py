"""Pipelines and their executions."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Callable
from typing import Any

from infra.local import background, objects, roles
from infra.local.sagemaker import access, definition, events, validate
from infra.local.sagemaker.definition import Definition, DefinitionError
from infra.local.sagemaker.errors import conflict, invalid, not_found
from infra.local.sagemaker.executor import Call, Executor, end_abruptly
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.store import Record, Store, now, page

_ID = string.ascii_lowercase + string.digits
_ENDED = {"Succeeded", "Failed", "Stopped"}
_UPDATABLE = {
    *("PipelineDisplayName", "PipelineDescription", "RoleArn"),
    *("ParallelismConfiguration", "PipelineDefinition"),
}


class Pipelines:
    """Answers the operations about pipelines and runs their executions."""

    def __init__(self, store: Store, jobs: Jobs, call: Call) -> None:
        self._store = store
        self._jobs = jobs
        self._call = call
        self._running: dict[str, tuple[Executor, threading.Event, threading.Thread]] = {}

    def operations(self) -> dict[str, Callable[[Record], Record]]:
        """Return the operations that this part answers."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self._describe,
            "DeletePipeline": self.delete,
            "ListPipelines": self._list,
            "StartPipelineExecution": self._start,
            "DescribePipelineExecution": self._describe_execution,
            "ListPipelineExecutions": self._list_executions,
            "StopPipelineExecution": self._stop,
            "ListPipelineExecutionSteps": self._list_steps,
            "ListPipelineParametersForExecution": self._list_parameters,
            "DescribePipelineDefinitionForExecution": self._describe_definition,
        }

    # --- pipelines -----------------------------------------------------------

    def create(self, request: Record) -> Record:
        """Answer CreatePipeline; the same ClientRequestToken again gives the same pipeline."""
        name = request["PipelineName"]
        arn = self._store.arn("pipeline", name)
        existing = self._store["pipelines"].get(name)
        if existing is not None:
            if existing["_token"] == request["ClientRequestToken"]:
                return {"PipelineArn": arn}
            raise invalid(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            )
        text = _text(request)
        _read(text)
        self._store["pipelines"][name] = {
            "PipelineName": name,
            "PipelineArn": arn,
            "PipelineDisplayName": request.get("PipelineDisplayName", name),
            "PipelineDescription": request.get("PipelineDescription"),
            "PipelineDefinition": text,
            "RoleArn": request["RoleArn"],
            "ParallelismConfiguration": request.get("ParallelismConfiguration"),
            "PipelineStatus": "Active",
            "CreationTime": now(),
            "LastModifiedTime": now(),
            "_token": request["ClientRequestToken"],
        }
        self._store.tag(arn, request.get("Tags"))
        return {"PipelineArn": arn}

    def update(self, request: Record) -> Record:
        """Answer UpdatePipeline."""
        pipeline = self._pipeline(request["PipelineName"])
        changed = {member: value for member, value in request.items() if member in _UPDATABLE}
        if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
            changed["PipelineDefinition"] = _text(request)
            _read(changed["PipelineDefinition"])
        pipeline.update(changed, LastModifiedTime=now())
        return {"PipelineArn": pipeline["PipelineArn"]}

    def delete(self, request: Record) -> Record:
        """Answer DeletePipeline; its executions go with it."""
        pipeline = self._pipeline(request["PipelineName"])
        arn = pipeline["PipelineArn"]
        if any(
            each["PipelineArn"] == arn and each["PipelineExecutionStatus"] not in _ENDED
            for each in self._store["executions"].values()
        ):
            raise conflict(f"Pipeline {arn} has running executions; stop them first.")
        for key, execution in list(self._store["executions"].items()):
            if execution["PipelineArn"] == arn:
                del self._store["executions"][key]
        self._store.forget("pipelines", pipeline["PipelineName"], arn)
        return {"PipelineArn": arn}

    def _pipeline(self, name_or_arn: str) -> Record:
        name = name_or_arn.rpartition("/")[2]
        pipeline = self._store["pipelines"].get(name)
        if pipeline is None:
            raise not_found(f"Pipeline '{self._store.arn('pipeline', name)}' does not exist.")
        return pipeline

    def _describe(self, request: Record) -> Record:
        return validate.answer("DescribePipeline", self._pipeline(request["PipelineName"]))

    def _list(self, request: Record) -> Record:
        prefix = request.get("PipelineNamePrefix", "")
        found = [
            each
            for name, each in self._store["pipelines"].items()
            if name.lower().startswith(prefix.lower())
        ]
        member = "PipelineName" if request.get("SortBy") == "Name" else "CreationTime"
        shown, rest = page(found, request, key=lambda each: each[member], descending=True)
        return {"PipelineSummaries": validate.summaries("ListPipelines", shown), **rest}

    # --- executions ------------------------------------------------------------

    def _start(self, request: Record) -> Record:
        pipeline = self._pipeline(request["PipelineName"])
        token = request["ClientRequestToken"]
        for execution in self._store["executions"].values():
            if execution["PipelineArn"] == pipeline["PipelineArn"] and execution["_token"] == token:
                return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}
        read = _read(pipeline["PipelineDefinition"])
        given = {each["Name"]: each["Value"] for each in request.get("PipelineParameters", [])}
        try:
            parameters = definition.parameter_values(read, given)
        except DefinitionError as error:
            raise invalid(str(error)) from error
        execution = self._new_execution(pipeline, request, given)
        self._run(execution, read, parameters)
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def _new_execution(self, pipeline: Record, request: Record, given: dict[str, str]) -> Record:
        identifier = "".join(secrets.choice(_ID) for _ in range(12))
        arn = f"{pipeline['PipelineArn']}/execution/{identifier}"
        execution = {
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineExecutionArn": arn,
            "PipelineExecutionDisplayName": request.get(
                "PipelineExecutionDisplayName", f"execution-{round(now() * 1000)}"
            ),
            "PipelineExecutionDescription": request.get("PipelineExecutionDescription"),
            "PipelineExecutionStatus": "Executing",
            "ParallelismConfiguration": request.get("ParallelismConfiguration")
            or pipeline.get("ParallelismConfiguration")
            or {},
            "CreationTime": now(),
            "StartTime": now(),
            "LastModifiedTime": now(),
            "_id": identifier,
            "_token": request["ClientRequestToken"],
            "_PipelineName": pipeline["PipelineName"],
            "_RoleArn": pipeline["RoleArn"],
            "_definition": pipeline["PipelineDefinition"],
            "_parameters": given,
            "_steps": [],
        }
        self._store["executions"][arn] = execution
        return execution

    def _run(self, execution: Record, read: Definition, parameters: dict[str, Any]) -> None:
        arn = execution["PipelineExecutionArn"]
        role = access.assumed(execution["_RoleArn"], execution["PipelineArn"])
        executor = Executor(read, execution, parameters, self._call, self._jobs, role)
        stop = threading.Event()
        events.execution_changed(execution, None)

        def work() -> None:
            try:
                with roles.acting(role):
                    executor.run(stop)
            except Exception as error:
                end_abruptly(execution, f"InternalServerError: {error!r}"[:1024])
                raise
            finally:
                self._running.pop(arn, None)

        thread = background.thread(work, name=f"execution {execution['_id']}")
        self._running[arn] = (executor, stop, thread)
        thread.start()

    def _execution(self, arn: str) -> Record:
        execution = self._store["executions"].get(arn)
        if execution is None:
            raise not_found(f"Pipeline execution with ARN {arn} does not exist.")
        return execution

    def _describe_execution(self, request: Record) -> Record:
        execution = self._execution(request["PipelineExecutionArn"])
        return validate.answer("DescribePipelineExecution", execution)

    def _list_executions(self, request: Record) -> Record:
        arn = self._pipeline(request["PipelineName"])["PipelineArn"]
        found = [each for each in self._store["executions"].values() if each["PipelineArn"] == arn]
        after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
        found = [each for each in found if after is None or each["CreationTime"] >= after]
        found = [each for each in found if before is None or each["CreationTime"] <= before]
        shown, rest = page(found, request, key=lambda each: each["CreationTime"], descending=True)
        return {
            "PipelineExecutionSummaries": validate.summaries("ListPipelineExecutions", shown),
            **rest,
        }

    def _stop(self, request: Record) -> Record:
        execution = self._execution(request["PipelineExecutionArn"])
        arn = execution["PipelineExecutionArn"]
        if execution["PipelineExecutionStatus"] in _ENDED:
            raise conflict(
                f"Pipeline execution with ARN {arn} status "
                f"{execution['PipelineExecutionStatus']} can't be stopped."
            )
        previous = execution["PipelineExecutionStatus"]
        if previous != "Stopping":
            execution.update(PipelineExecutionStatus="Stopping", LastModifiedTime=now())
            events.execution_changed(execution, previous)
        running = self._running.get(arn)
        if running is not None:
            executor, stop, _ = running
            stop.set()
            executor.stop_jobs()
        return {"PipelineExecutionArn": arn}

    def _list_steps(self, request: Record) -> Record:
        steps = self._execution(request["PipelineExecutionArn"])["_steps"]
        shown, rest = page(steps, request, key=lambda each: each["StartTime"], descending=True)
        return {
            "PipelineExecutionSteps": validate.summaries("ListPipelineExecutionSteps", shown),
            **rest,
        }

    def _list_parameters(self, request: Record) -> Record:
        execution = self._execution(request["PipelineExecutionArn"])
        read = _read(execution["_definition"])
        values = definition.parameter_values(read, execution["_parameters"])
        return {
            "PipelineParameters": [
                {"Name": name, "Value": str(value)} for name, value in values.items()
            ]
        }

    def _describe_definition(self, request: Record) -> Record:
        execution = self._execution(request["PipelineExecutionArn"])
        return {
            "PipelineDefinition": execution["_definition"],
            "CreationTime": execution["CreationTime"],
        }

    # --- the platform's own life -------------------------------------------------

    def stop_all(self) -> None:
        """Stop every execution and wait for it; the platform is going down."""
        running = dict(self._running)
        for arn in running:
            self._stop({"PipelineExecutionArn": arn})
        self._jobs.stop_all()
        for _, _, thread in running.values():
            thread.join(timeout=5.0)

    def after_restart(self) -> None:
        """Mark executions of an earlier process, and their steps, as ended; they ended with it."""
        for execution in self._store["executions"].values():
            end_abruptly(execution, "InternalServerError: the local platform was stopped")


def _text(request: Record) -> str:
    if "PipelineDefinition" in request:
        return str(request["PipelineDefinition"])
    where = request.get("PipelineDefinitionS3Location")
    if where is None:
        raise invalid("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
    body = objects.read(where["Bucket"], where["ObjectKey"])
    if body is None:
        raise invalid(
            f"The pipeline definition s3://{where['Bucket']}/{where['ObjectKey']} does not exist."
        )
    return body.decode("utf-8", errors="replace")


def _read(text: str) -> Definition:
    try:
        return definition.read(text)
    except DefinitionError as error:
        raise invalid(f"Unable to parse pipeline definition: {error}") from error
