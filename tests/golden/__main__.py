"""Write the golden file: ``python -m tests.golden``.

Refused if a stream changed and ``STREAM_VERSION`` was not raised, or the changelog's newest section
has no entry for it under "Streams".
"""

from __future__ import annotations

import sys

from tests.golden.file import (
    CHANGELOG,
    GOLDEN,
    additions,
    changes,
    forbidden,
    read,
    record,
    text_of,
)


def main() -> int:
    new = record()
    if GOLDEN.exists():
        old = read()
        problems = forbidden(old, new, CHANGELOG.read_text(encoding="utf-8"))
        if problems:
            sys.stderr.write("\n".join(["Not written.", *problems]) + "\n")
            return 1
        counts = f"{len(changes(old, new))} entries changed, {len(additions(old, new))} added"
    else:
        counts = "new"
    GOLDEN.write_text(text_of(new), encoding="utf-8")
    sys.stdout.write(f"{GOLDEN}: {counts}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
