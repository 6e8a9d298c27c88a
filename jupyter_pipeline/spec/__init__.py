"""``project.yaml`` to a pipeline or to all its problems, and edits that keep its text. Knows no store and no git."""
