"""One module for each page: what it asks, and which template shows it."""
