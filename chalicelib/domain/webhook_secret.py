"""What signs webhooks, as Standard Webhooks writes it."""

import base64
import secrets

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
