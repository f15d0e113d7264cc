"""The SQL of sweeps."""
