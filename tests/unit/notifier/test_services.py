"""The other services are asked side by side; what one does not answer is said, and hinders no other."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from services.notifier.adapters.services import QueryFunctions
from services.notifier.ports import Question, Unanswered


@dataclass
class FakeLambda:
    """Functions that answer, fail or are not there."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        said = json.loads(Payload)
        self.asked.append(said)
        match FunctionName, said["query"]:
            case _, "models":
                start = int(said.get("next", 0))
                more = str(start + 1) if start < 2 else None
                return self._answer({"models": [{"model_id": f"m{start}"}], "next": more})
            case _, "holds":
                return self._answer({"error": "unknown query"})
            case _, "served":
                return self._answer({"errorMessage": "out of memory"}, FunctionError="Unhandled")
            case "solar-data-watcher-query", _:
                raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")
            case _, "live":
                raise EndpointConnectionError(endpoint_url="somewhere")
        return self._answer({"pending": {}, **said})

    @staticmethod
    def _answer(said: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **more}


def ask(*questions: Question) -> list[Any]:
    return QueryFunctions(FakeLambda()).ask(questions)  # type: ignore[arg-type]


def test_answers_come_in_the_order_of_the_questions() -> None:
    questions = [Question("deployer", "pending", {"model_id": f"m{n}"}) for n in range(50)]
    assert [each["model_id"] for each in ask(*questions)] == [f"m{n}" for n in range(50)]


def test_all_pages_are_asked_for_where_all_is_wanted() -> None:
    (said,) = ask(Question("trainer_trigger", "models", pages=True))
    assert said == {"models": [{"model_id": "m0"}, {"model_id": "m1"}, {"model_id": "m2"}]}


def test_every_way_of_not_answering_is_said_in_words() -> None:
    said = ask(
        Question("deployer", "holds"),
        Question("deployer", "served"),
        Question("data_watcher", "overview"),
        Question("deployer", "live"),
        Question("deployer", "pending"),
    )
    assert said[:4] == [
        Unanswered("unknown query"),
        Unanswered("it failed: out of memory"),
        Unanswered("AWS refused with AccessDeniedException"),
        Unanswered("it cannot be reached (EndpointConnectionError)"),
    ]
    assert said[4]["query"] == "pending"
