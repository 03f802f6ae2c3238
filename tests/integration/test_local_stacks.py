"""Templates deploy by change sets; what a stack made behaves, changes and goes with it."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.integration.fake_pipeline import ROLE
from tests.integration.observe import wait_for
from tests.integration.packing import packed

BUCKET = "stacks-code"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
DEFINITION = {"Version": "2020-12-01", "Steps": []}


class Stacks:
    def __init__(self, platform):
        self.platform = platform
        self.cloudformation = platform.client("cloudformation")
        self.s3 = platform.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)

    def apply(self, name, template, **parameters):
        """Create or update by a change set; return the stack, or None without changes."""
        exists = name in {
            each["StackName"]
            for each in self.cloudformation.list_stacks(
                StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"]
            )["StackSummaries"]
        }
        change = f"change-{uuid.uuid4().hex}"
        self.cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=change,
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        found = wait_for(
            lambda: self.cloudformation.describe_change_set(StackName=name, ChangeSetName=change),
            lambda found: found["Status"] in {"CREATE_COMPLETE", "FAILED"},
        )
        if found["Status"] == "FAILED":
            self.cloudformation.delete_change_set(StackName=name, ChangeSetName=change)
            assert "didn't contain changes" in found["StatusReason"]
            return None
        self.cloudformation.execute_change_set(StackName=name, ChangeSetName=change)
        return wait_for(
            lambda: self.cloudformation.describe_stacks(StackName=name)["Stacks"][0],
            lambda found: not found["StackStatus"].endswith("_IN_PROGRESS"),
        )

    def outputs(self, stack):
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}

    def delete(self, name):
        self.cloudformation.delete_stack(StackName=name)

        def gone():
            try:
                found = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
            except ClientError:
                return True
            return found[0]["StackStatus"] == "DELETE_COMPLETE"

        wait_for(gone, bool)

    def reasons(self, name):
        events = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return {
            event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        }


@pytest.fixture(scope="module")
def stacks(platform):
    return Stacks(platform)


def function(**more):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "stacks-function",
            "Runtime": "python3.12",
            "Architectures": ["arm64"],
            "Handler": "handler.handle",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": BUCKET, "S3Key": {"Ref": "CodeKey"}},
            "Timeout": 10,
            "Environment": {
                "Variables": {
                    "MODE": {"Fn::If": ["IsLocal", "local", {"Ref": "AWS::NoValue"}]},
                    "WHERE": {"Fn::Sub": "${AWS::Region}/${AWS::AccountId}/${Target}"},
                }
            },
            **more,
        },
    }


def test_new_code_runs_after_an_update(stacks):
    stacks.s3.put_object(
        Bucket=BUCKET,
        Key="one.zip",
        Body=packed(
            "import os\ndef handle(event, context):\n"
            "    return ['one', os.environ['MODE'], os.environ['WHERE']]\n"
        ),
    )
    stacks.s3.put_object(
        Bucket=BUCKET, Key="two.zip", Body=packed("def handle(event, context):\n    return 'two'\n")
    )
    template = {
        "Parameters": {"CodeKey": {"Type": "String"}, "Target": {"Type": "String"}},
        "Conditions": {"IsLocal": {"Fn::Equals": [{"Ref": "Target"}, "local"]}},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Function": function(),
        },
        "Outputs": {"Name": {"Value": {"Ref": "Function"}}},
    }
    stack = stacks.apply("code", template, CodeKey="one.zip", Target="local")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(stack) == {"Name": "stacks-function"}
    lambdas = stacks.platform.client("lambda")

    def answer():
        found = lambdas.invoke(FunctionName="stacks-function", Payload=b"{}")
        return json.loads(found["Payload"].read())

    assert answer() == ["one", "local", "us-east-1/000000000000/local"]
    assert stacks.apply("code", template, CodeKey="one.zip", Target="local") is None
    stack = stacks.apply("code", template, CodeKey="two.zip", Target="local")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert answer() == "two"


def test_a_pipeline_and_its_group_come_change_and_go(stacks):
    first, second = dict(DEFINITION), {**DEFINITION, "Metadata": {"version": "2"}}
    for key, content in (("first.json", first), ("second.json", second)):
        stacks.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content))
    template = {
        "Parameters": {"Key": {"Type": "String"}},
        "Resources": {
            "Pipeline": {
                "Type": "AWS::SageMaker::Pipeline",
                "Properties": {
                    "PipelineName": "stacks-pipeline",
                    "RoleArn": ROLE,
                    "PipelineDefinition": {
                        "PipelineDefinitionS3Location": {"Bucket": BUCKET, "Key": {"Ref": "Key"}}
                    },
                    "ParallelismConfiguration": {"MaxParallelExecutionSteps": 2},
                    "Tags": [{"Key": "project", "Value": "solar"}],
                },
            },
            "Group": {
                "Type": "AWS::SageMaker::ModelPackageGroup",
                "Properties": {"ModelPackageGroupName": "stacks-group"},
            },
        },
        "Outputs": {
            "Pipeline": {"Value": {"Ref": "Pipeline"}},
            "Group": {"Value": {"Ref": "Group"}},
        },
    }
    stack = stacks.apply("pipeline", template, Key="first.json")
    assert stacks.outputs(stack)["Pipeline"] == "stacks-pipeline"
    assert stacks.outputs(stack)["Group"].endswith(":model-package-group/stacks-group")
    sm = stacks.platform.client("sagemaker")
    found = sm.describe_pipeline(PipelineName="stacks-pipeline")
    assert json.loads(found["PipelineDefinition"]) == first
    assert sm.list_tags(ResourceArn=found["PipelineArn"])["Tags"] == [
        {"Key": "project", "Value": "solar"}
    ]
    stacks.apply("pipeline", template, Key="second.json")
    found = sm.describe_pipeline(PipelineName="stacks-pipeline")
    assert json.loads(found["PipelineDefinition"]) == second
    stacks.delete("pipeline")
    with pytest.raises(ClientError, match="does not exist"):
        sm.describe_pipeline(PipelineName="stacks-pipeline")
    with pytest.raises(ClientError, match="does not exist"):
        sm.describe_model_package_group(ModelPackageGroupName="stacks-group")


def test_a_failed_stack_names_the_resource_and_the_reason(stacks):
    template = {
        "Resources": {
            "Pipeline": {
                "Type": "AWS::SageMaker::Pipeline",
                "Properties": {
                    "PipelineName": "refused",
                    "RoleArn": ROLE,
                    "PipelineDefinition": {
                        "PipelineDefinitionBody": json.dumps(
                            {**DEFINITION, "Steps": [{"Name": "A", "Type": "EMR"}]}
                        )
                    },
                },
            }
        }
    }
    stack = stacks.apply("refused", template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "step A: type 'EMR' is not known" in stacks.reasons("refused")["Pipeline"]


def test_types_without_behaviour_are_accepted_and_deleted(stacks):
    template = {
        "Resources": {
            "Trail": {
                "Type": "AWS::CloudTrail::Trail",
                "Properties": {"TrailName": "t", "IsLogging": True, "S3BucketName": BUCKET},
            },
            "Budget": {
                "Type": "AWS::Budgets::Budget",
                "Properties": {"Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY"}},
            },
            "Target": {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {"MinCapacity": 1, "MaxCapacity": 2},
            },
            "Query": {
                "Type": "AWS::Logs::QueryDefinition",
                "Properties": {"Name": "q", "QueryString": "fields @message"},
            },
            "Flow": {"Type": "AWS::EC2::FlowLog", "Properties": {"ResourceType": "VPC"}},
        },
        "Outputs": {"Trail": {"Value": {"Fn::GetAtt": ["Trail", "Arn"]}}},
    }
    stack = stacks.apply("inert", template)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(stack)["Trail"] == "arn:aws:cloudtrail:us-east-1:000000000000:trail/t"
    template["Resources"]["Budget"]["Properties"]["Budget"]["TimeUnit"] = "ANNUALLY"
    assert stacks.apply("inert", template)["StackStatus"] == "UPDATE_COMPLETE"
    stacks.delete("inert")


def test_a_type_that_nobody_knows_is_refused(stacks):
    template = {"Resources": {"A": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {}}}}
    with pytest.raises((ClientError, AssertionError), match="SageMaker::NotebookInstance"):
        stacks.apply("unknown", template)


def test_alarms_with_metric_math_and_composite_alarms_behave(stacks):
    stat = {
        "Metric": {"Namespace": "Stacks", "MetricName": "Failed"},
        "Period": 60,
        "Stat": "Sum",
    }
    template = {
        "Resources": {
            "Rate": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": "stacks-rate",
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Threshold": 10,
                    "EvaluationPeriods": 1,
                    "TreatMissingData": "notBreaching",
                    "Metrics": [
                        {"Id": "rate", "Expression": "100 * failed / FILL(all, 1)"},
                        {"Id": "failed", "MetricStat": stat, "ReturnData": False},
                        {
                            "Id": "all",
                            "MetricStat": {
                                **stat,
                                "Metric": {"Namespace": "Stacks", "MetricName": "All"},
                            },
                            "ReturnData": False,
                        },
                    ],
                },
            },
            "Any": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "DependsOn": "Rate",
                "Properties": {"AlarmName": "stacks-any", "AlarmRule": "ALARM(stacks-rate)"},
            },
        }
    }
    assert stacks.apply("alarms", template)["StackStatus"] == "CREATE_COMPLETE"
    cloudwatch = stacks.platform.client("cloudwatch")

    def states():
        found = cloudwatch.describe_alarms(
            AlarmNamePrefix="stacks-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return {
            each["AlarmName"]: each["StateValue"]
            for each in found["MetricAlarms"] + found["CompositeAlarms"]
        }

    wait_for(states, lambda found: found["stacks-rate"] == "OK")
    cloudwatch.put_metric_data(
        Namespace="Stacks",
        MetricData=[{"MetricName": "Failed", "Value": 1}, {"MetricName": "All", "Value": 5}],
    )
    wait_for(states, lambda found: found == {"stacks-rate": "ALARM", "stacks-any": "ALARM"})
    stacks.delete("alarms")
    assert states() == {}
