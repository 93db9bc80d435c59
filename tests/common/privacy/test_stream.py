"""Numbers from a key."""

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from scipy import stats

from common.privacy.stream import SecretStream, _derived

KEY = bytes(range(32))


def test_the_same_key_draws_the_same_numbers_and_goes_on_where_it_was():
    one, other = SecretStream(KEY), SecretStream(KEY)
    together = one.uniform(10)
    assert np.array_equal(together, np.concatenate([other.uniform(4), other.uniform(6)]))
    assert not np.array_equal(one.uniform(10), together)


def test_uniform_numbers_are_the_first_53_bits_of_the_keystream():
    cipher = Cipher(algorithms.ChaCha20(_derived(KEY, "numbers"), bytes(16)), mode=None).encryptor()
    first = int.from_bytes(cipher.update(bytes(8)), "little")
    assert SecretStream(KEY).uniform(1)[0] == (first >> 11) / 2**53


@pytest.mark.parametrize("other", [("step", 2), ("step", "1"), ("draw", 1), ("step", 1, 1), ("step', 1",), ()])
def test_another_purpose_is_another_stream(other):
    one = SecretStream(KEY).derive("step", 1).uniform(8)
    assert np.array_equal(one, SecretStream(KEY).derive("step", 1).uniform(8))
    assert not np.intersect1d(one, SecretStream(KEY).derive(*other).uniform(8)).size


def test_another_key_is_another_stream():
    assert not np.intersect1d(SecretStream(KEY).uniform(100), SecretStream(bytes(32)).uniform(100)).size


def test_normal_numbers_are_normal():
    found = SecretStream(KEY).normal(200_001)
    assert len(found) == 200_001
    assert stats.kstest(found, "norm").pvalue > 0.01
    assert abs(found.std() - 1) < 0.005
    assert abs(np.corrcoef(found[:100_000], found[100_001:])[0, 1]) < 0.01, "the two halves of a pair"


def test_uniform_numbers_are_uniform():
    assert stats.kstest(SecretStream(KEY).uniform(100_000), "uniform").pvalue > 0.01
