"""The only module that imports ministack: its parts by the names that the rest of the platform uses.

ministack reads its settings while it is imported, so the environment must be complete before
(`environment.of_platform`). Every place that we change is asserted, so that another version fails
at start and says what moved, and not in the middle of somebody's work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ministack import app as gateway  # type: ignore[import-untyped]  # ministack carries no types
from ministack.core import (  # type: ignore[import-untyped]
    concurrency,
    iam_actions,
    iam_evaluator,
    lambda_runtime,
    responses,
    router,
)
from ministack.services import (  # type: ignore[import-untyped]
    cloudformation,
    cloudtrail,
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    ecr,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    s3,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    stepfunctions,
    sts,
)
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from infra.local.errors import PlatformError

__all__ = [
    "ExecutionError",
    "add_execution_event",
    "alarms",
    "bucket_encryption",
    "bucket_policies",
    "bucket_tags",
    "buckets",
    "cbor_answer",
    "cbor_metric_data_result",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "cloudwatch_logs",
    "composite_alarms",
    "concurrency",
    "create_archive",
    "create_log_group",
    "create_log_stream",
    "delete_archive",
    "dimensions_key",
    "dispatch_alarm_actions",
    "emit_execution_event",
    "evaluate_all_alarms",
    "evaluate_parent_alarms",
    "event_source_mappings",
    "eventbridge",
    "executions",
    "fail_execution",
    "function_urls",
    "functions",
    "gateway",
    "iam_actions",
    "iam_evaluator",
    "iam_roles",
    "iam_users",
    "in_each_region",
    "insights_stages",
    "integrations",
    "iso_timestamp",
    "json_answer",
    "key_aliases",
    "lambda_runtime",
    "lambda_svc",
    "loaded_modules",
    "log_groups",
    "matches_filter_policy",
    "message_for_protocol",
    "metrics",
    "object_data",
    "permissions_boundary",
    "policies_of_role",
    "policies_of_user",
    "policy_of_resource",
    "provisioners",
    "public_log_record",
    "put_composite_alarm",
    "put_events",
    "put_log_events",
    "queue_by_arn",
    "queues",
    "record_alarm_history",
    "region",
    "register_session",
    "replace",
    "replace_table",
    "replace_text",
    "repositories",
    "resource_handlers",
    "responses",
    "router",
    "s3",
    "s3_error",
    "save_all",
    "scheduler",
    "sdk_error_names",
    "sdk_error_prefixes",
    "sdk_services",
    "secrets",
    "sns",
    "sqs",
    "sqs_operations",
    "sqs_refusal",
    "stack_tag_property",
    "stacks",
    "stacks_of_account",
    "state_files",
    "state_machines",
    "state_readers",
    "statistic",
    "statistics",
    "stepfunctions",
    "tables",
    "timestamp",
    "topic_by_arn",
    "update_archive",
    "url_key",
    "wake_functions",
]


def _part(module: Any, name: str) -> Any:
    """Return a private part of ministack under a name of ours.

    Raises
    ------
    PlatformError
        The module has no such part any more.
    """
    found = getattr(module, name, None)
    if found is None:
        message = f"ministack moved: {module.__name__}.{name} is gone, which infra/local uses"
        raise PlatformError(message)
    return found


alarms = _part(cloudwatch, "_alarms")
cbor_answer = _part(cloudwatch, "_cbor_ok")
cbor_metric_data_result = _part(cloudwatch, "_cbor_metric_data_result")
composite_alarms = _part(cloudwatch, "_composite_alarms")
dimensions_key = _part(cloudwatch, "_dims_key")
dispatch_alarm_actions = _part(cloudwatch, "_dispatch_alarm_actions")
evaluate_all_alarms = _part(cloudwatch, "_evaluate_all_alarms")
evaluate_parent_alarms = _part(cloudwatch, "_evaluate_parent_alarms")
iso_timestamp = _part(cloudwatch, "_ts_iso")
json_answer = _part(cloudwatch, "_json_ok")
metrics = _part(cloudwatch, "_metrics")
put_composite_alarm = _part(cloudwatch, "_put_composite_alarm")
record_alarm_history = _part(cloudwatch, "_record_history")
statistic = _part(cloudwatch, "_stat_value")
statistics = _part(cloudwatch, "_calc_stats")
timestamp = _part(cloudwatch, "_parse_ts")
log_groups = _part(cloudwatch_logs, "_log_groups")
create_log_group = _part(cloudwatch_logs, "_create_log_group")
create_log_stream = _part(cloudwatch_logs, "_create_log_stream")
public_log_record = _part(cloudwatch_logs, "_public_log_record")
put_log_events = _part(cloudwatch_logs, "_put_log_events")
insights_stages = _part(cloudwatch_logs, "_split_insights_pipes")
tables = _part(dynamodb, "_tables")
repositories = _part(ecr, "_repositories")
iam_roles = _part(iam, "_roles")
iam_users = _part(iam, "_users")
policies_of_role = _part(iam_evaluator, "_gather_role_policies")
policies_of_user = _part(iam_evaluator, "_gather_user_policies")
permissions_boundary = _part(iam_evaluator, "_permissions_boundary")
policy_of_resource = _part(iam_evaluator, "_resource_policy")
register_session = _part(sts, "register_session")
bucket_encryption = _part(s3, "_bucket_encryption")
fail_execution = _part(stepfunctions, "_fail_execution")
ExecutionError = _part(stepfunctions, "_ExecutionError")
key_aliases = _part(kms, "_aliases")  # by ARN
stacks = _part(cloudformation, "_stacks")
stack_tag_property = _part(provisioners, "_STACK_TAG_PROPERTY")
create_archive = _part(eventbridge, "_create_archive")
delete_archive = _part(eventbridge, "_delete_archive")
put_events = _part(eventbridge, "_put_events")
update_archive = _part(eventbridge, "_update_archive")
loaded_modules = _part(gateway, "_loaded_modules")
save_all = _part(gateway, "save_all")
state_files = _part(gateway, "_state_map")
state_readers = _part(gateway, "_build_persistence_save_dict")
event_source_mappings = _part(lambda_svc, "_esms")
functions = _part(lambda_svc, "_functions")
function_urls = _part(lambda_svc, "_function_urls")
url_key = _part(lambda_svc, "_url_config_key")
resource_handlers = _part(provisioners, "_RESOURCE_HANDLERS")
bucket_policies = _part(s3, "_bucket_policies")
bucket_tags = _part(s3, "_bucket_tags")
buckets = _part(s3, "_buckets")
object_data = _part(s3, "_get_object_data")
s3_error = _part(s3, "_error")
matches_filter_policy = _part(sns, "_matches_filter_policy")
message_for_protocol = _part(sns, "_resolve_message_for_protocol")
topic_by_arn = _part(sns, "_topic_by_arn_any_scope")
secrets = _part(secretsmanager, "_secrets")
queues = _part(sqs, "_queues")
queue_by_arn = _part(sqs, "_queue_by_arn")
sqs_operations = _part(sqs, "_HANDLERS")
sqs_refusal = _part(sqs, "_Err")
wake_functions = _part(sqs, "esm_wake")
add_execution_event = _part(stepfunctions, "_add_event")
emit_execution_event = _part(stepfunctions, "_emit_execution_status_event")
executions = _part(stepfunctions, "_executions")
integrations = _part(stepfunctions, "_SERVICE_DISPATCH")
sdk_error_names = _part(stepfunctions, "_AWS_SDK_ERROR_CODE_OVERRIDES")
sdk_error_prefixes = _part(stepfunctions, "_AWS_SDK_ERROR_PREFIX")
sdk_services = _part(stepfunctions, "_AWS_SDK_SERVICE_MAP")
state_machines = _part(stepfunctions, "_state_machines")


def stacks_of_account() -> list[dict[str, Any]]:
    """Return the stacks of all Regions of the account that asks just now."""
    account = responses.get_account_id()
    return [stack for (owner, *_), stack in _part(stacks, "_data").items() if owner == account]


@contextlib.contextmanager
def region(name: str) -> Iterator[None]:
    """Work in a Region of the account that asks just now."""
    with responses.request_scope(responses.get_account_id(), name):
        yield


def in_each_region(table: Any, work: Callable[[], None]) -> None:
    """Work in each account and Region that has something in a table of ministack."""
    for account, name in sorted({key[:2] for key in list(_part(table, "_data"))}):
        with responses.request_scope(account, name):
            work()


def replace(module: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function of ministack by what `make` builds around it.

    Raises
    ------
    PlatformError
        The module has no such function any more.
    """
    setattr(module, name, make(_part(module, name)))


def replace_table(module: Any, name: str, table: Any) -> None:
    """Let ministack keep something in another table, as long as its own is empty.

    Raises
    ------
    PlatformError
        There is no such table, or something is in it already.
    """
    if _part(module, name):
        message = f"ministack moved: {module.__name__}.{name} is filled while it is imported"
        raise PlatformError(message)
    setattr(module, name, table)


def replace_text(module: Any, name: str, *changes: tuple[str, str]) -> None:
    """Change a text of ministack, each part wherever it stands.

    Raises
    ------
    PlatformError
        The text, or a part of it that is to be replaced, is gone.
    """
    text: str = _part(module, name)
    for before, after in changes:
        if before not in text:
            message = f"ministack moved: {module.__name__}.{name} no longer contains {before!r}"
            raise PlatformError(message)
        text = text.replace(before, after)
    setattr(module, name, text)
