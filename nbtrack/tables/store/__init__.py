"""The SQL of facts and groups."""
