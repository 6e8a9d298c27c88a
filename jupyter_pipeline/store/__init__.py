"""The history of one workspace in one SQLite file, which no other package opens. Decides nothing."""
