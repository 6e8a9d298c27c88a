"""The version, which the front end's package.json says too."""

__version__ = "0.1.0.dev0"
