"""Exact integers and values of every stream, kept in a file: ``python -m tests.golden`` writes it.

A plan and a seed name a result for good. What a seed gave when the file was written stands there;
the suite draws it again. A stream may change only together with ``STREAM_VERSION`` and an entry
under "Streams" in the changelog.
"""
