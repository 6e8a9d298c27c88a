"""Decisions from facts: verdicts, states, the gate for viewing, patterns, durations, commands. No file, no clock."""
