"""What somebody may give others: never more than their own token is good for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import AppNotFound, Forbidden
from chalicelib.domain.token import ListedToken, Rights, Role, Token
from chalicelib.domain.view import rfc3339
from chalicelib.ports import Services


@dataclass(frozen=True)
class Wanted:
    """What is asked for; `apps` None is every app, `lasts` None for as long as its maker's own token."""

    name: str
    role: Role
    apps: tuple[str, ...] | None = None
    lasts: timedelta | None = None


def granted(wanted: Wanted, by: Token, now: datetime) -> tuple[Rights, list[str]]:
    """Return the rights, and notes for the caller; raise Forbidden when they are more than the token's own."""
    if not by.role.includes(wanted.role):
        raise _too_strong(by, f"has the role {by.role}", f"role={by.role}")
    if not by.reaches_all(wanted.apps):
        raise _too_strong(by, f"is for {by.apps_in_words} alone", f"apps={','.join(by.apps or ())}")
    expires_at = by.expires_at if wanted.lasts is None else now + wanted.lasts
    if by.expires_at is not None and expires_at is not None and expires_at > by.expires_at:
        raise _too_strong(by, f"expires at {by.expires_at:%Y-%m-%d %H:%M} UTC", "an earlier time, or none")
    notes = ["It expires when the token does that made it."] if wanted.lasts is None and expires_at else []
    return Rights(role=wanted.role, apps=wanted.apps, expires_at=expires_at), notes


def notes_on_apps(services: Services, wanted: Wanted) -> list[str]:
    """Rights may be given before their app is made; with a misspelt one they would be for nothing without a word."""
    return [f"There is no app {app} yet." for app in wanted.apps or () if not _exists(services, app)]


def entry_of_rights(
    what: What, name: str, rights: Rights | ListedToken, *, by: str, at: datetime, **details: JsonValue
) -> Entry:
    """It is about the apps that the rights are for."""
    apps = rights.apps
    expires_at = None if rights.expires_at is None else rfc3339(rights.expires_at)
    told = {"role": str(rights.role), "apps": None if apps is None else [*apps], "expires_at": expires_at}
    single = apps[0] if apps is not None and len(apps) == 1 else None
    several = apps if apps is not None and single is None else ()
    return Entry.of(what, name, app=single, apps=several, by=by, at=at, details={**details, **told})


def _too_strong(by: Token, own: str, instead: str) -> Forbidden:
    return Forbidden(
        f"Token {by.name} {own}, and can make none that is good for more.",
        f"Ask for {instead}; whoever has an admin's token that is good for more can make a stronger one.",
    )


def _exists(services: Services, app: str) -> bool:
    try:
        services.apps.get(app)
    except AppNotFound:
        return False
    return True
