"""Whose a token is and what it is good for, in words."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.terminal import times

if TYPE_CHECKING:
    from tapit.home.answers import SignedIn, Token, Trust, WhoAmI


def rights(token: Token | Trust | SignedIn | WhoAmI) -> str:
    """`an operator of shop and blog`"""
    return f"{'a' if token['role'] == 'viewer' else 'an'} {token['role']} of {_apps(token['apps'])}"


def until(token: Token | Trust | SignedIn | WhoAmI) -> str:
    """`, until 2026-12-24T08:00:00Z`; empty for one that never expires."""
    return f", until {token['expires_at']}" if token["expires_at"] else ""


def is_over(token: Token | Trust) -> bool:
    return token["expires_at"] is not None and times.seconds_between(token["expires_at"]) >= 0


def _apps(apps: list[str] | None) -> str:
    if apps is None:
        return "every app"
    *others, last = apps or ["no app"]
    return f"{', '.join(others)} and {last}" if others else last
