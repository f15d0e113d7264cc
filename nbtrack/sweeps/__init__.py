"""One cell with many values of its params: a child run for each combination."""
