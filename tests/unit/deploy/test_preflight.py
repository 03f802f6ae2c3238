"""A look before the deployment names what would fail, why it matters, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from infra.deploy import job_logs, preflight
from infra.deploy.preflight import (
    Finding,
    Plan,
    adopted,
    demand,
    limits,
    logs,
    people,
    place,
    role,
)
from infra.deploy.preflight.finding import Check, careful
from infra.deploy.target import Target
from shared.model_config import EndpointConfig, ModelConfig

ACCOUNT, REGION = "123456789012", "us-east-1"
Answers = dict[str, list[tuple[str, Any]]]


class Account(Target):
    """An account whose answers botocore itself checks against AWS's shapes."""

    def answer(self, answers: Answers) -> Account:
        made = {}
        session = botocore.session.get_session()
        for service, calls in answers.items():
            client = session.create_client(
                service, REGION, aws_access_key_id="x", aws_secret_access_key="x"
            )
            stub = Stubber(client)
            for operation, said in calls:
                if isinstance(said, str):
                    stub.add_client_error(operation, said)
                else:
                    stub.add_response(operation, said)
            stub.activate()
            made[service] = client
        object.__setattr__(self, "made", made)
        return self

    def client(self, service: str) -> Any:
        return self.made[service]  # type: ignore[attr-defined]


def account(answers: Answers, **more: Any) -> Account:
    place = {"kind": "aws", "account_id": ACCOUNT, "region": REGION, "data_bucket": "theirs"}
    given = {"adopt_data_bucket": False, "sagemaker_role_arn": None} | place | more
    return Account(session=botocore.session.get_session(), **given).answer(answers)


def found(check: Check, answers: Answers, **plan: Any) -> list[Finding]:
    more = plan.pop("target", {})
    made = Plan(account(answers, **more), plan.pop("parameters", {"NamePrefix": "solar"}), **plan)
    return careful(check, made)


def quotas(service: str, *, value: float, name: str) -> Answers:
    quota = {"QuotaName": name, "Value": value, "QuotaCode": "L-1", "ServiceCode": service}
    return {
        "service-quotas": [
            ("list_aws_default_service_quotas", {"Quotas": [quota | {"Value": 9.0}]}),
            ("list_service_quotas", {"Quotas": [quota]}),
        ]
    }


SIX = {"endpoint": {"ml.m5.large": 6}}
INACTIVE = {"TagKey": "solar-stage", "Type": "UserDefined", "Status": "Inactive"}


class TestLimits:
    NAME = "ml.m5.large for endpoint usage"

    def test_a_quota_of_nought_comes_with_the_command_that_raises_it(self) -> None:
        (said,) = found(
            limits.instances,
            quotas("sagemaker", value=0.0, name=self.NAME),
            instances=SIX,
        )
        assert said.weight == "hurts"
        assert said.what == "ml.m5.large for endpoint: 0 may run, 6 are needed"
        assert "--quota-code L-1 --desired-value 6" in said.mend

    def test_enough_is_nothing_to_say(self) -> None:
        answers = quotas("sagemaker", value=6.0, name=self.NAME)
        assert found(limits.instances, answers, instances=SIX) == []

    def test_a_new_accounts_ten_functions_are_too_few(self) -> None:
        answers = quotas("lambda", value=10.0, name="Concurrent executions")
        settings = {"AccountLimit": {"ConcurrentExecutions": 10}}
        (said,) = found(
            limits.functions, answers | {"lambda": [("get_account_settings", settings)]}
        )
        assert said.what.startswith("10 functions may be at work at once")
        assert "--desired-value 1000" in said.mend

    def buckets(self, *names: str) -> list[Finding]:
        answers = quotas("s3", value=3.0, name="General purpose buckets")
        has = {"Buckets": [{"Name": each} for each in names]}
        return found(
            limits.buckets, answers | {"s3": [("list_buckets", has)]}, parameters=PARAMETERS
        )

    def test_a_full_account_stops_the_deployment(self) -> None:
        (said,) = self.buckets("foreign")
        assert said.weight == "stops"
        assert said.what == "the account has 1 of 3 buckets, and 3 more are needed"

    def test_a_full_account_that_has_ours_already_stops_nobody(self) -> None:
        assert self.buckets("a", "b", f"solar-trail-{ACCOUNT}-{REGION}") == []

    def keys(self, *, exists: bool, quota: float, has: int = 2) -> list[Finding]:
        ours = {"KeyMetadata": {"KeyId": "k"}} if exists else "NotFoundException"
        listed = {"Keys": [{"KeyId": str(number)} for number in range(has)]}
        answers = quotas("kms", value=quota, name="Customer Master Keys (CMKs)")
        return found(
            limits.keys, answers | {"kms": [("describe_key", ours), ("list_keys", listed)]}
        )

    def test_an_account_without_room_for_a_key_stops_the_deployment(self) -> None:
        (said,) = self.keys(exists=False, quota=2.0)
        assert said.weight == "stops"
        assert "--desired-value 3" in said.mend
        assert self.keys(exists=False, quota=3.0) == []
        assert self.keys(exists=False, quota=100_000.0) == []
        assert self.keys(exists=True, quota=2.0) == []


