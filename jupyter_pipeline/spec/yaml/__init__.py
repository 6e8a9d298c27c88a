"""YAML text to a light tree that knows line and column of everything; what makes a text unreadable, in plain words."""
