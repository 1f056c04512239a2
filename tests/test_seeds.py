"""Which luck: what is accepted as `rng`, and what replays it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.seeds import resolve_seed, seed_key


@pytest.mark.parametrize("seed", [0, 7, 2**31, 2**64, 10**40])
def test_an_integer_is_itself(seed: int) -> None:
    assert resolve_seed(seed) == seed


@pytest.mark.parametrize("seed", [np.int8(7), np.uint64(7), np.int64(7)])
def test_numpy_integers_are_integers(seed: Any) -> None:
    resolved = resolve_seed(seed)
    assert resolved == 7
    assert type(resolved) is int


def test_none_is_new_luck_each_time() -> None:
    seeds = {resolve_seed(None) for _ in range(20)}
    assert all(int(float(seed)) == seed < 2**53 for seed in seeds)
    assert len(seeds) == 20
    assert all(type(seed) is int and seed >= 0 for seed in seeds)


def test_seed_sequence_is_replayed_and_not_used_up() -> None:
    sequence = np.random.SeedSequence(7)
    assert resolve_seed(sequence) == resolve_seed(sequence)
    assert resolve_seed(sequence) == resolve_seed(np.random.SeedSequence(7))
    first, second = sequence.spawn(2)
    assert len({resolve_seed(s) for s in (sequence, first, second)}) == 3


def test_generator_is_advanced() -> None:
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    first = resolve_seed(one)
    assert first == resolve_seed(other)
    assert resolve_seed(one) != first


def test_a_resolved_seed_replays_itself() -> None:
    for rng in (None, np.random.SeedSequence(7), np.random.default_rng(7)):
        seed = resolve_seed(rng)
        assert resolve_seed(seed) == seed


def test_negative_seed_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^rng: must be at least 0, got -1$"):
        resolve_seed(-1)


@pytest.mark.parametrize("rng", [True, 7.0, "7", np.bool_(True), np.random.RandomState(7), [7]])
def test_anything_else_is_refused(rng: Any) -> None:
    rule = (
        r"^rng: must be None, an int, a SeedSequence or a Generator, got .* \(pass a seed like 7\)$"
    )
    with pytest.raises(ArgumentTypeError, match=rule):
        resolve_seed(rng)


def test_key_is_two_32_bit_words() -> None:
    for seed in (0, 7, 2**64, 10**40):
        key = seed_key(seed)
        assert len(key) == 2
        assert all(0 <= int(word) < 2**32 for word in key)
        assert key == seed_key(seed)


def test_key_is_frozen() -> None:
    # SeedSequence's hash is fixed by NEP 19; another key would be another stream.
    words = np.random.SeedSequence(7).generate_state(2).tolist()
    assert [int(word) for word in seed_key(7)] == words


def test_neighbouring_seeds_have_unrelated_keys() -> None:
    keys = np.array([[int(word) for word in seed_key(seed)] for seed in range(1_000)])
    assert len({tuple(key) for key in keys.tolist()}) == 1_000
    bits = (keys[:, :, None] >> np.arange(32)) & 1
    # Each of the 64 bits is a fair coin: 5 standard errors, of 64 looks in all.
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(1_000)
    # The seeds themselves fail it.
    raw = (np.arange(1_000)[:, None] >> np.arange(32)) & 1
    assert np.abs(raw.mean(axis=0) - 0.5).max() > 5 * 0.5 / np.sqrt(1_000)
