"""A template is read as CloudFormation reads it, as far as ours go."""

from __future__ import annotations

import pytest

from infra.deploy import build, templates

BODY = """
Parameters:
  NamePrefix: {Type: String, Default: solar}
  Network: {Type: String, Default: public}
Conditions:
  Private: !Equals [!Ref Network, private]
  Public: !Not [!Condition Private]
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: RetainExceptOnCreate
    Properties: {Description: x}
  Bucket:
    Type: AWS::S3::Bucket
    Condition: Public
    DependsOn: Topic
    DeletionPolicy: RetainExceptOnCreate
    Properties:
      BucketName: !Sub "${NamePrefix}-data-${AWS::AccountId}"
      BucketEncryption: !GetAtt Key.Arn
      NotificationConfiguration: {Topic: !Ref Topic}
      Tags: [{Key: where, Value: !Sub "${Topic.TopicName}"}]
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: x}
"""
READ = templates.read(BODY)
VALUES = templates.with_defaults(READ, {"Network": "public"}) | {"AWS::AccountId": "1"}


def test_a_name_is_put_together_from_parameters() -> None:
    name = READ["Resources"]["Bucket"]["Properties"]["BucketName"]
    assert templates.resolved(name, VALUES) == "solar-data-1"


def test_only_what_is_kept_and_asked_for_outlives_its_stack() -> None:
    assert set(templates.kept(READ, VALUES)) == {"Key", "Bucket"}
    assert set(templates.kept(READ, VALUES | {"Network": "private"})) == {"Key"}


def test_what_is_taken_in_needs_nothing_that_is_not_there() -> None:
    slim = templates.only(READ, {"Key", "Bucket"})
    bucket = slim["Resources"]["Bucket"]
    assert set(slim["Resources"]) == {"Key", "Bucket"}
    assert set(bucket["Properties"]) == {"BucketName"}, "the update behind it sets all else again"
    assert "DependsOn" not in bucket
    assert "Outputs" not in slim


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (None, True),
        ("Private", False),
        ({"Fn::Or": [{"Condition": "Private"}, {"Condition": "Public"}]}, True),
        ({"Fn::And": [{"Condition": "Private"}, {"Condition": "Public"}]}, False),
    ],
)
def test_a_condition_holds_as_cloudformation_says(condition: object, holds: bool) -> None:  # noqa: FBT001
    assert templates.holds(READ, condition, VALUES) is holds


def test_a_date_in_a_policy_stays_the_text_that_it_is() -> None:
    body = build.template("infra/foundation.yaml")
    policy = templates.read(body)["Resources"]["Key"]["Properties"]["KeyPolicy"]
    assert policy["Version"] == "2012-10-17"
    assert templates.read("Version: 2012-10-17") == {"Version": "2012-10-17"}
