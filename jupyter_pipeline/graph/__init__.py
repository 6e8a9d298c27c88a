"""Who needs whom, and where each action is drawn. Reads no file: pipelines and documents are given to it."""
