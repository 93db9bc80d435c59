"""Shamir's secret sharing, as Flower has it: the one file that touches this corner of Flower.

`flwr.common.secure_aggregation` is not in Flower's documentation, so another version may move it.
"""

from collections.abc import Mapping, Sequence

from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares

SECRET_BYTES = 32
_SHARE_BYTES = 4 + 48  # the number of the share, and 16 bytes for each 16 of the padded secret


def split(secret: bytes, threshold: int, holders: Sequence[str]) -> dict[str, bytes]:
    """Return a share for each holder; any `threshold` of them give the secret, fewer say nothing of it."""
    return dict(zip(holders, create_shares(secret, threshold, len(holders)), strict=True))


def join(shares: Mapping[str, bytes], holders: Sequence[str]) -> bytes | None:
    """Return the secret of shares, by holder; None if they are no shares of one."""
    for holder, share in shares.items():
        if len(share) != _SHARE_BYTES or int.from_bytes(share[:4], "little") != holders.index(holder) + 1:
            return None
    try:
        secret = combine_shares(list(shares.values()))
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES else None
