"""Keys: ministack drops a template's encryption of buckets and topics, and asks nobody for the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import emulator, roles
from infra.local.roles import RefusedError

_RULES = "ServerSideEncryptionConfiguration"
_XML = (
    f'<{_RULES} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>'
    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}"
    f"</ApplyServerSideEncryptionByDefault></Rule></{_RULES}>"
)

Properties = dict[str, Any]


def apply() -> None:
    """Change how ministack makes buckets and topics of templates, and whom it lets use them."""
    handlers = emulator.resource_handlers
    for kind, keep in (("AWS::S3::Bucket", _keep_bucket), ("AWS::SNS::Topic", _keep_topic)):
        handler = handlers[kind]
        for verb in {"create", "update"} & set(handler):
            handlers[kind] = {**handlers[kind], verb: _keeping(handler[verb], keep)}
    emulator.replace(emulator.iam_evaluator, "enforce", _with_key)


def _keeping(
    make: Callable[..., Any], keep: Callable[[str, Properties], None]
) -> Callable[..., Any]:
    def made(*arguments: Any, **named: Any) -> Any:
        answer = make(*arguments, **named)
        keep(answer[0], next(each for each in reversed(arguments) if isinstance(each, dict)))
        return answer

    return made


def _keep_bucket(name: str, properties: Properties) -> None:
    for rule in properties.get("BucketEncryption", {}).get(_RULES, []):
        chosen = rule["ServerSideEncryptionByDefault"]
        key = chosen.get("KMSMasterKeyID")
        named = f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else ""
        emulator.bucket_encryption[name] = _XML.format(algorithm=chosen["SSEAlgorithm"], key=named)


def _keep_topic(arn: str, properties: Properties) -> None:
    topic = emulator.topic_by_arn(arn)
    if topic is not None and properties.get("KmsMasterKeyId"):
        topic["attributes"]["KmsMasterKeyId"] = str(properties["KmsMasterKeyId"])


def _with_key(enforce: Callable[..., Any]) -> Callable[..., Any]:
    """Let a request have the right to the key, too."""

    def changed(
        access_key: str, action: str, service: str, region: str, *more: Any, **named: Any
    ) -> Any:
        refused = enforce(access_key, action, service, region, *more, **named)
        actor = roles.current() if refused is None else None
        resource = named.get("resource_arn", more[0] if more else "*")
        if actor is None:
            return refused
        try:
            actor.require_key(action, resource)
        except RefusedError as error:
            return emulator.iam_evaluator.AuthError("AccessDenied", str(error))
        return None

    return changed
