"""Routes about apps."""

from chalicelib.http.app_models import AppList, AppRemovedView, AppView, ChangeApp, CreateApp, ListAppsQuery
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.usecases.change import change_app
from chalicelib.usecases.remove_app import remove_app

routes = Routes()


@routes.add("POST", "/apps", status=201)
def create(call: Call, body: CreateApp) -> AppView:
    """Create an app."""
    app = call.home.apps.create(body.app(call.home.clock.now(), call.token.name))
    return AppView.of(app, body.notes(app))


@routes.add("GET", "/apps")
def list_apps(call: Call, query: ListAppsQuery) -> AppList:
    """List the apps, by name."""
    page = call.home.apps.list(query.limit, unseal(call.token, "apps", query.cursor))
    after = seal(call.token, "apps", page.items[-1].name) if page.has_more else None
    return AppList(items=[AppView.of(app) for app in page.items], next=after)


@routes.add("GET", "/apps/{app_name}")
def show(call: Call, app_name: str) -> AppView:
    """Show an app; the values of its environment stay hidden."""
    return AppView.of(call.home.apps.get(app_name))


@routes.add("PATCH", "/apps/{app_name}")
def change(call: Call, app_name: str, body: ChangeApp) -> AppView:
    """Change an app; only what is given changes, and running tasks keep what they have."""
    app = change_app(call.home.apps, app_name, body.applied_to)
    return AppView.of(app, body.notes(app))


@routes.add("DELETE", "/apps/{app_name}")
def remove(call: Call, app_name: str) -> AppRemovedView:
    """Remove an app that has no unfinished task."""
    remove_app(call.home, app_name)
    return AppRemovedView(name=app_name)
