"""Facts gathered into a plan: the code, what ran before, which runtimes there are. Starts nothing."""
