"""The Jupyter server extension: routes, events, and the guard of what may not be seen."""
