"""The SQL of lineage."""
