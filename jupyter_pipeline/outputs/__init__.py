"""A job's folder: what the job may see, what it wrote, what of it goes to the project, its log. Starts nothing."""
