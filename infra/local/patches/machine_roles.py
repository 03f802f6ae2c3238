"""Step Functions: an execution may do what its machine's role may, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import emulator, roles
from infra.local.roles import Actor, RefusedError
from infra.local.sagemaker import rights as sagemaker

_LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"
_SNS_PUBLISH = "arn:aws:states:::sns:publish"
_SQS_SEND = "arn:aws:states:::sqs:sendMessage"
_SDK_SAGEMAKER = "arn:aws:states:::aws-sdk:sagemaker:"
# Without these AWS makes no machine that writes a log.
_LOGGING = (
    *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"),
    *("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
)


def apply() -> None:
    """Change how ministack makes machines and runs their tasks."""
    emulator.replace(emulator.stepfunctions, "_run_execution", _as_role)
    emulator.replace(emulator.stepfunctions, "_invoke_resource", _refusing)
    emulator.replace(emulator.stepfunctions, "_create_state_machine", _trusted)
    machine = emulator.resource_handlers["AWS::StepFunctions::StateMachine"]
    for verb in ("create", "update"):
        machine[verb] = _trusted_in_template(machine[verb])


def _as_role(run: Callable[..., Any]) -> Callable[..., Any]:
    """Let an execution act in the name of its machine's role."""

    def changed(arn: str) -> Any:
        execution = emulator.executions.get(arn) or {}
        machine = emulator.state_machines.get(execution.get("stateMachineArn", ""))
        if machine is None:
            return run(arn)
        try:
            role = _assumed(machine["roleArn"], machine["stateMachineArn"], arn.rpartition(":")[2])
        except RefusedError as error:
            return emulator.fail_execution(execution, "States.Runtime", str(error))
        with roles.acting(role):
            return run(arn)

    return changed


def _assumed(role: str, machine: str, session: str) -> Actor | None:
    return roles.assume(role, roles.STEP_FUNCTIONS, session, machine)


def _refusing(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Fail a task that the machine's role may not do, with the error that AWS gives it."""

    def changed(resource: str, given: Any) -> Any:
        name, action, target = _right(resource, given)
        try:
            if action:
                roles.require(action, target)
        except RefusedError as error:
            raise emulator.ExecutionError(name, str(error)) from error
        return invoke(resource, given)

    return changed


def _right(resource: str, given: Any) -> tuple[str, str, str]:
    """Return the error of a refusal, and which action on what a task is; '' for what is not checked."""
    where = f"{emulator.responses.get_region()}:{emulator.responses.get_account_id()}"
    if resource.startswith(_LAMBDA_INVOKE) or ":lambda:" in resource:
        function = given.get("FunctionName", "") if ":::" in resource else resource
        arn = (
            function
            if function.startswith("arn:")
            else f"arn:aws:lambda:{where}:function:{function}"
        )
        return "Lambda.AWSLambdaException", "lambda:InvokeFunction", arn
    if resource.startswith(_SNS_PUBLISH):
        return "SNS.AuthorizationErrorException", "sns:Publish", str(given.get("TopicArn"))
    if resource.startswith(_SQS_SEND):
        queue = str(given.get("QueueUrl")).rpartition("/")[2]
        return "SQS.SqsException", "sqs:SendMessage", f"arn:aws:sqs:{where}:{queue}"
    if resource.startswith(_SDK_SAGEMAKER):
        operation = resource.rpartition(":")[2]
        operation = operation[0].upper() + operation[1:]
        if sagemaker.is_known(operation):
            target = sagemaker.resource(operation, given, *where.split(":"))
            return "SageMaker.SageMakerException", f"sagemaker:{operation}", target
    return "", "", ""


def _trusted(create: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a machine whose role Step Functions may not assume, or by which it cannot log."""

    def changed(request: dict[str, Any]) -> Any:
        try:
            _require_role(request.get("roleArn", ""), request.get("loggingConfiguration"))
        except RefusedError as error:
            return emulator.responses.error_response_json("AccessDeniedException", str(error), 400)
        return create(request)

    return changed


def _trusted_in_template(make: Callable[..., Any]) -> Callable[..., Any]:
    def changed(*arguments: Any, **named: Any) -> Any:
        properties = next(each for each in reversed(arguments) if isinstance(each, dict))
        try:
            _require_role(properties["RoleArn"], properties.get("LoggingConfiguration"))
        except RefusedError as error:
            message = f"{error} (Service: Sfn, Status Code: 400, Error Code: AccessDeniedException)"
            raise ValueError(message) from error
        return make(*arguments, **named)

    return changed


def _require_role(arn: str, logging: dict[str, Any] | None) -> None:
    try:
        role = _assumed(arn, "", "StepFunctions")
    except RefusedError as error:
        message = (
            f"Neither the global service principal {roles.STEP_FUNCTIONS}, nor the regional one is "
            "authorized to assume the provided role."
        )
        raise RefusedError(message) from error
    if role is None or not logging or logging.get("Level", logging.get("level", "OFF")) == "OFF":
        return
    try:
        for action in _LOGGING:
            role.require(f"logs:{action}", "*")
    except RefusedError as error:
        message = (
            f"The state machine IAM Role is not authorized to access the Log Destination: {error}"
        )
        raise RefusedError(message) from error
