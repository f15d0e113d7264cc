"""The words of sweeps that other rooms offer; imports nothing."""

SEARCHES = ("tpe", "random", "cmaes", "gp", "qmc")
