"""Task ids: 12 characters, short enough to read out, sorted by the second of creation.

Crockford's base32 in lower case: 7 characters of seconds since 1970, which last until the year 3058, and 5
random ones.
"""

import re
import secrets
from datetime import UTC, datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_LENGTH = 7
RANDOM_LENGTH = 5
PATTERN = re.compile(f"[{ALPHABET}]{{{TIME_LENGTH + RANDOM_LENGTH}}}")


def new_id(now: datetime) -> str:
    return first_id_at(now)[:TIME_LENGTH] + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))


def first_id_at(moment: datetime) -> str:
    """Return the smallest id of that second; ids made since then are equal or greater."""
    return _base32(max(0, int(moment.timestamp())), TIME_LENGTH) + ALPHABET[0] * RANDOM_LENGTH


def created_at(task_id: str) -> datetime:
    seconds = 0
    for character in task_id[:TIME_LENGTH]:
        seconds = seconds * 32 + ALPHABET.index(character)
    return datetime.fromtimestamp(seconds, UTC)


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
