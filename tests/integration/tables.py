"""Tables as the templates describe them, for moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from shared import names

ROOT = Path(__file__).parents[2]
# What moto takes elsewhere, or not at all.
_INERT = (
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "TimeToLiveSpecification",
    "Tags",
)


def described(service: str, resource: str) -> dict[str, Any]:
    """Return what CreateTable takes, with the names of the stage without a name."""
    template = cfn_yaml.load(str(ROOT / f"services/{service}/template.yaml"))
    said = json.loads(json.dumps(template["Resources"][resource]["Properties"]))
    name = said["TableName"]["Fn::Sub"].replace("${NamePrefix}", names.prefix())
    return {key: each for key, each in said.items() if key not in _INERT} | {"TableName": name}
