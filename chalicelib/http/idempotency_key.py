"""The header Idempotency-Key: a caller's name for one request, under which sending it again is safe."""

import hashlib
from datetime import timedelta

from chalicelib.domain.errors import InvalidRequest
from chalicelib.http.endpoint import Call
from chalicelib.ports import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
LONGEST = 255  # characters


def idempotency_key_of(call: Call, app_name: str) -> IdempotencyKey | None:
    """Return the key that a request came with, if any; raise InvalidRequest for one that is none."""
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST:
        raise InvalidRequest(f"An Idempotency-Key has 1 to {LONGEST} characters.")
    digest = hashlib.sha256(app_name.encode() + b"\0" + call.raw_body).hexdigest()
    expires_at = call.home.clock.now() + KEPT_FOR
    return IdempotencyKey(caller=call.token.holder, key=key, digest=digest, expires_at=expires_at)


def described() -> dict[str, object]:
    """Return the header as OpenAPI describes it."""
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key and body within 24 hours are answered with the earlier task.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }
