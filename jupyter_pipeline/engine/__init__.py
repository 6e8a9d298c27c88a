"""The loop that moves jobs on, the right to be it, the same as a process of its own. Shows nothing."""
