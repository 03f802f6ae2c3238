"""The SageMaker pipeline: its steps and parameters, and how `pipeline.json` is rendered and filled."""
