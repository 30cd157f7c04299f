"""The route of the audit: who did what."""

from chalicelib.domain.audit import AuditQuery
from chalicelib.domain.token import Role
from chalicelib.http.audit_models import AuditList, EntryView, ListAuditQuery
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.usecases.read_audit import read_audit

routes = Routes()


@routes.add("GET", "/audit", Role.ADMIN, any_app=True)
def list_audit(call: Call, query: ListAuditQuery) -> AuditList:
    """List who did what within 400 days, newest first."""
    scope = f"audit {query.model_dump_json(exclude={'cursor', 'limit'})}"
    wanted = AuditQuery(
        limit=query.limit,
        apps=None if query.app is None else (query.app,),
        by=query.by,
        what=query.what,
        since=query.since,
        after_id=unseal(call.token, scope, query.cursor),
    )
    page = read_audit(call.home, call.token, wanted)
    after = None if page.after_id is None else seal(call.token, scope, page.after_id)
    return AuditList(items=[EntryView.showing(entry) for entry in page.items], next=after)
