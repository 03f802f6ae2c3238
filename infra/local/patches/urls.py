"""Function URLs: an address of this machine that every browser and program can open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from infra.local import emulator, environment

_OF_AWS = re.compile(r"https://([a-z0-9-]+)\.lambda-url\.[a-z0-9-]+\.on\.aws/")
_PATH = "/_aws/lambda-url/"  # where ministack answers for a function's URL


def apply(port: int) -> None:
    """Change ministack's function URLs: AWS's names cannot be resolved here, and nothing here speaks TLS."""

    def with_local_address(create: Callable[..., Any]) -> Callable[..., Any]:
        def changed(function: str, data: dict[str, Any], qualifier: str | None) -> Any:
            status, headers, body = create(function, data, qualifier)
            if status >= 400:  # noqa: PLR2004 - HTTP's own border
                return status, headers, body
            said = json.loads(body)
            made = _OF_AWS.fullmatch(said["FunctionUrl"])
            said["FunctionUrl"] = (
                f"{environment.endpoint_url(port)}{_PATH}{made[1] if made else ''}/"
            )
            emulator.function_urls[emulator.url_key(function, qualifier)].update(said)
            return status, headers, json.dumps(said).encode()

        return changed

    def with_local_id(read: Callable[[str], str]) -> Callable[[str], str]:
        def changed(address: str) -> str:
            _, found, rest = address.partition(_PATH)
            return rest.rstrip("/") if found else read(address)

        return changed

    emulator.replace(emulator.lambda_svc, "_create_function_url_config", with_local_address)
    emulator.replace(emulator.lambda_svc, "_function_url_id", with_local_id)
