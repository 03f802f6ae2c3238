"""The jobs of the SageMaker pipeline, its definition, and how deploy fills that in."""
