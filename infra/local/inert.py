"""What is accepted here and does nothing, or less than on AWS. Feeds `solar local explain` and the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One resource type or feature that behaves otherwise than on AWS."""

    feature: str
    behaviour: str
    why: str


_KEPT = "accepted, kept, listed and deleted with its stack; does nothing"

INERT_TYPES: dict[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "one process serves a variant; it cannot be scaled out",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "one process serves a variant; it cannot be scaled out",
    "AWS::Budgets::Budget": "nothing costs anything here",
    "AWS::Budgets::BudgetsAction": "nothing costs anything here",
    "AWS::CE::AnomalyMonitor": "nothing costs anything here",
    "AWS::CE::AnomalySubscription": "nothing costs anything here",
    "AWS::CloudWatch::AnomalyDetector": "anomaly bands need weeks of AWS's own statistics",
    "AWS::Config::ConfigRule": "nothing checks compliance here",
    "AWS::EC2::EIP": "there is no network between the parts",
    "AWS::EC2::FlowLog": "there is no network between the parts",
    "AWS::EC2::NatGateway": "there is no network between the parts",
    "AWS::EC2::NetworkAcl": "there is no network between the parts",
    "AWS::EC2::NetworkAclEntry": "there is no network between the parts",
    "AWS::EC2::SecurityGroupEgress": "there is no network between the parts",
    "AWS::EC2::SecurityGroupIngress": "there is no network between the parts",
    "AWS::ECR::RegistryPolicy": "images are zips in the artifact bucket",
    "AWS::ECR::RepositoryCreationTemplate": "images are zips in the artifact bucket",
    "AWS::Logs::QueryDefinition": "saved queries are for the console",
    "AWS::SNS::TopicInlinePolicy": "policies are enforced with AUTH=true only, and only those of topics",
    "AWS::SSM::Document": "no instance is managed here",
    "AWS::XRay::Group": "nothing is traced here",
    "AWS::XRay::SamplingRule": "nothing is traced here",
}

_FEATURES = (
    Difference(
        "Policies and roles",
        "kept; enforced only when the platform is started with AUTH=true (the loopback interface counts as "
        "encrypted): of people, functions, state machines, schedules, pipelines, jobs and endpoints; not of "
        "CodeBuild and Application Auto Scaling, nor for keys of tables, queues, secrets and logs",
        "most work here is not about rights; tests of least privilege switch it on",
    ),
    Difference(
        "Encryption (KMS keys, SSE, TLS-only policies)",
        "keys exist, settings are kept, bytes on disk are plain",
        "everything stands below one folder of one user",
    ),
    Difference(
        "VPC, subnets, endpoints, security groups",
        "records without a network; EnableNetworkIsolation takes credentials and endpoint away from a job",
        "processes of one machine share its network",
    ),
    Difference(
        "Container images",
        "the zip image/<digest>.zip of the artifact bucket, run by this interpreter with this "
        "environment's packages; CodeBuild builds nothing, ECR stays empty",
        "no container engine is needed; the digest proves that it is the code that was deployed",
    ),
    Difference(
        "Lambda",
        "a process per function (at most SOLAR_LOCAL_LAMBDA_CONCURRENCY, 2) of this interpreter: "
        "Runtime, Architectures, MemorySize, layers' binary packages and PackageType Image do not count",
        "two cores and one set of packages for everything",
    ),
    Difference(
        "Function URLs",
        "http on 127.0.0.1, below /_aws/lambda-url/; an address keeps the port with which it was made",
        "AWS's names cannot be resolved here, and nothing here speaks TLS",
    ),
    Difference(
        "Instance types, counts and volumes",
        "kept and shown; an instance of a processing job is a process (at most 8), a training job or variant "
        "one; at most SOLAR_LOCAL_JOBS (2) jobs at once",
        "one machine",
    ),
    Difference(
        "Serverless endpoints",
        "a process that runs all the time: no cold start, memory and concurrency do not count; what AWS "
        "refuses of them is refused (more than 50, networks, capture, canaries, more than 4 MB)",
        "one machine, and nothing costs anything here",
    ),
    Difference(
        "Managed spot training",
        "is interrupted where SOLAR_LOCAL_INTERRUPT_AFTER says so; checkpoints are taken when an attempt "
        "ends and brought to the next; billable time is running time",
        "nothing else takes the machine away",
    ),
    Difference(
        "Pipeline step cache and retry policies",
        "accepted; every step runs, once",
        "a run here takes seconds, and a failure should be seen",
    ),
    Difference(
        "Deployment guardrails",
        "blue/green all at once, canary and linear with rollback alarms; bake times are multiplied by "
        "SOLAR_LOCAL_BAKE_SCALE (1); rolling updates and shadow variants are refused",
        "old and new fleet are one process each",
    ),
    Difference(
        "Deleting an endpoint configuration in use",
        "refused; AWS allows it and the endpoint can then not be updated",
        "the mistake should show before it hurts",
    ),
    Difference(
        "Data capture, Model Monitor, Inference Recommender",
        "DataCaptureConfig is kept, nothing is captured; the others are refused by name",
        "scorecard and report take their place",
    ),
    Difference(
        "CloudWatch alarms",
        "evaluated every second over windows that end now; metric math: arithmetic, comparisons, IF, "
        "FILL, SUM, MAX, MIN, AVG, ABS; no anomaly bands",
        "nobody waits for full minutes at a demo",
    ),
    Difference(
        "SNS e-mail",
        "subscriptions need no confirmation; every e-mail is a file in outbox/email",
        "nothing leaves the machine",
    ),
    Difference(
        "Slack",
        "POST /_solar/slack/<channel> checks the payload as Slack does and keeps it in outbox/slack; "
        "/_solar/slack-api/chat.postMessage and chat.update do so for bots (tokens begin with xoxb-)",
        "nothing leaves the machine",
    ),
    Difference(
        "S3 lifecycle, replication, inventory, access logs",
        "kept; nothing is moved or expired",
        "objects live as long as the platform's home",
    ),
    Difference(
        "EventBridge archives",
        "created and described; replays are ministack's",
        "recovery here is starting again",
    ),
    Difference(
        "CloudTrail trails",
        "made, described and seen from other Regions as on AWS; nothing is recorded",
        "there is one user on this machine; the platform's log shows errors",
    ),
    Difference(
        "Tracing (X-Ray), Lambda Insights",
        "settings are kept; nothing is traced",
        "there is no console; `solar trace` and `solar dashboard` work as on AWS",
    ),
    Difference(
        "GetMetricData and Logs Insights",
        "searches by schema and terms without OR and NOT, metric math as of alarms over single series; of "
        "Insights fields, filter (=, !=, in, like), sort and limit; whatever else is refused",
        "what our dashboard and `solar trace` ask for",
    ),
    Difference(
        "Move tasks of SQS",
        "as on AWS, but they end with the platform, which remembers none of an earlier run",
        "what was not moved stays among the dead letters",
    ),
    Difference(
        "Durability",
        "state is written every ten seconds (SOLAR_LOCAL_SAVE_EVERY) and when the platform stops; "
        "executions and jobs that ran when it ended are failed afterwards",
        "a laptop is no Region",
    ),
)


def differences() -> list[Difference]:
    """Return everything that behaves otherwise than on AWS: resource types first, then features."""
    types = [Difference(name, _KEPT, why) for name, why in sorted(INERT_TYPES.items())]
    return [*types, *_FEATURES]
