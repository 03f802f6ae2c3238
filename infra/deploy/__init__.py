"""Deployment to AWS or to the local platform: the same templates, the same steps."""
