"""The bus: objects become messages, messages become e-mails and Slack posts, alarms go off."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from infra.local import outbox
from shared import inbox
from tests.integration.observe import wait_for


@pytest.fixture
def names(request):
    return f"m{abs(hash(request.node.name)) % 10**8}"


def queue_arn(name):
    return f"arn:aws:sqs:us-east-1:000000000000:{name}"


def test_an_upload_arrives_in_an_inbox_as_s3_sends_it(platform, names):
    s3, sns, sqs = (platform.client(each) for each in ("s3", "sns", "sqs"))
    topic = sns.create_topic(Name=f"{names}-objects")["TopicArn"]
    url = sqs.create_queue(QueueName=f"{names}-inbox")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue_arn(f"{names}-inbox"),
        Attributes={"RawMessageDelivery": "true"},
    )
    s3.create_bucket(Bucket=names)
    s3.put_bucket_versioning(Bucket=names, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=names,
        NotificationConfiguration={
            "TopicConfigurations": [
                {
                    "TopicArn": topic,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}]}},
                }
            ]
        },
    )
    s3.put_object(Bucket=names, Key="canonical/no.parquet", Body=b"1")
    s3.put_object(Bucket=names, Key="raw/site 1/a+é.csv", Body=b"1")
    bodies = []

    def read():
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies.extend(message["Body"] for message in answer.get("Messages", []))
        return bodies

    test_event, upload = wait_for(read, lambda found: len(found) == 2)
    assert inbox.read(test_event) == []
    (found,) = inbox.read(upload)
    assert found.key == "raw/site 1/a+é.csv"
    assert found.version_id != "null"
    assert found.sequencer


def test_an_email_is_a_file_that_can_be_read(platform, names):
    sns = platform.client("sns")
    topic = sns.create_topic(Name=f"{names}-notices")["TopicArn"]
    answer = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="ops@example.com", ReturnSubscriptionArn=True
    )
    assert answer["SubscriptionArn"].startswith(topic)
    sns.publish(
        TopicArn=topic, Subject="Model 3 déployé", Message="R² 0.91\nnächster Schritt: nichts"
    )
    (mail,) = [each for each in outbox.emails(platform.home) if each.topic == topic]
    assert mail.to == "ops@example.com"
    assert mail.subject == "Model 3 déployé"
    assert mail.body.strip() == "R² 0.91\nnächster Schritt: nichts"
    assert mail.path.suffix == ".eml"


def test_an_email_subscription_filters_as_any_other(platform, names):
    sns = platform.client("sns")
    topic = sns.create_topic(Name=f"{names}-filtered")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="email",
        Endpoint="ops@example.com",
        Attributes={"FilterPolicy": json.dumps({"type": ["wanted"]})},
    )
    for kind in ("other", "wanted"):
        sns.publish(
            TopicArn=topic,
            Message=kind,
            MessageAttributes={"type": {"DataType": "String", "StringValue": kind}},
        )
    mails = [each.body.strip() for each in outbox.emails(platform.home) if each.topic == topic]
    assert mails == ["wanted"]


def post(platform, channel, payload):
    request = urllib.request.Request(
        f"{platform.endpoint_url}/_solar/slack/{channel}",
        data=json.dumps(payload).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_slack_takes_what_slack_would_take(platform, names):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*deployed*"}}]
    assert post(platform, names, {"text": "deployed", "blocks": blocks}) == (200, "ok")
    (kept,) = [each for each in outbox.slack_messages(platform.home) if each.channel == names]
    assert kept.payload["blocks"] == blocks
    status, text = post(platform, names, {"blocks": [{"type": "header"}]})
    assert status == 400
    assert text.startswith("invalid_blocks")


def test_a_dead_letter_raises_an_alarm_that_people_read(platform, names):
    sns, sqs, cloudwatch = (platform.client(each) for each in ("sns", "sqs", "cloudwatch"))
    topic = sns.create_topic(Name=f"{names}-alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    url = sqs.create_queue(QueueName=f"{names}-dead")["QueueUrl"]
    other = sqs.create_queue(QueueName=f"{names}-other")["QueueUrl"]
    for name, queue in ((f"{names}-dead", f"{names}-dead"), (f"{names}-quiet", f"{names}-quiet")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription="docs/runbooks/x.md#dead-letters",
            AlarmActions=[topic],
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
    sqs.send_message(QueueUrl=other, MessageBody="of no concern")
    sqs.send_message(QueueUrl=url, MessageBody="poison")

    def states():
        found = cloudwatch.describe_alarms(AlarmNamePrefix=names)["MetricAlarms"]
        return {each["AlarmName"]: each["StateValue"] for each in found}

    wait_for(states, lambda found: found == {f"{names}-dead": "ALARM", f"{names}-quiet": "OK"})
    mails = wait_for(
        lambda: [each for each in outbox.emails(platform.home) if each.topic == topic], bool
    )
    (changed,) = inbox.read(mails[0].body)
    assert changed.name == f"{names}-dead"
    assert changed.state == "ALARM"


@pytest.fixture
def dead(platform, names):
    """Two queues with one for their dead letters, which holds one letter of each."""
    sqs = platform.client("sqs")
    name = f"{names}-dead"
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"]]
    policy = json.dumps({"deadLetterTargetArn": queue_arn(name), "maxReceiveCount": 1})
    for each in ("one", "two"):
        url = sqs.create_queue(
            QueueName=f"{names}-{each}",
            Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"},
        )["QueueUrl"]
        urls.append(url)
        sqs.send_message(QueueUrl=url, MessageBody=each)
        sqs.receive_message(QueueUrl=url)
        sqs.receive_message(QueueUrl=url)
    return sqs, queue_arn(name), urls


def waiting(sqs, url):
    wanted = ["ApproximateNumberOfMessages"]
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return int(said["ApproximateNumberOfMessages"])


def last_move(sqs, arn):
    return sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]


def test_dead_letters_go_back_to_the_queues_they_came_from_as_new_messages(dead):
    sqs, arn, (letters, *sources) = dead
    assert waiting(sqs, letters) == 2
    seen = sqs.receive_message(QueueUrl=letters, VisibilityTimeout=0, MaxNumberOfMessages=10)
    before = {each["Body"]: each["MessageId"] for each in seen["Messages"]}
    assert waiting(sqs, letters) == 2, "a look moves nothing"
    sqs.start_message_move_task(SourceArn=arn)
    found = wait_for(lambda: last_move(sqs, arn), lambda each: each["Status"] == "COMPLETED")
    assert found["ApproximateNumberOfMessagesMoved"] == 2
    assert "TaskHandle" not in found
    assert waiting(sqs, letters) == 0
    for url, body in zip(sources, ("one", "two"), strict=True):
        (message,) = sqs.receive_message(
            QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        assert message["Body"] == body
        assert message["MessageId"] != before[body]
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_one_move_at_a_time_runs_for_a_queue_and_can_be_cancelled(dead):
    sqs, arn, (letters, *_) = dead
    for number in range(20):
        sqs.send_message(QueueUrl=letters, MessageBody=str(number))
    moving = {"SourceArn": arn, "DestinationArn": arn.replace("-dead", "-one")}
    handle = sqs.start_message_move_task(**moving, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    with pytest.raises(ClientError, match="already a task running"):
        sqs.start_message_move_task(**moving)
    assert last_move(sqs, arn)["TaskHandle"] == handle
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    found = last_move(sqs, arn)
    assert (found["Status"], found["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", moved)
    assert waiting(sqs, letters) == 22 - moved
    with pytest.raises(ClientError, match="Only active tasks"):
        sqs.cancel_message_move_task(TaskHandle=handle)
    with pytest.raises(ClientError, match="Task does not exist"):
        sqs.cancel_message_move_task(TaskHandle="bm90aGluZw==")


def test_only_dead_letters_of_a_queue_are_moved(dead, names):
    sqs, arn, _ = dead
    for source, said in (
        (arn.replace("-dead", "-one"), "must be configured as a Dead Letter Queue"),
        (queue_arn("nowhere"), "SourceArn parameter doesn't exist"),
    ):
        with pytest.raises(ClientError, match=said):
            sqs.start_message_move_task(SourceArn=source)
    with pytest.raises(ClientError, match="DestinationArn parameter doesn't exist"):
        sqs.start_message_move_task(SourceArn=arn, DestinationArn=queue_arn("nowhere"))
    with pytest.raises(ClientError, match="MaxNumberOfMessagesPerSecond is invalid"):
        sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=501)
    with pytest.raises(ClientError, match="MaxResults is invalid"):
        sqs.list_message_move_tasks(SourceArn=arn, MaxResults=11)


def test_a_letter_that_came_from_no_queue_ends_its_move(dead):
    sqs, arn, (letters, *_) = dead
    sqs.send_message(QueueUrl=letters, MessageBody="put here by hand")
    sqs.start_message_move_task(SourceArn=arn)
    found = wait_for(lambda: last_move(sqs, arn), lambda each: each["Status"] != "RUNNING")
    assert (found["Status"], found["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert waiting(sqs, letters) == 1


def test_a_schedules_input_says_when_it_was_due(platform, names):
    sqs, scheduler = platform.client("sqs"), platform.client("scheduler")
    url = sqs.create_queue(QueueName=f"{names}-sweep")["QueueUrl"]
    scheduler.create_schedule(
        Name=names,
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": queue_arn(f"{names}-sweep"),
            "RoleArn": "arn:aws:iam::000000000000:role/any",
            "Input": json.dumps(
                {
                    "type": "sweep_due",
                    "due_at": "<aws.scheduler.scheduled-time>",
                    "id": "<aws.scheduler.execution-id>",
                }
            ),
        },
    )
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
    body = json.loads(message["Body"])
    assert body["due_at"].endswith("Z")
    assert "<" not in body["id"]


def test_sagemakers_changes_are_events(platform, names):
    sm, sqs, events = (platform.client(each) for each in ("sagemaker", "sqs", "events"))
    url = sqs.create_queue(QueueName=f"{names}-events")["QueueUrl"]
    events.put_rule(
        Name=names,
        EventPattern=json.dumps(
            {
                "source": ["aws.sagemaker"],
                "detail-type": [
                    "SageMaker Model Package State Change",
                    "SageMaker Model Building Pipeline Execution Status Change",
                ],
            }
        ),
    )
    events.put_targets(Rule=names, Targets=[{"Id": "queue", "Arn": queue_arn(f"{names}-events")}])
    sm.create_model_package_group(ModelPackageGroupName=names)
    package = sm.create_model_package(ModelPackageGroupName=names)["ModelPackageArn"]
    sm.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    sm.create_pipeline(
        PipelineName=names,
        RoleArn="arn:aws:iam::000000000000:role/any",
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": []}),
    )
    execution = sm.start_pipeline_execution(PipelineName=names)["PipelineExecutionArn"]
    seen = []

    def read():
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            seen.extend(inbox.read(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [event.detail for event in seen]

    def approvals(details):
        return [
            each["ModelApprovalStatus"]
            for each in details
            if each.get("ModelPackageArn") == package
        ]

    def statuses(details):
        return [
            each["currentPipelineExecutionStatus"]
            for each in details
            if each.get("pipelineExecutionArn") == execution
        ]

    details = wait_for(read, lambda found: "Succeeded" in statuses(found))
    assert approvals(details) == ["PendingManualApproval", "Approved"]
    assert statuses(details) == ["Executing", "Succeeded"]
