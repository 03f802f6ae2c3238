"""Parts of a page that are asked for side by side; one that fails says why, and the others show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console import target
from console.errors import ConsoleError
from infra.local.errors import PlatformError

THREADS = 8
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """An answer, or why there is none."""

    value: Any = None
    error: str | None = None


def asked(**questions: Callable[[], Any]) -> Mapping[str, Card]:
    """Return the answers to some questions, which are asked side by side."""
    if len(questions) == 1:
        return {name: ask(question) for name, question in questions.items()}
    with ThreadPoolExecutor(THREADS) as threads:
        answers = threads.map(ask, questions.values())
        return dict(zip(questions, answers, strict=True))


def ask(question: Callable[[], Any]) -> Card:
    """Return the answer to a question, or why there is none."""
    try:
        return Card(question())
    except (ConsoleError, PlatformError, OSError) as error:
        return Card(error=str(error))
    except (ClientError, BotoCoreError) as error:
        return Card(error=target.explain(error))
    except Exception as error:
        logger.exception("a part of a page failed")
        return Card(error=f"{type(error).__name__}: {error}")
