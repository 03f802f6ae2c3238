"""The pipeline's steps, authored with the SageMaker SDK; `definition` renders them.

Steps are named by a verb. Every job is network-isolated, encrypted, tagged and bounded in time; Train runs on
spot instances. The SDK reads its environment when it is imported, so `definition` prepares that first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    CheckpointConfig,
    MetricDefinition,
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
    Tag,
)
from sagemaker.core.training.configs import Compute, InputData, Networking
from sagemaker.core.workflow.conditions import ConditionEquals, ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

from services.trainer_trigger.pipeline.definition.parameters import (
    accuracy_threshold,
    dataset_id,
    instance_type,
    model_id,
    model_type,
    preprocess_instances,
    run_id,
)
from shared import names

BUCKET = "${DataBucketName}"
_IMAGE = "${ImageUri}"
ROLE = "arn:aws:iam::000000000000:role/solar/jobs"  # the SDK takes no placeholder here; `render` puts one
_KEY = "${KeyArn}"
_SUBNETS = ["${SubnetIds}"]
_SECURITY_GROUPS = ["${SecurityGroupIds}"]
_ENTRYPOINT = ["python", "-m", "infra.image.entrypoint"]
_PROCESSING_SECONDS = 2 * 3600
_TRAINING_SECONDS = 4 * 3600
_VOLUME_GB = 30
_TRAIN_MEMORY_MB = "512"  # of features; more lie in a file
_INSTANCES = ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.large", "ml.c5.xlarge"]

_JOB_RETRIES = SageMakerJobStepRetryPolicy(
    exception_types=[
        SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
        SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
        SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT,
    ],
    interval_seconds=60,
    backoff_rate=2.0,
    max_attempts=5,
)
_STEP_RETRIES = StepRetryPolicy(
    exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
    interval_seconds=10,
    backoff_rate=2.0,
    max_attempts=5,
)
_RETRIES = [_JOB_RETRIES, _STEP_RETRIES]
_METRICS = [  # Train prints these figures
    MetricDefinition(name=f"validation:{name}", regex=rf"validation_{name}=([0-9.eE+-]+)")
    for name in ("r2", "nmae")
]


def _run_uri(*path: str) -> Join:
    return Join(on="/", values=[f"s3://{BUCKET}/runs", run_id, *path])


def _input(name: str, uri: Any, kind: str = "S3Prefix") -> ProcessingInput:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"/opt/ml/processing/input/{name}",
            s3_data_type=kind,
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def _output(name: str, uri: Any) -> ProcessingOutput:
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=uri,
            local_path=f"/opt/ml/processing/output/{name}",
            s3_upload_mode="EndOfJob",
        ),
    )


def _processor(session: PipelineSession, instances: Any = 1) -> Processor:
    return Processor(
        role=ROLE,
        image_uri=_IMAGE,
        entrypoint=_ENTRYPOINT,
        instance_count=instances,
        instance_type=instance_type,
        volume_size_in_gb=_VOLUME_GB,
        volume_kms_key=_KEY,
        output_kms_key=_KEY,
        max_runtime_in_seconds=_PROCESSING_SECONDS,
        sagemaker_session=session,
        tags=names.tag_list(),
        network_config=NetworkConfig(
            enable_network_isolation=True,
            encrypt_inter_container_traffic=True,
            subnets=_SUBNETS,
            security_group_ids=_SECURITY_GROUPS,
        ),
    )


def _preprocess(session: PipelineSession) -> ProcessingStep:
    # Every dataset has its own immutable manifest, so its URI names its content.
    manifest = Join(
        on="/", values=[f"s3://{BUCKET}/datasets", model_id, dataset_id, "manifest.json"]
    )
    arguments = _processor(session, preprocess_instances).run(
        arguments=["preprocess"],
        inputs=[_input("dataset", manifest, "ManifestFile")],
        outputs=[
            _output(name, _run_uri("preprocess", name)) for name in ("train", "test", "report")
        ],
    )
    return ProcessingStep("Preprocess", step_args=arguments, retry_policies=_RETRIES)


def _train(session: PipelineSession, preprocess: ProcessingStep) -> TrainingStep:
    channels = [
        InputData(channel_name=name, data_source=_output_of(preprocess, name))
        for name in ("train", "report")
    ]
    arguments = _trainer(session).train(input_data_config=channels)
    return TrainingStep("Train", step_args=arguments, retry_policies=_RETRIES)


def _trainer(session: PipelineSession) -> ModelTrainer:
    trainer = ModelTrainer(
        sagemaker_session=session,
        role=ROLE,
        training_image=_IMAGE,
        base_job_name="solar",
        compute=Compute(
            instance_type=instance_type,
            instance_count=1,
            volume_size_in_gb=_VOLUME_GB,
            volume_kms_key_id=_KEY,
            enable_managed_spot_training=True,
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=_TRAINING_SECONDS,
            max_wait_time_in_seconds=2 * _TRAINING_SECONDS,
        ),
        networking=Networking(
            enable_network_isolation=True,
            enable_inter_container_traffic_encryption=True,
            subnets=_SUBNETS,
            security_group_ids=_SECURITY_GROUPS,
        ),
        output_data_config=OutputDataConfig(s3_output_path=_run_uri("model"), kms_key_id=_KEY),
        checkpoint_config=_checkpoints(),
        hyperparameters={"model_type": model_type, "run_id": run_id},
        environment={"TRAIN_MEMORY_MB": _TRAIN_MEMORY_MB},
        tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in names.tag_list()],
    )
    trainer.with_metric_definitions(_METRICS)
    return trainer


def _checkpoints() -> CheckpointConfig:
    """Return the execution's own place: a fixed one would make the next retrain train nothing."""
    own = [f"s3://{BUCKET}/checkpoints", ExecutionVariables.PIPELINE_EXECUTION_ID]
    return CheckpointConfig(s3_uri=Join(on="/", values=own), local_path="/opt/ml/checkpoints")


