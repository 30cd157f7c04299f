"""How often a token may ask: a bucket of requests, which fills again at a steady rate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestRate:
    """`at_once` are in a full bucket."""

    per_second: float
    at_once: int


@dataclass(frozen=True)
class Bucket:
    """What was left of it at a moment."""

    left: float
    at: float


def take(bucket: Bucket | None, rate: RequestRate, now: float) -> tuple[Bucket, float]:
    """Take a request out; return what is left, and the seconds until there is one again: none if there was one."""
    left = float(rate.at_once)
    if bucket is not None:
        left = min(left, bucket.left + max(0.0, now - bucket.at) * rate.per_second)
    if left >= 1:
        return Bucket(left - 1, now), 0.0
    return Bucket(left, now), (1 - left) / rate.per_second
