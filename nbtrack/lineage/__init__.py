"""Where a run comes from, and why it differs from another."""