class TestPlace:
    def test_a_region_that_is_not_switched_on_is_named(self) -> None:
        answers: Answers = {"sagemaker": [("list_endpoints", "UnrecognizedClientException")]}
        (said,) = found(place.sagemaker, answers)
        assert (said.weight, "enable-region --region-name us-east-1" in said.mend) == (
            "stops",
            True,
        )

    def test_the_role_that_scales_endpoints_can_be_made_before(self) -> None:
        (said,) = found(place.scaling_role, {"iam": [("get_role", "NoSuchEntity")]})
        assert said.mend.startswith("aws iam create-service-linked-role")

    def test_what_these_credentials_may_not_see_stops_nobody(self) -> None:
        (said,) = found(place.scaling_role, {"iam": [("get_role", "AccessDenied")]})
        assert said.weight == "unknown"
        assert said.why == "It was not looked at: these credentials may not look (AccessDenied)"


class TestGivenRole:
    ARN = f"arn:aws:iam::{ACCOUNT}:role/theirs"

    @staticmethod
    def trusting(service: str) -> dict[str, Any]:
        document = f'{{"Statement": [{{"Principal": {{"Service": "{service}"}}}}]}}'
        role = {"Path": "/", "RoleName": "theirs", "RoleId": "x" * 16, "Arn": TestGivenRole.ARN}
        return {"Role": role | {"CreateDate": 0, "AssumeRolePolicyDocument": document}}

    def simulated(self, denied: str) -> Answers:
        parameters = {"NamePrefix": "solar", "Network": "private"}
        wanted = list(role._wanted(Plan(account({}), PARAMETERS | parameters)))
        results = [
            {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalDecision": "implicitDeny" if action == denied else "allowed",
                    }
                    for action in actions
                ]
            }
            for actions, _, _ in wanted
        ]
        calls = [("simulate_principal_policy", each) for each in results]
        return {"iam": [("get_role", self.trusting("sagemaker.amazonaws.com")), *calls]}

    def look(self, answers: Answers, **parameters: str) -> list[Finding]:
        given = PARAMETERS | {"SageMakerRoleArn": self.ARN, "Network": "private"} | parameters
        return found(role.given_role, answers, parameters=given)

    def test_a_missing_right_is_named(self) -> None:
        (said,) = self.look(self.simulated("ec2:CreateNetworkInterface"))
        assert said.what == "the role theirs lacks ec2:CreateNetworkInterface"

    def test_a_role_with_all_rights_is_nothing_to_say(self) -> None:
        assert self.look(self.simulated("")) == []

    def test_a_role_that_sagemaker_may_not_use_stops_the_deployment(self) -> None:
        answers = self.simulated("")
        answers["iam"][0] = ("get_role", self.trusting("ec2.amazonaws.com"))
        (said,) = self.look(answers)
        assert said.weight == "stops"

    def test_without_a_given_role_nothing_is_asked(self) -> None:
        assert found(role.given_role, {}) == []


class TestLogs:
    def look(self, **more: Any) -> list[Finding]:
        groups = [{"logGroupName": each, **more} for each in job_logs.GROUPS]
        near = {"logGroupName": f"{job_logs.GROUPS[0]}-of-others"}
        calls = [("describe_log_groups", {"logGroups": [each, near]}) for each in groups]
        return found(logs.of_jobs, {"logs": calls})

    def test_a_log_of_jobs_without_an_end_comes_with_the_command_that_ends_it(self) -> None:
        first, second = self.look()
        assert first.what == "the log group /aws/sagemaker/ProcessingJobs keeps everything for ever"
        assert "put-retention-policy" in second.mend

    def test_one_with_an_end_is_nothing_to_say(self) -> None:
        assert self.look(retentionInDays=365) == []


