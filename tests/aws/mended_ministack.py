"""Ministack, made to do as AWS does where it does not and no API of its own mends it."""

from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import apigateway_v1 as gateway  # type: ignore[import-not-found]
from ministack.services import secretsmanager as secrets

_build_event, _promote = gateway._build_lambda_event_v1, secrets._apply_current_promotion


def _with_domain_name(*parts: Any, **named: Any) -> Any:
    """API Gateway tells a function by which name it was asked."""
    event = _build_event(*parts, **named)
    event["requestContext"]["domainName"] = event["headers"]["host"].partition(":")[0]
    return event


def _promote_and_keep(secret: Any, version_id: str) -> None:
    """A version without a label stays for a day, and until there are a hundred newer ones."""
    before = dict(secret["Versions"])
    _promote(secret, version_id)
    secret["Versions"].update(before | secret["Versions"])


gateway._build_lambda_event_v1 = _with_domain_name
secrets._apply_current_promotion = _promote_and_keep
app.main()