def _output_of(step: ProcessingStep, name: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _evaluate(
    session: PipelineSession,
    preprocess: ProcessingStep,
    train: TrainingStep,
    evaluation: PropertyFile,
) -> ProcessingStep:
    arguments = _processor(session).run(
        arguments=["evaluate", "--accuracy-threshold", accuracy_threshold.to_string()],
        inputs=[
            _input("model", train.properties.ModelArtifacts.S3ModelArtifacts),
            _input("test", _output_of(preprocess, "test")),
            _input("report", _output_of(preprocess, "report")),
            _input("champion", _run_uri("champion/")),
        ],
        outputs=[_output("evaluation", _run_uri("evaluation"))],
    )
    return ProcessingStep(
        "Evaluate",
        step_args=arguments,
        property_files=[evaluation],
        retry_policies=_RETRIES,
    )


def _register(session: PipelineSession, train: TrainingStep, evaluate: ProcessingStep) -> ModelStep:
    """Register always as pending: trainer_trigger approves afterwards where policy and verdict allow."""
    quality = MetricsSource(
        s3_uri=Join(on="/", values=[_output_of(evaluate, "evaluation"), "evaluation.json"]),
        content_type="application/json",
    )
    builder = ModelBuilder(
        image_uri=_IMAGE,
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
        role_arn=ROLE,
        sagemaker_session=session,
    )
    arguments = builder.register(
        model_package_group_name=Join(on="-", values=[names.prefix(), model_id]),
        content_types=["application/json", "text/csv"],
        response_types=["application/json", "text/csv"],
        inference_instances=_INSTANCES,
        transform_instances=[
            name for name in _INSTANCES if name != "ml.c5.large"
        ],  # it transforms not
        approval_status="PendingManualApproval",
        model_metrics=ModelMetrics(model_statistics=quality),
        customer_metadata_properties={
            "run_id": run_id,
            "model_id": model_id,
            "dataset_id": dataset_id,
            "model_type": model_type,
        },
        description="Solar power model",
    )
    return ModelStep("RegisterModel", step_args=arguments, retry_policies=[_STEP_RETRIES])


def _check_accuracy(evaluation: PropertyFile, register: ModelStep) -> ConditionStep:
    """Gate twice: by the floor that the owner asked for, and by the evaluation's verdict.

    A refusal has no step of its own on purpose. It is an outcome, not a failure: evaluation.json and
    report.html say why, and the retrain sequence reads and publishes them.
    """

    def found(path: str) -> JsonGet:
        return JsonGet(step_name="Evaluate", property_file=evaluation, json_path=path)

    return ConditionStep(
        "CheckAccuracy",
        conditions=[
            ConditionGreaterThanOrEqualTo(
                left=found("challenger.all.r2"), right=accuracy_threshold
            ),
            ConditionEquals(left=found("verdict"), right="register"),
        ],
        if_steps=[register],
        else_steps=[],
    )


def steps(session: PipelineSession) -> Sequence[Any]:
    """Return the pipeline's steps in their order."""
    evaluation = PropertyFile(
        name="EvaluationReport", output_name="evaluation", path="evaluation.json"
    )
    preprocess = _preprocess(session)
    train = _train(session, preprocess)
    evaluate = _evaluate(session, preprocess, train, evaluation)
    check = _check_accuracy(evaluation, _register(session, train, evaluate))
    return [preprocess, train, evaluate, check]
