"""Pure values and rules of deployments."""
