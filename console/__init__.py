"""The `solar` command line: what people type."""
