"""Run OpenSAFELY-style research pipelines: actions in isolated jobs, outputs by sensitivity level."""

__version__ = "0.1.0.dev0"
