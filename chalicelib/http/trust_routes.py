"""Routes about AWS identities: which are trusted, and signing in as one."""

from chalicelib.domain.token import Role
from chalicelib.http.endpoint import Call, Routes, Visit
from chalicelib.http.trust_models import (
    CreatedTrustView,
    CreateTrust,
    SignedInView,
    SignIn,
    TrustList,
    TrustRemovedView,
    TrustView,
)
from chalicelib.usecases.create_trust import create_trust
from chalicelib.usecases.find_trusts import list_trusts, remove_trust
from chalicelib.usecases.sign_in import Attempt, refuse_on_one_machine, sign_in

routes = Routes()


@routes.add("POST", "/login", None, any_app=True, first=refuse_on_one_machine)
def login(visit: Visit, body: SignIn) -> SignedInView:
    """Prove an AWS identity that is trusted here, and get a token for an hour."""
    token, text = sign_in(visit.home, Attempt(body.url, body.home, visit.came_to))
    return SignedInView.of(token, text)


@routes.add("POST", "/trusts", Role.ADMIN, status=201, any_app=True)
def create(call: Call, body: CreateTrust) -> CreatedTrustView:
    """Trust AWS identities with no more than the token is good for that it is asked for with."""
    made, notes = create_trust(call.home, body.wanted(), body.arn, call.token)
    return CreatedTrustView.of_new(made, notes)


@routes.add("GET", "/trusts", Role.ADMIN, any_app=True)
def list_(call: Call) -> TrustList:
    """List the trusts for no other apps than one's own, by name."""
    trusts = list_trusts(call.home, call.token)
    return TrustList(items=[TrustView.showing(trust) for trust in trusts])


@routes.add("DELETE", "/trusts/{trust_name}", Role.ADMIN, any_app=True)
def remove(call: Call, trust_name: str) -> TrustRemovedView:
    """Trust them no more, and make the tokens good for nothing that they signed in for."""
    remove_trust(call.home, trust_name, call.token)
    return TrustRemovedView(name=trust_name)
