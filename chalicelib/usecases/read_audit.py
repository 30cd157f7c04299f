"""Read who did what, as far as a token reaches."""

from dataclasses import replace

from chalicelib.domain.audit import AuditPage, AuditQuery, first_kept
from chalicelib.domain.errors import AppOutOfReach
from chalicelib.domain.token import Token
from chalicelib.ports import Services


def read_audit(services: Services, by: Token, query: AuditQuery) -> AuditPage:
    """Return a page of what was done to the apps that are named, or else to those that the token is for, and no others.

    An app that is gone has its entries all the same. Raise AppOutOfReach for one that the token is not for.
    """
    for app in query.apps or ():
        if not by.reaches(app):
            raise AppOutOfReach(app, by.name, by.apps_in_words)
    earliest = first_kept(services.clock.now())
    since = max(query.since, earliest) if query.since else earliest
    return services.audit.list(replace(query, apps=query.apps or by.apps, within=by.apps, since=since))
