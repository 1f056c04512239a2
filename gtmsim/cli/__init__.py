"""The command line: ``gtmsim demo``, ``run``, ``claim``, ``fit``, ``init`` and more."""

from gtmsim.cli.app import app, main

__all__ = ["app", "main"]
