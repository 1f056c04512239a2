"""Words as raw bytes, for any battery that reads a pipe, and a battery of our own.

python -m benchmarks.streams write tiles | RNG_test stdin64
python -m benchmarks.streams write tiles | dieharder -a -g 200
python -m benchmarks.streams test --bytes 1e9
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from benchmarks.streams.battery import run
from benchmarks.streams.orders import CHUNK, ORDERS, VIEWS, read
from gtmsim.core.streams import words_at

ALARM = 1e-6
"""A chance below which the words fail: all comparisons of an order together."""


def write(order: str, view: str, seed: int, most: float) -> None:
    """Write words to the standard output until ``most`` bytes, or nobody reads."""
    written = 0
    try:
        for words in read(order, seed=seed):
            seen = VIEWS[view](words)
            sys.stdout.buffer.write(memoryview(seen).cast("B"))
            written += seen.nbytes
            if written >= most:
                break
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # So that nothing is written when Python closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print(f"{written:.3e} bytes", file=sys.stderr)


def test(orders: Sequence[str], views: Sequence[str], seed: int, rounds: int, size: float) -> int:
    """Print a row for each order and view; return how many fail."""
    # Weak generators need a function of their own; without them nothing but the package is used.
    generator = words_at
    if rounds < 10:
        from benchmarks.streams.weak import few_rounds

        generator = few_rounds(rounds)
    print("order\tview\tbytes\tseconds\ttables\tleast p\tin\tchance", flush=True)
    failed = 0
    for order in orders:
        for view in views:
            begin = time.perf_counter()
            chunks = max(1, round(size / (8 * CHUNK)))
            report = run(_seen(order, view, seed, generator, chunks))
            worst, seconds = report.worst, time.perf_counter() - begin
            failed += report.chance < ALARM
            print(
                f"{order}\t{view}\t{8 * report.words:.3e}\t{seconds:.0f}\t{len(report.findings)}\t"
                f"{worst.p:.2e}\t{worst.test}, {worst.table}\t{report.chance:.2e}",
                flush=True,
            )
    return failed


def _seen(order: str, view: str, seed: int, generator: object, chunks: int) -> Iterator:
    for words in islice(read(order, generator, seed), chunks):
        yield VIEWS[view](words)


def main() -> int:
    """Write or test; the status is 1 if a test fails."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.streams",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(dest="what", required=True)
    writer = what.add_parser("write", help="raw words to the standard output")
    writer.add_argument("order", choices=ORDERS)
    writer.add_argument("--view", choices=VIEWS, default="words")
    writer.add_argument("--bytes", type=float, default=float("inf"))
    tester = what.add_parser("test", help="the battery of this package")
    tester.add_argument("--orders", nargs="+", choices=ORDERS, default=ORDERS)
    tester.add_argument("--views", nargs="+", choices=VIEWS, default=["words"])
    tester.add_argument("--bytes", type=float, default=1e8, help="of each order")
    tester.add_argument("--rounds", type=int, default=10, help="fewer: the battery's power")
    for command in (writer, tester):
        command.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "write":
        write(args.order, args.view, args.seed, args.bytes)
        return 0
    return min(1, test(args.orders, args.views, args.seed, args.rounds, args.bytes))


if __name__ == "__main__":
    sys.exit(main())
