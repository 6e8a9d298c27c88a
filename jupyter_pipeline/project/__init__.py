"""The facade that every surface calls, and what it is made of: requests, outputs, comparisons, this machine."""
