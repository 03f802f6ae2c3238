"""What a day or a week brought, over all services: its facts, read from answers, and its words."""
