"""What is fitted: the model types, how they are weighed, and how they are written as ONNX."""
