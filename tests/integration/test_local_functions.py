"""Lambda and Step Functions behave where the product depends on it."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
import uuid

import pytest

from tests.integration.observe import wait_for
from tests.integration.packing import packed

ROLE = "arn:aws:iam::000000000000:role/any"
CODE = """
import json, os, time


class NotReadyError(Exception):
    pass


STARTED = time.time()


def handle(event, context):
    if event.get("raise"):
        raise NotReadyError("come back later")
    if event.get("metric"):
        print(json.dumps({
            "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
                "Namespace": "Solar", "Dimensions": [["service"]],
                "Metrics": [{"Name": "FilesAccepted", "Unit": "Count"}]}]},
            "service": event["metric"], "FilesAccepted": 3,
        }))
    if "Records" in event:
        print("records", len(event["Records"]))
        return {"batchItemFailures": []}
    return {
        "pid": os.getpid(),
        "endpoint": os.environ["AWS_ENDPOINT_URL"],
        "region": os.environ["AWS_REGION"],
        "paths": os.environ.get("PYTHONPATH", ""),
        "code": os.path.realpath(__file__),
    }


def broken(event, context):
    import nothing_of_this_name
"""
BROKEN = "import nothing_of_this_name\n\ndef handle(event, context):\n    return 1\n"


class Functions:
    def __init__(self, platform):
        self.platform = platform
        self.client = platform.client("lambda")

    def create(self, name, text=CODE):
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="handler.handle",
            Code={"ZipFile": packed(text)},
            Timeout=20,
        )
        self.client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1}
        )
        return name

    def invoke(self, name, **event):
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def total(self, namespace, metric, **dimensions):
        """Return the sum of a metric over the last minutes."""
        cloudwatch = self.platform.client("cloudwatch")

        now = dt.datetime.now(dt.UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - dt.timedelta(minutes=5),
            EndTime=now + dt.timedelta(minutes=1),
            Period=600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)


@pytest.fixture(scope="module")
def functions(platform):
    return Functions(platform)


@pytest.fixture(scope="module")
def name(functions):
    return functions.create("solar-functions")


def test_a_function_finds_the_platform_and_not_our_sources(functions, name):
    answer, _ = functions.invoke(name)
    assert answer["endpoint"] == functions.platform.endpoint_url
    assert answer["region"] == "us-east-1"
    assert answer["paths"] == ""


def test_functions_of_the_same_zip_share_their_code_on_the_disk_and_others_do_not(functions, name):
    first, _ = functions.invoke(name)
    second, _ = functions.invoke(functions.create("solar-of-the-same-zip"))
    other, _ = functions.invoke(functions.create("solar-of-another-zip", f"{CODE}\n# another"))
    assert first["pid"] != second["pid"]
    assert first["code"] == second["code"] != other["code"]


def test_an_exception_keeps_its_name_and_the_worker(functions, name):
    before, _ = functions.invoke(name)
    error, kind = functions.invoke(name, **{"raise": True})
    after, _ = functions.invoke(name)
    assert kind == "Unhandled"
    assert error["errorType"] == "NotReadyError"
    assert error["errorMessage"] == "come back later"
    assert any("handler.py" in line for line in error["stackTrace"])
    assert after["pid"] == before["pid"]


def test_a_function_that_cannot_be_imported_says_why(functions):
    error, _ = functions.invoke(functions.create("solar-broken", BROKEN))
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "nothing_of_this_name" in error["errorMessage"]


def test_embedded_metrics_reach_cloudwatch(functions, name):
    functions.invoke(name, metric="data_watcher")
    assert functions.total("Solar", "FilesAccepted", service="data_watcher") == 3


def test_log_groups_are_listed_by_the_prefix_of_the_users_page(functions, name):
    functions.invoke(name, metric="x")
    logs = functions.platform.client("logs")
    found = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/solar")["logGroups"]
    assert "/aws/lambda/solar-functions" in {group["logGroupName"] for group in found}
    events = logs.filter_log_events(logGroupName="/aws/lambda/solar-functions")["events"]
    assert any("FilesAccepted" in event["message"] for event in events)


def test_invocations_through_a_queue_are_batched_and_counted(functions):
    name = functions.create("solar-queued")
    sqs = functions.platform.client("sqs")
    url = sqs.create_queue(QueueName="solar-queued-inbox")["QueueUrl"]
    for start in (0, 10):
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "MessageBody": "{}"} for number in range(start, start + 10)
            ],
        )
    functions.client.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:solar-queued-inbox",
        FunctionName=name,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
    )
    wait_for(
        lambda: functions.total("AWS/Lambda", "Invocations", FunctionName=name),
        lambda count: count >= 2,
    )
    logs = functions.platform.client("logs")
    messages = [
        event["message"]
        for event in logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    ]
    assert messages.count("records 10") == 2
    assert functions.total("AWS/Lambda", "Errors", FunctionName=name) == 0


def test_a_batching_window_lets_a_batch_fill_up(functions):
    name = functions.create("solar-window")
    sqs = functions.platform.client("sqs")
    url = sqs.create_queue(QueueName="solar-window-inbox")["QueueUrl"]
    functions.client.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:solar-window-inbox",
        FunctionName=name,
        BatchSize=10,
        MaximumBatchingWindowInSeconds=2,
    )
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    wait_for(
        lambda: functions.total("AWS/Lambda", "Invocations", FunctionName=name),
        lambda count: count >= 1,
    )
    assert functions.total("AWS/Lambda", "Invocations", FunctionName=name) == 1


class Machine:
    def __init__(self, platform, definition):
        self.client = platform.client("stepfunctions")
        self.arn = self.client.create_state_machine(
            name=f"solar-{uuid.uuid4().hex[:8]}", roleArn=ROLE, definition=json.dumps(definition)
        )["stateMachineArn"]

    def start(self, name=None, content="{}"):
        return self.client.start_execution(
            stateMachineArn=self.arn, name=name or uuid.uuid4().hex, input=content
        )["executionArn"]

    def ended(self, arn):
        return wait_for(
            lambda: self.client.describe_execution(executionArn=arn),
            lambda found: found["status"] != "RUNNING",
        )


def test_a_state_machine_catches_by_the_exceptions_name(functions, name):
    machine = Machine(
        functions.platform,
        {
            "StartAt": "Ask",
            "States": {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": name, "Payload": {"raise": True}},
                    "Catch": [{"ErrorEquals": ["NotReadyError"], "Next": "Wait"}],
                    "End": True,
                },
                "Wait": {"Type": "Pass", "Result": "caught", "End": True},
            },
        },
    )
    assert json.loads(machine.ended(machine.start())["output"]) == "caught"


def test_starting_the_same_execution_twice_is_starting_it_once(functions):
    machine = Machine(
        functions.platform,
        {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 2, "End": True}}},
    )
    first = machine.start("once")
    assert machine.start("once") == first
    with pytest.raises(machine.client.exceptions.ExecutionAlreadyExists):
        machine.start("once", '{"other": 1}')
    machine.ended(first)
    with pytest.raises(machine.client.exceptions.ExecutionAlreadyExists):
        machine.start("once")


def test_a_machine_ends_at_its_time_limit_and_is_counted(functions):
    machine = Machine(
        functions.platform,
        {
            "TimeoutSeconds": 1,
            "StartAt": "A",
            "States": {"A": {"Type": "Wait", "Seconds": 3, "End": True}},
        },
    )
    assert machine.ended(machine.start())["status"] == "TIMED_OUT"
    where = {"StateMachineArn": machine.arn}
    assert functions.total("AWS/States", "ExecutionsStarted", **where) == 1
    assert functions.total("AWS/States", "ExecutionsTimedOut", **where) == 1


def test_a_machine_talks_to_sagemaker_and_publishes_with_attributes(functions):
    platform = functions.platform
    sm, sns, sqs = (platform.client(each) for each in ("sagemaker", "sns", "sqs"))
    sm.create_pipeline(
        PipelineName="machine-pipeline",
        RoleArn="arn:aws:iam::000000000000:role/solar-sagemaker",
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": []}),
    )
    topic = sns.create_topic(Name="machine-topic")["TopicArn"]
    url = sqs.create_queue(QueueName="machine-queue")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:machine-queue",
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicy": json.dumps({"type": ["retrain_done"]}),
        },
    )
    start = "arn:aws:states:::aws-sdk:sagemaker:startPipelineExecution"
    describe = "arn:aws:states:::aws-sdk:sagemaker:describePipelineExecution"
    machine = Machine(
        platform,
        {
            "StartAt": "Start",
            "States": {
                "Start": {
                    "Type": "Task",
                    "Resource": start,
                    "Parameters": {
                        "PipelineName": "machine-pipeline",
                        "ClientRequestToken.$": "$.token",
                    },
                    "ResultPath": "$.pipeline",
                    "Next": "Wait",
                },
                "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Describe"},
                "Describe": {
                    "Type": "Task",
                    "Resource": describe,
                    "Parameters": {"PipelineExecutionArn.$": "$.pipeline.PipelineExecutionArn"},
                    "ResultSelector": {"status.$": "$.PipelineExecutionStatus"},
                    "ResultPath": "$.found",
                    "Next": "Missing",
                },
                "Missing": {
                    "Type": "Task",
                    "Resource": start,
                    "Parameters": {"PipelineName": "nobody"},
                    "Catch": [
                        {
                            "ErrorEquals": [
                                "SageMaker.ResourceNotFoundException",
                                "SageMaker.ResourceNotFound",
                            ],
                            "ResultPath": "$.error",
                            "Next": "Publish",
                        }
                    ],
                    "End": True,
                },
                "Publish": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sns:publish",
                    "Parameters": {
                        "TopicArn": topic,
                        "Message.$": "States.JsonToString($.found)",
                        "MessageAttributes": {
                            "type": {"DataType": "String", "StringValue": "retrain_done"}
                        },
                    },
                    "End": True,
                },
            },
        },
    )
    ended = machine.ended(machine.start(content=json.dumps({"token": "m" * 64})))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"][0]
    assert json.loads(message["Body"]) == {"status": "Succeeded"}


URL_CODE = """
def handle(event, context):
    context_ = event["requestContext"]["http"]
    return {
        "statusCode": 201,
        "headers": {"x-kind": "test"},
        "body": f'{context_["method"]} {event["rawPath"]} {event.get("body", "")}',
    }
"""


def test_a_functions_url_can_be_opened_on_this_machine(functions):
    name = functions.create(f"page-{uuid.uuid4().hex[:6]}", URL_CODE)
    made = functions.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    address = made["FunctionUrl"]
    assert address.startswith(f"{functions.platform.info.endpoint_url}/_aws/lambda-url/")
    kept = functions.client.get_function_url_config(FunctionName=name)
    assert kept["FunctionUrl"] == address
    with urllib.request.urlopen(f"{address}some/token", b"name=Ada", timeout=20) as answer:
        assert (answer.status, answer.headers["x-kind"]) == (201, "test")
        assert answer.read() == b"POST /some/token bmFtZT1BZGE="  # a form comes encoded, as on AWS
    functions.client.delete_function_url_config(FunctionName=name)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address, timeout=20)
