"""What goes out of a project and what comes in: reports, tables and files; other trackers; MLflow servers."""
