"""Which system a command talks to: the local platform or AWS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.session import Session

from console.errors import ConsoleError
from infra.local import control
from infra.local.environment import keep_off_proxies
from shared import names
from shared.aws import error_code, region_of, session_of

Kind = Literal["local", "aws"]
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 4}, read_timeout=90)


@dataclass(frozen=True)
class System:
    """A running system, local or on AWS."""

    kind: Kind
    session: Session
    endpoint_url: str | None

    def client(self, service: str) -> Any:
        """Return the client of an AWS service; it is made once, and keeps its connection."""
        return _client(self.session, service, self.endpoint_url, self.kind)

    @property
    def region(self) -> str | None:
        """The Region, or None where nobody set one."""
        region: str | None = self.session.get_config_variable("region")
        return region

    @cached_property
    def account_id(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @cached_property
    def bucket(self) -> str:
        """The data bucket, as the foundation stack names it.

        Raises
        ------
        ConsoleError
            Nothing is deployed there.
        """
        try:
            stacks = self.client("cloudformation").describe_stacks(
                StackName=names.foundation_stack()
            )
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            hint = "solar deploy" if self.kind == "local" else "python3 scripts/deploy.py"
            raise ConsoleError(
                f"nothing is deployed in {self.region} yet; run `{hint}` first, or say `solar --region …`"
            ) from error
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stacks["Stacks"][0]["Outputs"]}
        return str(outputs["DataBucketName"])

    def ask(self, service: str, query: str, **parameters: Any) -> dict[str, Any]:
        """Ask a service's query function.

        Raises
        ------
        ConsoleError
            The service is not deployed, or could not answer.
        """
        payload = {"query": query, **{k: v for k, v in parameters.items() if v is not None}}
        return self.call(names.query_function(service), payload)

    def call(self, function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Call a function that answers at once.

        Raises
        ------
        ConsoleError
            It is not deployed, or could not answer.
        """
        try:
            answer = self.client("lambda").invoke(
                FunctionName=function, Payload=json.dumps(payload, default=str)
            )
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                raise ConsoleError(
                    f"{function} is not deployed; run `solar deploy` first"
                ) from error
            raise
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise ConsoleError(f"{function} could not answer: {said.get('errorMessage', said)}")
        if "error" in said:
            raise ConsoleError(str(said["error"]))
        return said

    def ask_all(self, service: str, query: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Ask for what comes in pages, and yield all of it: the pages' list has the query's name."""
        following: str | None = None
        while True:
            said = self.ask(service, query, next=following, **parameters)
            yield from said[query]
            following = said.get("next")
            if following is None:
                return

    def send(self, service: str, body: str) -> None:
        """Put a command into a service's inbox."""
        queues = self.client("sqs")
        name = names.inbox(service)
        try:
            url = queues.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            raise ConsoleError(f"{name} is not deployed; run `solar deploy` first") from error
        queues.send_message(QueueUrl=url, MessageBody=body)


@cache
def _client(session: Session, service: str, endpoint_url: str | None, kind: Kind) -> Any:
    made = session.create_client(service, endpoint_url=endpoint_url, config=_CONFIG)
    if kind == "local":
        made.meta.events.register_first("needs-retry", _give_up_where_nobody_listens)
    return made


def _give_up_where_nobody_listens(*, caught_exception: Exception | None, **_: Any) -> None:
    """End what botocore would try again for seconds: on this machine nobody listens, so nobody will."""
    if isinstance(caught_exception, EndpointConnectionError):
        raise ConsoleError(
            "the local platform does not run; start it with `solar local up`"
        ) from caught_exception


def connect(
    kind: Kind | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    region: str | None = None,
) -> System:
    """Return the system that a command is for.

    Parameters
    ----------
    kind
        `local` or `aws`; None takes the local platform where one runs, else AWS.
    region
        None takes the one that the platform was started in, on AWS the environment's or the profile's.

    Raises
    ------
    ConsoleError
        `local` was asked for and no platform runs.
    """
    variables = os.environ if environment is None else environment
    info = control.status()
    if kind == "local" or (kind is None and info is not None):
        if info is None:
            raise ConsoleError(f"{no_platform()}; start it with `solar local up`")
        keep_off_proxies()
        session = session_of(region or info.region)
        session.set_credentials("test", "test")  # the local platform knows no secrets
        return System("local", session, info.endpoint_url)
    named = region or region_of(variables)
    session = session_of(named) if named else Session()
    return System("aws", session, variables.get("AWS_ENDPOINT_URL"))


def introduce(system: System) -> str:
    """Return which account and Region a command talks to that was told neither local nor aws."""
    if system.region is None:
        raise NoRegionError
    where = f"account {system.account_id}, Region {system.region}"
    address = f" at {system.endpoint_url}" if system.endpoint_url else ""
    return f"{no_platform()}; this is AWS{address}: {where}"


def undecided() -> str | None:
    """Return why a command that changes something has to be told where, or None where it is clear."""
    if control.status() is not None:
        return None
    return (
        f"{no_platform()}; start it with `solar local up`, or say `solar --endpoint aws …` "
        "(or SOLAR_ENDPOINT=aws) if the change is meant for AWS"
    )


def no_platform() -> str:
    """Return that no local platform runs, and where it was looked for."""
    return f"no local platform runs in {control.default_home()}"


def explain(error: Exception) -> str:
    """Return what an AWS error means for the person at the keyboard."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            said = _missing("no AWS credentials were found", "set AWS_PROFILE")
        case NoRegionError():
            said = _missing("no Region is set", "say `solar --region us-east-1` or set AWS_REGION")
        case ProfileNotFound():
            said = _missing(str(error), "correct AWS_PROFILE")
        case EndpointConnectionError():
            said = f"{error}; is the platform up? (`solar local status`)"
        case ClientError():
            said = f"AWS refused: {error}"
        case BotoCoreError():
            said = str(error)
        case _:
            said = f"{type(error).__name__}: {error}"
    return said


def _missing(what: str, remedy: str) -> str:
    """Return what AWS needs; whoever meant the local platform learns that it does not run."""
    if control.status() is not None:
        return f"{what}; {remedy}"
    return f"{no_platform()}, and {what}. Start the platform with `solar local up`, or for AWS {remedy}"
