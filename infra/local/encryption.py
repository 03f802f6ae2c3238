"""What is encrypted asks for its key at each use; bytes are plain here, but the right is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.local import emulator

_OF_BUCKET = re.compile(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>")
# What a use of something encrypted does with its key.
_USES = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "sns:Publish": ("kms:Decrypt", "kms:GenerateDataKey"),
}

Right = tuple[str, str, dict[str, str]]
"""Action, key and condition keys."""


def rights(action: str, resource: str) -> Iterator[Right]:
    """Yield the rights to a key that an action on something needs besides its own."""
    uses = _USES.get(action, ())
    key = _key(resource) if uses else ""
    via = f"{action.partition(':')[0]}.{emulator.responses.get_region()}.amazonaws.com"
    for use in uses if key else ():
        yield use, key, {"kms:ViaService": via}


def _key(resource: str) -> str:
    """Return the ARN of the key that encrypts an object or a topic; '' where it is none of the account's."""
    if resource.startswith("arn:aws:s3:::"):
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        found = _OF_BUCKET.search(str(emulator.bucket_encryption.get(bucket) or ""))
        return _arn(found[1]) if found else ""
    topic = emulator.topic_by_arn(resource) or {}
    return _arn(topic.get("attributes", {}).get("KmsMasterKeyId") or "")


def _arn(key: str) -> str:
    """Return a key's ARN; AWS's own keys, alias/aws/…, need nobody's right."""
    if not key or key.startswith(("arn:", "alias/")):
        return key if key.startswith("arn:") else ""
    where = f"{emulator.responses.get_region()}:{emulator.responses.get_account_id()}"
    return f"arn:aws:kms:{where}:key/{key}"
