"""To and from an MLflow tracking server."""
