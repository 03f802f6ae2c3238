"""What the services run on: templates, the container image, deployment and the local platform."""
