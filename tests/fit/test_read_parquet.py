"""Columns of every type that Parquet has: each is read right, left out in words, or refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gtmsim.errors import HistoryError
from gtmsim.fit.reading import Reading, read_campaigns, typed
from gtmsim.fit.reading.tables import load

UTC = dt.UTC
DAYS = [dt.date(2024, 1, 30), dt.date(2024, 1, 31), dt.date(2024, 2, 1)]
EVENINGS = [dt.datetime(day.year, day.month, day.day, 23) for day in DAYS]
LATE = [evening.replace(tzinfo=UTC) for evening in EVENINGS]


def written(path: Path, **columns: Any) -> Path:
    """Write a file of three campaigns with other columns."""
    usual = {"Day": DAYS, "Campaign": ["a", "b", "c"], "Cost": [1.5, 2.0, 4.0]}
    pq.write_table(
        pa.table({name: columns.get(name, usual.get(name)) for name in usual | columns}), path
    )
    return path


NUMBERS = {
    "decimal128": pa.array([Decimal("1.50"), Decimal(2), Decimal(4)], pa.decimal128(9, 2)),
    "decimal256": pa.array([Decimal("1.50"), Decimal(2), Decimal(4)], pa.decimal256(50, 2)),
    "half": pa.array([1.5, 2.0, 4.0], pa.float16()),
    "text": pa.array(["1.5", "2", "4"]),
    "large text": pa.array(["1.5", "2", "4"], pa.large_string()),
    "dictionary of texts": pa.array(["1.5", "2", "4"]).dictionary_encode(),
    "dictionary of numbers": pa.array([1.5, 2.0, 4.0]).dictionary_encode(),
    "bytes": pa.array([b"1.5", b"2", b"4"]),
    "bytes of one length": pa.array([b"1.5", b"2.0", b"4.0"], pa.binary(3)),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_every_type(tmp_path: Path, kind: str) -> None:
    frame = read_campaigns(written(tmp_path / "x.parquet", Cost=NUMBERS[kind]))
    assert frame["spend"].tolist() == [1.5, 2.0, 4.0]


NO_NUMBERS = {
    "duration": (pa.array([1, 2, 3], pa.duration("s")), r"Timedelta\('0 days 00:00:01'\)"),
    "time": (pa.array([1, 2, 3], pa.time32("s")), r"datetime.time\(0, 0, 1\)"),
    "timestamp": (pa.array([1, 2, 3], pa.timestamp("s")), r"Timestamp\('1970-01-01 00:00:01'\)"),
    "date": (pa.array(DAYS), r"datetime.date\(2024, 1, 30\)"),
    "flag": (pa.array([True, True, False]), "True"),
    "infinite": (pa.array([float("inf"), 1.0, 2.0]), "inf"),
    "bytes": (pa.array([b"\xff", b"2", b"3"]), r"'\\\\xff'"),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_number(tmp_path: Path, kind: str) -> None:
    column, shown = NO_NUMBERS[kind]
    path = written(tmp_path / "x.parquet", Cost=column)
    with pytest.raises(HistoryError, match=f"row 2, Cost: must be a number, got {shown}"):
        read_campaigns(path)


def test_a_column_of_nothing_is_blank(tmp_path: Path) -> None:
    frame = read_campaigns(written(tmp_path / "x.parquet", Cost=pa.nulls(3)))
    assert frame["spend"].tolist() == [0.0, 0.0, 0.0]
    assert "Cost: blank cells read as zero in rows 2, 3, 4" in Reading.of(frame).warnings


DATES = {
    "date64": pa.array(DAYS, pa.date64()),
    "dictionary": pa.array(DAYS).dictionary_encode(),
    "whole numbers": pa.array([20240130, 20240131, 20240201]),
    **{unit: pa.array(EVENINGS, pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
    # Of an instant, the day is that of the column's zone.
    "UTC": pa.array(LATE, pa.timestamp("us", "UTC")),
    "west": pa.array(LATE, pa.timestamp("ms", "America/Los_Angeles")),
}


@pytest.mark.parametrize("kind", DATES)
def test_dates_of_every_type(tmp_path: Path, kind: str) -> None:
    frame = read_campaigns(written(tmp_path / "x.parquet", Day=DATES[kind]))
    assert [day.date() for day in frame["date"]] == DAYS


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "+09:00"])
def test_days_of_a_zone_that_is_ahead(tmp_path: Path, zone: str) -> None:
    frame = read_campaigns(
        written(tmp_path / "x.parquet", Day=pa.array(LATE, pa.timestamp("us", zone)))
    )
    assert [day.date() for day in frame["date"]] == [day + dt.timedelta(1) for day in DAYS]


def test_dates_of_an_old_type_that_end_never(tmp_path: Path) -> None:
    # Counted in nanoseconds, 9999-12-31 would come out as a day in 1816.
    never = [dt.datetime(9999, 12, 31), *EVENINGS[1:]]
    table = pa.table({"Day": pa.array(never), "Campaign": ["a", "b", "c"], "Cost": [1, 2, 4]})
    pq.write_table(table, tmp_path / "x.parquet", use_deprecated_int96_timestamps=True)
    frame = read_campaigns(tmp_path / "x.parquet")
    assert [day.date() for day in frame["date"]] == [dt.date(9999, 12, 31), *DAYS[1:]]


NO_DATES = {
    "duration": (pa.array([1, 2, 3], pa.duration("s")), "row 2, Day: must be a date"),
    "time": (pa.array([1, 2, 3], pa.time64("us")), "row 2, Day: must be a date"),
    "far": (pa.array([2**62] * 3, pa.timestamp("us")), "row 2, Day: must be a date"),
    "farther": (pa.array([2**31 - 1] * 3, pa.int32()).cast(pa.date32()), "must be a table"),
    "nowhere": (pa.array([0] * 3, pa.timestamp("us", "Mars/Olympus")), "must be a table"),
}


@pytest.mark.parametrize("kind", NO_DATES)
def test_what_is_no_date(tmp_path: Path, kind: str) -> None:
    column, message = NO_DATES[kind]
    path = written(tmp_path / "x.parquet", Day=column)
    with pytest.raises(HistoryError, match=message):
        read_campaigns(path)


LABELS: dict[str, tuple[Any, list[str]]] = {
    "large text": (pa.array(["ä", "b", "c"], pa.large_string()), ["ä", "b", "c"]),
    "dictionary": (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    "bytes": (pa.array(["ä".encode(), b" b ", b"\xff"]), ["ä", "b", "\\xff"]),
    "whole numbers": (
        pa.array([2**64 - 1, 2**64 - 2, 1], pa.uint64()),
        [str(2**64 - 1), str(2**64 - 2), "1"],
    ),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_type(tmp_path: Path, kind: str) -> None:
    column, labels = LABELS[kind]
    assert (
        read_campaigns(written(tmp_path / "x.parquet", Campaign=column))["campaign"].tolist()
        == labels
    )


def test_whole_numbers_beside_blanks_keep_their_digits(tmp_path: Path) -> None:
    # Two such numbers of Facebook are one in a double.
    ids = [23842753829110313, 23842753829110312, None]
    path = written(tmp_path / "x.parquet", **{"Campaign ID": pa.array(ids)})
    assert load(path, frozenset({"cost"})).cells["Campaign ID"].tolist() == [*ids[:2], ""]


NESTED = {
    "list": pa.array([[1, 2], [], None]),
    "list of texts": pa.array([["a"], ["b"], ["c"]]),
    "large list": pa.array([["a"], ["b"], ["c"]], pa.large_list(pa.string())),
    "fixed list": pa.array([[1, 2]] * 3, pa.list_(pa.int64(), 2)),
    "struct": pa.array([{"Cost": 1.0}] * 3),
    "deep": pa.array([{"a": [{"b": [1]}]}] * 3),
    "map": pa.array([[("a", 1.0)]] * 3, pa.map_(pa.string(), pa.float64())),
}


@pytest.mark.parametrize("kind", NESTED)
def test_columns_of_lists_and_tables_are_left_out(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.parquet"
    frame = read_campaigns(written(path, **{"Conv. value": [1, 2, 3], "Extra, one": NESTED[kind]}))
    assert frame["spend"].tolist() == [1.5, 2.0, 4.0]
    assert frame["value"].tolist() == [1.0, 2.0, 3.0]
    warning = "columns of lists or of tables were left out: 'Extra, one'"
    assert warning in Reading.of(frame).warnings
    assert warning not in Reading.of(read_campaigns(written(path))).warnings
    for name in ("Cost", "Campaign"):
        field = {"Cost": "spend", "Campaign": "campaign"}[name]
        written(path, **{name: NESTED[kind]})
        with pytest.raises(HistoryError, match=f"must have a column of {field}, got 'none'"):
            read_campaigns(path)
    written(path, Day=NESTED[kind], Campaign=NESTED[kind], Cost=NESTED[kind])
    with pytest.raises(HistoryError, match=r"x\.parquet: must not be empty"):
        read_campaigns(path)


def test_what_a_frame_of_pandas_has_for_its_index_is_a_column(tmp_path: Path) -> None:
    table = pa.table({"Campaign": ["a", "b"], "Cost": [1.0, 2.0], "Extra": NESTED["list"][:2]})
    table.to_pandas().set_index("Campaign").to_parquet(tmp_path / "x.parquet")
    assert read_campaigns(tmp_path / "x.parquet")["campaign"].tolist() == ["a", "b"]


@pytest.mark.parametrize("nested", [False, True])
def test_bytes_of_one_length_are_counted_before_they_are_read(tmp_path: Path, nested: bool) -> None:
    rows = 3_000
    long = pa.array([b"x" * 100_000] * rows, pa.binary(100_000))
    if nested:
        long = pa.FixedSizeListArray.from_arrays(long, 1)
    path = tmp_path / "x.parquet"
    names = list(map(str, range(rows)))
    pq.write_table(pa.table({"Campaign": names, "Cost": [1.0] * rows, "Extra": long}), path)
    assert path.stat().st_size < 2**20
    if nested:
        assert len(read_campaigns(path)) == rows
    else:
        with pytest.raises(HistoryError, match="bytes when it is unpacked, got 300000000"):
            read_campaigns(path)


def test_a_list_of_the_oldest_kind_is_one() -> None:
    # A column that is repeated without a group around it; pyarrow reads such files, writes none.
    leaf = SimpleNamespace(path="Cost", name="Cost", max_repetition_level=0)
    assert typed._is_flat(leaf)
    assert not typed._is_flat(SimpleNamespace(**{**vars(leaf), "max_repetition_level": 1}))
