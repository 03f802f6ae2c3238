"""What the endpoint's container runs: the model behind SageMaker's two routes."""
