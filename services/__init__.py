"""The four services. None knows another; they talk through messages and objects."""
