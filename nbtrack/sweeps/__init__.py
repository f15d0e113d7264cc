"""A cell, or a function, with many values of its params: a run for each combination, under one of kind "sweep"."""
