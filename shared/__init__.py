"""What the services have in common: their messages and the words of the field. Knows no service."""
