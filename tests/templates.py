"""Templates as data, for the tests that compare them with something."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from shared import names


@cache
def read(template: Path) -> dict[str, Any]:
    """Read a template as it is in the stage without a name."""
    return _named(json.loads(json.dumps(cfn_yaml.load(str(template)), default=str)))


def _named(node: Any) -> Any:
    if isinstance(node, list):
        return [_named(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node == {"Ref": "NamePrefix"}:
        return names.prefix()
    if isinstance(text := node.get("Fn::Sub"), str):
        filled = text.replace("${NamePrefix}", names.prefix())
        return {"Fn::Sub": filled} if "${" in filled else filled
    return {key: _named(value) for key, value in node.items()}
