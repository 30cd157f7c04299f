"""Routes about apps."""

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.token import Role, Token
from chalicelib.http.app_models import (
    AppList,
    AppRemovedView,
    AppView,
    ChangeApp,
    ChangedAppView,
    CreateApp,
    ListAppsQuery,
)
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.usecases.list_apps import list_apps as apps_reached
from chalicelib.usecases.remove_app import remove_app
from chalicelib.usecases.save_app import alter_app, create_app

routes = Routes()


@routes.add("POST", "/apps", Role.ADMIN, status=201, any_app=True)
def create(call: Call, body: CreateApp) -> AppView:
    """Create an app."""
    if not call.token.reaches(body.name):
        raise _out_of_reach(call.token, body.name)
    app, notes = create_app(call.home, body.app(call.home.clock.now(), call.token.name), body.secret_values)
    return AppView.of(app, [*body.notes(app), *notes])


@routes.add("GET", "/apps", Role.VIEWER, any_app=True)
def list_apps(call: Call, query: ListAppsQuery) -> AppList:
    """List the apps that one's token reaches, by name."""
    page = apps_reached(call.home, call.token, query.limit, unseal(call.token, "apps", query.cursor))
    after = seal(call.token, "apps", page.items[-1].name) if page.has_more else None
    return AppList(items=[AppView.of(app) for app in page.items], next=after)


@routes.add("GET", "/apps/{app_name}", Role.VIEWER)
def show(call: Call, app_name: str) -> AppView:
    """Show an app; the values of its environment and its secrets stay hidden."""
    return AppView.of(call.home.apps.get(app_name))


@routes.add("PATCH", "/apps/{app_name}", Role.ADMIN)
def change(call: Call, app_name: str, body: ChangeApp) -> ChangedAppView:
    """Change an app; only what is given changes, and running tasks keep what they have."""
    now, by = call.home.clock.now(), call.token.name
    altered = alter_app(
        call.home, app_name, lambda app: body.applied_to(app, now, by), body.secret_values, by=by
    )
    notes = [*body.notes(altered.after), *body.notes_on_removed(altered.before), *altered.notes]
    return ChangedAppView.of(altered.after, notes, changed=list(altered.changed))


@routes.add("DELETE", "/apps/{app_name}", Role.ADMIN)
def remove(call: Call, app_name: str) -> AppRemovedView:
    """Remove an app that has no unfinished task."""
    remove_app(call.home, app_name, by=call.token.name)
    return AppRemovedView(name=app_name)


def _out_of_reach(token: Token, app: str) -> Forbidden:
    """Whether there is such an app is nothing that this token is told."""
    return Forbidden(
        f"Token {token.name} is for {token.apps_in_words} alone; it can make no app {app}.",
        "Whoever has an admin's token for every app can.",
    )
