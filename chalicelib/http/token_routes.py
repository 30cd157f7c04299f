"""Routes about tokens: who may do what."""

from chalicelib.domain.token import Role
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.token_models import (
    CreatedTokenView,
    CreateToken,
    ListTokensQuery,
    TokenList,
    TokenRemovedView,
    TokenView,
    WhoAmIView,
)
from chalicelib.usecases.create_token import create_token
from chalicelib.usecases.find_tokens import list_tokens, remove_token

routes = Routes()


@routes.add("GET", "/whoami", Role.VIEWER, any_app=True)
def whoami(call: Call) -> WhoAmIView:
    """Say whose token the request came with, and what it is good for."""
    return WhoAmIView.of(call.token, call.home)


@routes.add("POST", "/tokens", Role.ADMIN, status=201, any_app=True)
def create(call: Call, body: CreateToken) -> CreatedTokenView:
    """Make a token that is good for no more than the one it is asked for with."""
    made, text, notes = create_token(call.home, body.wanted(), call.token)
    return CreatedTokenView.of_new(made, text, notes)


@routes.add("GET", "/tokens", Role.ADMIN, any_app=True)
def list_(call: Call, query: ListTokensQuery) -> TokenList:
    """List the tokens for no other apps than one's own, by name."""
    page = list_tokens(call.home, call.token, query.limit, unseal(call.token, "tokens", query.cursor))
    after = seal(call.token, "tokens", page.items[-1].name) if page.has_more else None
    return TokenList(items=[TokenView.showing(token) for token in page.items], next=after)


@routes.add("DELETE", "/tokens/{token_name}", Role.ADMIN, any_app=True)
def remove(call: Call, token_name: str) -> TokenRemovedView:
    """Make a token good for nothing."""
    remove_token(call.home, token_name, call.token)
    return TokenRemovedView(name=token_name)
