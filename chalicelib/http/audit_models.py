"""What a request for the audit and its answer look like."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AwareDatetime, Field

from chalicelib.domain.audit import What
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import AppName, QueryParameters, Text


class ListAuditQuery(QueryParameters):
    """A page of entries, narrowed down by what is given."""

    app: AppName | None = None
    by: Text | None = None
    what: What | None = None
    since: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: str | None = None


class EntryView(View):
    """What was done: when, with the token of which name, to which task, app, subscription or token.

    `app` null: it was about several apps, or none. A change's `details` name what changed, and no value of it.
    """

    id: str
    time: Moment
    app: str | None
    by: str
    what: str
    target: str
    details: Mapping[str, str | int | float | bool | list[str] | None]


class AuditList(View):
    """Entries, newest first; `next` is the cursor of the next page, None on the last.

    A page may have fewer entries than `limit`, or none, and be followed by more.
    """

    items: list[EntryView]
    next: str | None