class TestBoundary:
    ARN = f"arn:aws:iam::{ACCOUNT}:policy/bounds"

    def look(self, said: Any) -> list[Finding]:
        given = {"NamePrefix": "solar", "PermissionsBoundaryArn": self.ARN}
        return found(role.boundary, {"iam": [("get_policy", said)]}, parameters=given)

    def test_a_boundary_that_does_not_exist_stops_the_deployment(self) -> None:
        (said,) = self.look("NoSuchEntity")
        assert (said.weight, said.what) == ("stops", f"there is no policy {self.ARN}")

    def test_one_that_exists_or_none_at_all_is_nothing_to_say(self) -> None:
        assert self.look({"Policy": {"Arn": self.ARN}}) == []
        assert found(role.boundary, {}) == []


PARAMETERS = {"NamePrefix": "solar", "DataBucketName": "b", "ArtifactBucketName": "a"}
GOOD: list[tuple[str, Any]] = [
    ("get_bucket_versioning", {"Status": "Enabled"}),
    (
        "get_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    ),
    (
        "get_bucket_encryption",
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
    ),
    ("get_bucket_notification_configuration", {}),
    ("get_bucket_policy", {"Policy": '{"Condition": "aws:SecureTransport"}'}),
]


class TestAdoptedBucket:
    def look(self, **answers: Any) -> list[Finding]:
        calls = [(name, answers.get(name, said)) for name, said in GOOD]
        return found(adopted.bucket, {"s3": calls}, target={"adopt_data_bucket": True})

    def test_a_good_one_is_nothing_to_say(self) -> None:
        assert self.look() == []

    def test_without_versions_it_stops_the_deployment(self) -> None:
        (said,) = self.look(get_bucket_versioning={})
        assert (said.weight, "put-bucket-versioning" in said.mend) == ("stops", True)

    @pytest.mark.parametrize(
        ("prefix", "event", "stops"),
        [
            ("raw/plant/", "s3:ObjectCreated:Put", True),
            ("", "s3:ObjectCreated:*", True),
            ("other/", "s3:ObjectCreated:*", False),
            ("raw/", "s3:ObjectRestore:Completed", False),
        ],
    )
    def test_who_else_is_told_of_our_folders_stops_it(
        self,
        prefix: str,
        event: str,
        stops: bool,  # noqa: FBT001
    ) -> None:
        rules = [{"Name": "prefix", "Value": prefix}]
        theirs = {
            "QueueArn": "arn:aws:sqs:us-east-1:123456789012:theirs",
            "Events": [event],
            "Filter": {"Key": {"FilterRules": rules}},
        }
        said = self.look(get_bucket_notification_configuration={"QueueConfigurations": [theirs]})
        assert [each.weight for each in said] == ["stops"] * stops

    @pytest.mark.parametrize(
        ("call", "answer", "what"),
        [
            ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError", "may belong to"),
            ("get_bucket_policy", "NoSuchBucketPolicy", "without TLS"),
        ],
    )
    def test_what_fails_later_is_said(self, call: str, answer: str, what: str) -> None:
        (said,) = self.look(**{call: answer})
        assert said.weight == "hurts"
        assert what in said.what


class TestPeople:
    def test_a_subscription_that_waits_is_said(self) -> None:
        waiting = {"Endpoint": "ops@example.org", "SubscriptionArn": "PendingConfirmation"}
        (said,) = found(
            people.confirmed,
            {"sns": [("list_subscriptions_by_topic", {"Subscriptions": [waiting]})]},
            parameters={"NotificationEmail": "ops@example.org"},
        )
        assert said.what == "ops@example.org has not confirmed its subscription"

    def test_before_the_first_deployment_nobody_has_to_have_confirmed(self) -> None:
        assert found(people.confirmed, {"sns": [("list_subscriptions_by_topic", "NotFound")]}) == []

    @pytest.mark.parametrize(
        ("described", "mend"),
        [
            ("ResourceNotFoundException", "create-secret --name slack"),
            ({"Name": "slack", "DeletedDate": 1.0}, "restore-secret --secret-id slack"),
        ],
    )
    def test_a_webhook_that_cannot_be_read_stops_with_the_command_that_brings_it(
        self, described: Any, mend: str
    ) -> None:
        (said,) = found(
            people.secret,
            {"secretsmanager": [("describe_secret", described)]},
            parameters={"SlackWebhookSecretName": "slack"},
        )
        assert said.weight == "stops"
        assert mend in said.mend

    @pytest.mark.parametrize(
        ("stack", "weight"), [("ValidationError", "stops"), ("CREATE_COMPLETE", "hurts")]
    )
    def test_a_signing_key_that_is_about_to_go_stops_only_who_would_make_it_anew(
        self, stack: str, weight: str
    ) -> None:
        there = {"StackName": "s", "StackStatus": stack, "CreationTime": 1.0}
        stacks: Any = stack if stack == "ValidationError" else {"Stacks": [there]}
        (said,) = found(
            people.links_key,
            {
                "secretsmanager": [("describe_secret", {"DeletedDate": 1.0})],
                "cloudformation": [("describe_stacks", stacks)],
            },
        )
        assert said.weight == weight
        assert "restore-secret --secret-id solar-notifier-links" in said.mend

    @pytest.mark.parametrize("described", ["ResourceNotFoundException", {"Name": "n"}])
    def test_a_signing_key_that_is_there_or_not_made_yet_is_nothing_to_say(
        self, described: Any
    ) -> None:
        answers: Answers = {"secretsmanager": [("describe_secret", described)]}
        assert found(people.links_key, answers) == []

    @pytest.mark.parametrize("tags", [[], [INACTIVE]])
    def test_a_tag_that_is_not_counted_leaves_the_budget_blind(self, tags: list[Any]) -> None:
        answers: Answers = {"ce": [("list_cost_allocation_tags", {"CostAllocationTags": tags})]}
        (said,) = found(people.budget, answers)
        assert "TagKey=solar-stage,Status=Active" in said.mend

    @pytest.mark.parametrize(
        ("parameters", "what"),
        [
            ({"NotificationEmail": "ops"}, "is no e-mail address"),
            ({"NotificationEmail": "a@b.c", "DocsUrl": "http://x"}, "must begin with https://"),
            ({}, "no e-mail address is given"),
        ],
    )
    def test_options_that_tell_nobody_are_said(self, parameters: dict[str, str], what: str) -> None:
        (said,) = found(people.options, {}, parameters=parameters)
        assert what in said.what


def test_what_stops_a_deployment_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def checks(*weights: str) -> tuple[Callable[[Plan], Any], ...]:
        return tuple(lambda _, each=each: iter([Finding(each, "x", "y")]) for each in weights)

    monkeypatch.setattr(preflight, "_EVERYWHERE", checks("unknown", "hurts", "stops"))
    monkeypatch.setattr(preflight, "_ON_AWS", ())
    said = preflight.look(Plan(account({}), {}))
    assert [each.weight for each in said] == ["stops", "hurts", "unknown"]


def test_the_instances_of_all_models_and_one_deployment_are_counted() -> None:
    waiting = EndpointConfig(mode="realtime")
    models = [
        ModelConfig(model_id="a", endpoint=waiting),
        ModelConfig(model_id="b", endpoint=waiting, preprocess_instances=3),
        ModelConfig(model_id="c", endpoint=EndpointConfig(mode="none")),
        ModelConfig(model_id="d"),
    ]
    wanted = demand.instances(models, runs=1)
    assert wanted["endpoint"] == {"ml.m5.large": 10}, "four each, and two of one new fleet"
    assert wanted["training"] == {"ml.m5.large": 1}
    assert wanted["processing"] == {"ml.m5.large": 3}
    assert demand.instances([], runs=4)["endpoint"] == {}, "a new model is serverless"


def test_an_error_that_is_no_refusal_is_said_as_it_is() -> None:
    def broken(_: Plan) -> Any:
        """Look at something. More."""
        raise ClientError({"Error": {"Code": "Boom", "Message": "x"}}, "Op")
        yield

    (said,) = careful(broken, Plan(account({}), {}))
    assert said.what == "Look at something"
    assert "Boom" in said.why
