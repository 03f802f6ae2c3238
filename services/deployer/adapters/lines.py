"""The two ways to ask a version: its endpoint, or the function that answers for models without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from services.deployer.adapters.errors import MODEL_ERROR
from services.deployer.domain.serving import Serving
from shared import names
from shared.aws import error_code
from shared.errors import NotReadyError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

OK, TOO_LONG = 200, 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a version answered.

    Attributes
    ----------
    status
        As HTTP has it; below 500 it refuses the rows, 0 says that it took longer than SageMaker allows.
    said
        The answer as JSON, or why there is none.
    attributes
        Which version it was, as the server of this product says it.
    """

    status: int
    said: str
    attributes: str = ""


class Line(Protocol):
    """A way to ask the version that serves a model."""

    def call(self, model_id: str, request: dict[str, Any]) -> Reply:
        """Return what it answers.

        Raises
        ------
        NotReadyError
            Nothing answers, whatever is asked.
        """


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """Asks an endpoint; by default the model's own."""

    runtime: Any
    name: Callable[[str], str] = names.endpoint

    def call(self, model_id: str, request: dict[str, Any]) -> Reply:
        """Return what the endpoint answers; that its container failed is an answer, too."""
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.name(model_id),
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps(request),
            )
        except BotoCoreError as error:  # nothing arrived in time
            message = f"endpoint of {model_id} does not answer: {error}"
            raise NotReadyError(message) from error
        except ClientError as error:
            if error_code(error) == MODEL_ERROR:
                said = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
                said_status: Any = error.response.get("OriginalStatusCode", 500)
                return Reply(int(said_status), str(said))
            message = f"endpoint of {model_id} does not answer: {error_code(error)}"
            raise NotReadyError(message) from error
        return Reply(OK, answer["Body"].read().decode(), answer.get("CustomAttributes", ""))


@dataclass(frozen=True, slots=True)
class FunctionLine:
    """Asks the function that answers for models without an endpoint, for one version of a model."""

    client: LambdaClient
    version: Callable[[str], int | None]

    def call(self, model_id: str, request: dict[str, Any]) -> Reply:
        """Return what the function answers."""
        asked = {"model_id": model_id, "version": self.version(model_id), "request": request}
        try:
            answer = self.client.invoke(
                FunctionName=names.model_function(), Payload=json.dumps(asked).encode()
            )
        except (BotoCoreError, ClientError) as error:
            why = error_code(error) if isinstance(error, ClientError) else error
            message = f"the function that answers for {model_id} does not: {why}"
            raise NotReadyError(message) from error
        found = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:  # it ended by itself: out of memory, or of time
            message = f"the function that answers for {model_id} fails: {found}"[:300]
            raise NotReadyError(message)
        return Reply(found["status"], json.dumps(found["said"]), found["attributes"])


@dataclass(frozen=True, slots=True)
class ServingLine:
    """Asks whoever serves a model."""

    runtime: Any
    function: LambdaClient
    serving: Callable[[str], Serving]

    def call(self, model_id: str, request: dict[str, Any]) -> Reply:
        """Return what the function or the endpoint answers."""
        by_function = self.serving(model_id).by_function
        if by_function is None:
            return EndpointLine(self.runtime).call(model_id, request)
        return FunctionLine(self.function, lambda _: by_function.version).call(model_id, request)
