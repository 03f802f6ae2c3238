"""Every service template keeps the house's promises, whatever else it declares."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.checks.rights import grants
from infra.deploy import build
from infra.deploy.stacks import MOST_IN_A_REQUEST
from services.trainer_trigger.app.sweeping import SLICE
from shared import names
from shared.settings import Settings
from tests.templates import read

ROOT = Path(__file__).parents[2]
# Deciding, opening and freezing for 109,500 files: 10 s of a whole processor (`make bench-decide`), of which
# the functions have .6, and 300 pages of table and bucket at .1 s each.
A_FLEET_SECONDS = 60
TEMPLATES = sorted((ROOT / "services").glob("*/template.yaml"))
ALL = [*sorted((ROOT / "infra").glob("*.yaml")), *TEMPLATES]

# Two Regions would take them from each other; a trail of all Regions is seen in each of them.
EVERY_REGION_SHARES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::Budgets::Budget": "BudgetName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
}


def resources(template: Path, kind: str) -> dict[str, Any]:
    body = read(template)["Resources"]
    return {name: r.get("Properties", {}) for name, r in body.items() if r["Type"] == kind}


def watched(template: Path, metric: str) -> str:
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    return str([alarm["Dimensions"] for alarm in alarms if alarm.get("MetricName") == metric])


def statements(template: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (role, statement)
        for role, properties in resources(template, "AWS::IAM::Role").items()
        for policy in properties.get("Policies", [])
        for statement in map(_chosen, _chosen(policy)["PolicyDocument"]["Statement"])
    ]


def _chosen(part: dict[str, Any]) -> dict[str, Any]:
    """Read a conditional part as it is where its condition holds."""
    return part["Fn::If"][1] if "Fn::If" in part else part


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.parent.name)
class TestServiceTemplate:
    def test_every_inbox_gives_up_into_a_watched_dead_letter_queue(self, template: Path) -> None:
        queues = resources(template, "AWS::SQS::Queue")
        targets = {
            name: queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            for name, queue in queues.items()
            if "RedrivePolicy" in queue
        }
        inboxes = set(queues) - set(targets.values())
        assert inboxes == set(targets), f"no dead-letter queue: {inboxes - set(targets)}"
        for dead_letters in targets.values():
            assert f"'{dead_letters}'" in watched(template, "ApproximateNumberOfMessagesVisible")
        for inbox in targets:
            assert f"'{inbox}'" in watched(template, "ApproximateAgeOfOldestMessage")

    def test_queues_are_encrypted_and_dead_letters_kept_for_14_days(self, template: Path) -> None:
        for queue in resources(template, "AWS::SQS::Queue").values():
            assert queue["SqsManagedSseEnabled"] is True
            assert queue["MessageRetentionPeriod"] == 1209600

    def test_every_batch_reports_its_failures_and_is_bounded(self, template: Path) -> None:
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values():
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2

    def test_an_inbox_hides_a_message_six_times_as_long_as_it_is_worked_on(
        self, template: Path
    ) -> None:
        queues = resources(template, "AWS::SQS::Queue")
        functions = resources(template, "AWS::Lambda::Function")
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values():
            inbox = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
            function = functions[mapping["FunctionName"]["Ref"]]
            assert inbox["VisibilityTimeout"] >= 6 * function["Timeout"]

    def test_every_function_has_its_own_role_logs_and_error_alarm(self, template: Path) -> None:
        functions = resources(template, "AWS::Lambda::Function")
        roles = [function["Role"]["Fn::GetAtt"][0] for function in functions.values()]
        assert len(set(roles)) == len(roles)
        groups = resources(template, "AWS::Logs::LogGroup")
        for name, function in functions.items():
            assert f"'{name}'" in watched(template, "Errors"), f"{name} has no error alarm"
            group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
            assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
            assert group["FieldIndexPolicies"] == [{"Fields": ["correlation_id"]}], "solar trace"
            assert function["FunctionName"].startswith("solar-")

    def test_the_saved_query_asks_all_functions_of_the_service(self, template: Path) -> None:
        (query,) = resources(template, "AWS::Logs::QueryDefinition").values()
        groups = resources(template, "AWS::Logs::LogGroup")
        of_functions = {n for n, each in groups.items() if "/aws/lambda/" in each["LogGroupName"]}
        assert {each["Ref"] for each in query["LogGroupNames"]} == of_functions
        assert query["Name"] == f"solar/{template.parent.name}/errors"

    def test_every_alarm_tells_people(self, template: Path) -> None:
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
            assert {"Ref": "AlarmsTopicArn"} in alarm["AlarmActions"]

    def test_every_alarm_names_a_runbook_that_exists(self, template: Path) -> None:
        for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
            path, _, anchor = alarm["AlarmDescription"].partition("Runbook: ")[2].partition("#")
            runbook = (ROOT / path).read_text()
            anchors = {
                line.lstrip("# ").strip().lower().replace(" ", "-")
                for line in runbook.splitlines()
                if line.startswith("#")
            }
            assert anchor in anchors, f"{name}: {path} has no section {anchor}"

    def test_subscriptions_are_raw(self, template: Path) -> None:
        for subscription in resources(template, "AWS::SNS::Subscription").values():
            if subscription["Protocol"] == "sqs":
                assert subscription["RawMessageDelivery"] is True

    def test_tables_are_encrypted_kept_and_recoverable(self, template: Path) -> None:
        for name, resource in read(template)["Resources"].items():
            if resource["Type"] != "AWS::DynamoDB::Table":
                continue
            table = resource["Properties"]
            assert resource["DeletionPolicy"] == "Retain", name
            assert table["DeletionProtectionEnabled"] is True, name
            assert table["SSESpecification"]["SSEType"] == "KMS"
            assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True

    def test_settings_are_complete_from_the_functions_environment(self, template: Path) -> None:
        service = f"services.{template.parent.name}"
        module = importlib.import_module(f"{service}.settings")
        classes = [
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Settings) and each is not Settings
        ]
        environments = [
            dict.fromkeys(function["Environment"]["Variables"], "1")
            for function in resources(template, "AWS::Lambda::Function").values()
        ]
        for settings in classes:
            needed = {n.upper() for n, f in settings.model_fields.items() if f.is_required()}
            assert any(needed <= environment.keys() for environment in environments), settings


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.parent.name + "-" + t.stem)
class TestSize:
    def test_a_template_is_small_enough_for_cloudformation(self, template: Path) -> None:
        # The bootstrap stack makes the bucket from which longer ones are read, so it is sent as it is.
        most = MOST_IN_A_REQUEST if template.stem == "bootstrap" else 1_000_000
        assert len(template.read_bytes()) <= most


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.parent.name + "-" + t.stem)
class TestTransportAndKeeping:
    def test_no_topic_and_no_inbox_takes_what_was_not_encrypted_on_its_way(
        self, template: Path
    ) -> None:
        policies = [
            *resources(template, "AWS::SNS::TopicPolicy").values(),
            *resources(template, "AWS::SQS::QueuePolicy").values(),
        ]
        for policy in policies:
            refused = [
                statement
                for statement in policy["PolicyDocument"]["Statement"]
                if statement.get("Sid") == "TlsOnly" and statement["Effect"] == "Deny"
            ]
            assert refused, policy

    def test_what_a_bucket_forgets_is_really_gone(self, template: Path) -> None:
        for name, bucket in resources(template, "AWS::S3::Bucket").items():
            rules = bucket["LifecycleConfiguration"]["Rules"]
            for rule in rules:
                if (
                    "ExpirationInDays" in rule
                ):  # in a bucket with versions that only hides an object
                    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 7, name
            if any("ExpirationInDays" in rule for rule in rules):
                assert any(rule.get("ExpiredObjectDeleteMarker") for rule in rules), name


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.parent.name + "-" + t.stem)
class TestStage:
    def test_every_name_begins_with_the_prefix_of_its_stage(self, template: Path) -> None:
        spelled = [
            f"{number}: {line.strip()}"
            for number, line in enumerate(template.read_text().splitlines(), 1)
            if re.search(r"(?<![\w<>])solar-(?!stage|retraining\b)", line)
            and not line.lstrip().startswith("Description:")
        ]
        assert spelled == []

    def test_what_an_account_has_once_names_its_region_too(self, template: Path) -> None:
        for kind, name in EVERY_REGION_SHARES.items():
            for properties in resources(template, kind).values():
                where = properties["Budget"] if kind == "AWS::Budgets::Budget" else properties
                assert "${AWS::Region}" in str(where[name]), f"{kind} {where[name]}"

    def test_every_function_knows_its_stage(self, template: Path) -> None:
        for name, function in resources(template, "AWS::Lambda::Function").items():
            variables = function["Environment"]["Variables"]
            assert variables[names.VARIABLE] == names.prefix(), name


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.parent.name + "-" + t.stem)
class TestLeastPrivilege:
    def test_no_action_is_a_wildcard(self, template: Path) -> None:
        for role, statement in statements(template):
            for action in as_list(statement["Action"]):
                assert "*" not in action, f"{role}: {action}"

    def test_a_grant_on_the_key_is_only_for_what_aws_makes_with_it(self, template: Path) -> None:
        for role, statement in statements(template):
            if "kms:CreateGrant" in as_list(statement["Action"]):
                assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}, role

    def test_a_wildcard_resource_has_its_reason_beside_it(self, template: Path) -> None:
        lines = template.read_text().splitlines()
        allowed = 0
        for number, line in enumerate(lines):
            if 'Resource: "*"' not in line or "KeyPolicy" in line:
                continue
            before = " ".join(lines[max(0, number - 14) : number + 1])
            if "kms:" in before:
                continue  # a key's own policy can only speak of itself
            assert "#" in before, f"{template}:{number + 1}"
            allowed += 1
        assert allowed >= 0

    def test_buckets_are_private_encrypted_and_tls_only(self, template: Path) -> None:
        buckets = resources(template, "AWS::S3::Bucket")
        for properties in buckets.values():
            assert all(properties["PublicAccessBlockConfiguration"].values())
            assert properties["BucketEncryption"]
            assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        policies = resources(template, "AWS::S3::BucketPolicy")
        tls = [s for p in policies.values() for s in p["PolicyDocument"]["Statement"]]
        refused = [s for s in tls if s.get("Sid") == "TlsOnly" and s["Effect"] == "Deny"]
        assert len(refused) == len(buckets)


def test_only_the_deployer_reads_logs_and_only_those_of_our_endpoints() -> None:
    groups = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group"
    reading = {
        (template.parent.name, role, str(as_list(statement["Resource"])))
        for template in TEMPLATES
        for role, statement in statements(template)
        if "logs:FilterLogEvents" in as_list(statement["Action"])
    }
    ours = [{"Fn::Sub": f"{groups}:/aws/sagemaker/Endpoints/solar-*"}]
    assert reading == {("deployer", "Role", str(ours))}


LINKS = ROOT / "services/notifier/template.yaml"


def rights(role: str) -> dict[str, str]:
    """Return what a role of notifier may do, and on what."""
    return {
        action: str(as_list(statement["Resource"]))
        for name, statement in statements(LINKS)
        if name == role
        for action in as_list(statement["Action"])
    }


def test_the_public_function_can_read_papers_and_ask_and_nothing_else() -> None:
    found = rights("LinksRole")
    assert set(found) == {
        "secretsmanager:GetSecretValue",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "lambda:InvokeFunction",
        "sqs:SendMessage",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    }
    assert "secret:solar-notifier-links-" in found["secretsmanager:GetSecretValue"]
    assert "solar-deployer-inbox" in found["sqs:SendMessage"]
    assert (
        found["s3:GetObjectVersion"].count("s3:::")
        == found["s3:GetObjectVersion"].count("/raw/*")
        == 1
    )
    assert "solar-deployer-query" in found["lambda:InvokeFunction"]
    assert "config/" not in found["s3:GetObject"]
    (on_table,) = (
        statement
        for name, statement in statements(LINKS)
        if name == "LinksRole" and "dynamodb:PutItem" in as_list(statement["Action"])
    )
    keys = on_table["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert keys == ["link#*"], "no message that somebody got can be read or changed"


def test_only_one_function_can_change_the_key_and_it_cannot_read_it() -> None:
    writers = {
        (template.parent.name, role)
        for template in TEMPLATES
        for role, statement in statements(template)
        if "secretsmanager:PutSecretValue" in as_list(statement["Action"])
    }
    assert writers == {("notifier", "KeysRole")}
    assert "secretsmanager:GetSecretValue" not in rights("KeysRole")


def test_the_only_public_address_has_both_permissions_of_aws_and_can_be_switched_off() -> None:
    found = {
        (template.parent.name, name): resource
        for template in ALL
        for name, resource in read(template)["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Url"
        or (
            resource["Type"] == "AWS::Lambda::Permission"
            and resource["Properties"]["Principal"] == "*"
        )
    }
    assert set(found) == {
        ("notifier", "LinksUrl"),
        ("notifier", "LinksUrlPermission"),
        ("notifier", "LinksInvokePermission"),
    }
    assert {each["Condition"] for each in found.values()} == {"HasLinks"}
    by_url = found["notifier", "LinksUrlPermission"]["Properties"]
    by_call = found["notifier", "LinksInvokePermission"]["Properties"]
    assert (by_url["Action"], by_url["FunctionUrlAuthType"]) == ("lambda:InvokeFunctionUrl", "NONE")
    assert by_call["Action"] == "lambda:InvokeFunction"
    assert by_call["InvokedViaFunctionUrl"] is True, "else anybody could call the function itself"


def test_the_bus_refuses_everybody_but_the_producers() -> None:
    """A role that may publish and is not named here is refused all the same."""
    policies = resources(ROOT / "infra/foundation.yaml", "AWS::SNS::TopicPolicy")
    for topic in ("Data", "Training", "Deployment"):
        (statement,) = [
            each
            for each in policies[f"{topic}TopicPolicy"]["PolicyDocument"]["Statement"]
            if each["Sid"] == "OnlyItsProducerPublishes"
        ]
        assert statement["Effect"] == "Deny"
        admitted = {
            re.findall(rf"role/{names.all_ours()}([a-z-]+)-\$", str(arn))[0]
            for arn in statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        }
        assert admitted == {
            grant.role
            for grant in grants()
            if grant.action == "sns:Publish" and f"<{topic}Topic>" in grant.resources
        }


def test_every_role_can_be_bounded() -> None:
    bound = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    for path in build.TEMPLATES:
        template = read(ROOT / path)
        assert "HasBoundary" in template["Conditions"]
        for name, role in template["Resources"].items():
            if role["Type"] == "AWS::IAM::Role":
                assert role["Properties"]["PermissionsBoundary"] == bound, f"{path}: {name}"


LONG_NAMES = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-2",
    "AWS::AccountId": "1" * 12,
    "NamePrefix": "preproduction-solar",
    "DataBucketName": "b" * 63,
    "ArtifactBucketName": "b" * 63,
}


def written(node: Any) -> Any:
    """Return a policy as AWS counts it, with names as long as they get; a key has 100 characters."""
    if isinstance(node, list):
        return [written(each) for each in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        ((function, operand),) = node.items()
        if function == "Fn::Sub":
            text = operand if isinstance(operand, str) else operand[0]
            known = re.sub(
                r"\$\{([\w:.]+)\}", lambda each: LONG_NAMES.get(each[1], "x" * 100), text
            )
            return known.replace("${!", "${")
        if function in {"Ref", "Fn::GetAtt"}:
            return LONG_NAMES.get(str(operand), "x" * 100)
        if function == "Fn::If":
            return written(operand[1])
    return {key: written(each) for key, each in node.items()}


def size(document: Any) -> int:
    return len(json.dumps(written(document), separators=(",", ":")))


def test_no_policy_is_longer_than_iam_takes() -> None:
    """6,144 characters of a managed policy, 10,240 of all inline policies of a role."""
    found = {}
    for path in ALL:
        for name, resource in read(path)["Resources"].items():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                found[name] = size(properties["PolicyDocument"]) / 6144
            if resource["Type"] == "AWS::IAM::Role":
                inline = [
                    _chosen(each)["PolicyDocument"] for each in properties.get("Policies", [])
                ]
                found[f"{path.parent.name} {name}"] = sum(map(size, inline)) / 10240
    assert len(found) > 20
    assert {name: share for name, share in found.items() if share > 1} == {}


def test_the_inbox_and_the_task_that_closes_a_run_may_both_start_the_next_one() -> None:
    granted = {(grant.role, grant.action) for grant in grants()}
    for role in ("trainer-trigger", "trainer-trigger-sequence"):
        for action in (
            "dynamodb:PutItem",
            "s3:PutObject",
            "sagemaker:CreateModelPackageGroup",
            "sns:Publish",
            "states:StartExecution",
        ):
            assert (role, action) in granted


def test_who_starts_jobs_passes_no_other_role_than_theirs() -> None:
    """Whoever may pass a role may do through SageMaker what that role may."""
    passed = {each.role: each.resources for each in grants() if each.action == "iam:PassRole"}
    assert passed["pipeline"] == ("iam role/<prefix>-jobs-<Region>",)
    assert passed["deployer"] == ("<EndpointsRole>",)
    of_endpoints = {each.action for each in grants() if each.role == "endpoints"}
    assert not {each for each in of_endpoints if each.startswith(("iam:", "sagemaker:"))}


def test_no_stack_needs_what_a_later_one_gives() -> None:
    from infra.deploy.main import SERVICES  # noqa: PLC0415

    given = {
        "Target",
        "DataBucketName",
        "AdoptDataBucket",
        "ArtifactBucketName",
        "SageMakerRoleArn",
    }
    given |= {"Network", "MonthlyBudgetUsd", "LogRetentionDays", "NotificationEmail", "ImageUri"}
    given |= {"SlackWebhookSecretName", "CodeKey", "LayerKey", "StateMachineKey"}
    order = ["infra/bootstrap.yaml", "infra/foundation.yaml"]
    order += [f"services/{service}/template.yaml" for service in SERVICES]
    for path in order:
        body = read(ROOT / path)
        needed = {n for n, p in body.get("Parameters", {}).items() if "Default" not in p}
        assert needed <= given, f"{path} needs {needed - given}"
        given |= set(body.get("Outputs", {}))
        if path == "infra/foundation.yaml":
            # Filled once the key's and the role's names are known.
            given |= {"PipelineDefinitionKey", "OnDemandDefinitionKey"}


def test_a_sweep_that_takes_its_slice_has_time_for_one_more_model_of_a_fleet() -> None:
    template = ROOT / "services/trainer_trigger/template.yaml"
    function = resources(template, "AWS::Lambda::Function")["Function"]
    assert function["Timeout"] >= SLICE.total_seconds() + A_FLEET_SECONDS


def test_a_task_of_the_sequence_waits_longer_than_its_function_may_run() -> None:
    template = ROOT / "services/trainer_trigger/template.yaml"
    longest = resources(template, "AWS::Lambda::Function")["SequenceFunction"]["Timeout"]
    machine = yaml.safe_load((ROOT / "services/trainer_trigger/retrain.asl.yaml").read_text())
    tasks = {
        name: state["TimeoutSeconds"]
        for name, state in machine["States"].items()
        if state.get("Resource", "").endswith("lambda:invoke")
    }
    assert tasks
    assert {name for name, seconds in tasks.items() if seconds <= longest} == set()
    assert longest >= A_FLEET_SECONDS, "closing a run decides again"
