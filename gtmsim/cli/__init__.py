"""The command line: ``gtmsim demo``, ``run``, ``claim``, ``init``, ``schema``, ``presets``."""

from gtmsim.cli.app import app, main

__all__ = ["app", "main"]
