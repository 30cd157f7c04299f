"""Tokens: who may do what. `tpt_<id>_<secret>`; only a digest of the secret is ever stored."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_FORM = re.compile(r"tpt_([a-z0-9]{8})_([A-Za-z0-9]{43})")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Token:
    """What is kept of a token: `name` is who acts under it."""

    id: str
    name: str
    secret_sha256: str

    def accepts(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_sha256, digest(secret))


def new_token(name: str) -> tuple[Token, str]:
    """Return what to keep, and the token's text, which is shown once and kept nowhere by us."""
    token_id = secrets.token_hex(4)
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    return Token(id=token_id, name=name, secret_sha256=digest(secret)), f"tpt_{token_id}_{secret}"


def read_token(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a token's text, or None when it is not one of ours."""
    form = _FORM.fullmatch(text)
    return (form[1], form[2]) if form else None


def digest(secret: str) -> str:
    # The secret has 255 random bits, so a plain digest cannot be guessed from; a slow one would cost every request.
    return hashlib.sha256(secret.encode()).hexdigest()
