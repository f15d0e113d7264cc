"""A notebook, or the cells that a run came from, executed again: in a fresh kernel, here or on other machines."""
