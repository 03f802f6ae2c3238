"""The other services' query functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from services.notifier.ports import Question, Unanswered
from shared import names
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

SIDE_BY_SIDE = 8  # questions at once; each query function may run so often
MOST_PAGES = 100


class _FailedError(Exception):
    """A query function answered with an error."""


@dataclass(frozen=True, slots=True)
class QueryFunctions:
    """Implements the port `Services`."""

    client: LambdaClient

    def ask(self, questions: Sequence[Question]) -> list[Mapping[str, Any] | Unanswered]:
        """Return the answers, in the order of the questions; one that fails hinders no other."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(self._answer, questions))

    def _answer(self, question: Question) -> Mapping[str, Any] | Unanswered:
        try:
            return self._all_pages(question) if question.pages else self._invoke(question, None)
        except ClientError as error:
            return Unanswered(f"AWS refused with {error_code(error)}")
        except BotoCoreError as error:
            return Unanswered(f"it cannot be reached ({type(error).__name__})")
        except _FailedError as error:
            return Unanswered(str(error))

    def _all_pages(self, question: Question) -> Mapping[str, Any]:
        found: list[Any] = []
        following: str | None = None
        for _ in range(MOST_PAGES):
            said = self._invoke(question, following)
            found += said[question.query]
            following = said.get("next")
            if following is None:
                break
        return {question.query: found}

    def _invoke(self, question: Question, following: str | None) -> Mapping[str, Any]:
        payload = {"query": question.query, **question.about}
        if following is not None:
            payload["next"] = following
        answer = self.client.invoke(
            FunctionName=names.query_function(question.service), Payload=json.dumps(payload)
        )
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            message = f"it failed: {said.get('errorMessage', 'no reason given')}"
            raise _FailedError(message)
        if "error" in said:
            raise _FailedError(str(said["error"]))
        return said
