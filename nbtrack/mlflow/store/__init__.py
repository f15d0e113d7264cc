"""The SQL of MLflow's stores, a file per noun."""
