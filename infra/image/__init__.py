"""The one container image: its build and its entrypoint."""
