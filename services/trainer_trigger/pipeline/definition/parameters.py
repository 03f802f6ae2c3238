"""What a run of the pipeline is told; the retrain sequence gives every one of them."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString

from shared.model_config import MODEL_TYPES

accuracy_threshold = ParameterFloat("accuracy_threshold", default_value=0.95)
instance_type = ParameterString("instance_type", default_value="ml.m5.large")
model_type = ParameterString(
    "model_type",
    default_value="neural_network",
    enum_values=list(MODEL_TYPES),
)
run_id = ParameterString("run_id")
model_id = ParameterString("model_id")
dataset_id = ParameterString("dataset_id")
preprocess_instances = ParameterInteger("preprocess_instances", default_value=1)  # share the sites
PARAMETERS = [
    accuracy_threshold,
    instance_type,
    model_type,
    run_id,
    model_id,
    dataset_id,
    preprocess_instances,
]
