"""Other trackers' names for what nbtrack does, so that code written for them runs unchanged."""
