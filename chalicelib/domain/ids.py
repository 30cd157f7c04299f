"""Task ids: 12 characters, short enough to read out, and in the order of creation.

Crockford's base32 in lower case: 7 characters of seconds since 1970, which last until the year 3058, 2 of the
second's 1024 parts, so that a list is in order within a second too, and 3 random ones. An id is no secret, and
when two are alike the store refuses the second.
"""

import itertools
import re
import secrets
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_LENGTH = 9
RANDOM_LENGTH = 3
LENGTH = TIME_LENGTH + RANDOM_LENGTH
PARTS_OF_A_SECOND = 1024
LAST_PART = 32**TIME_LENGTH - 1
LONG_RANDOM_LENGTH = 8
_numbers = itertools.count()
PATTERN = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def new_id(now: datetime) -> str:
    return _time_part(now) + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))


def new_long_id(moment: datetime) -> str:
    """Return an id that no other is like, in the order of time to the microsecond, and then of this process."""
    finer = _base32(moment.microsecond, 4) + _base32(next(_numbers) % 32**3, 3)
    return _time_part(moment) + finer + "".join(secrets.choice(ALPHABET) for _ in range(LONG_RANDOM_LENGTH))


def first_id_at(moment: datetime) -> str:
    """Return the smallest id of that moment; ids made since then are equal or greater."""
    return _time_part(moment) + ALPHABET[0] * RANDOM_LENGTH


def _time_part(moment: datetime) -> str:
    parts = int(moment.timestamp() * PARTS_OF_A_SECOND)
    return _base32(min(max(0, parts), LAST_PART), TIME_LENGTH)


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
