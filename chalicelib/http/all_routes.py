"""Every route there is, and how an app gets them."""

from collections.abc import Callable

from chalice.app import Chalice

from chalicelib.http import (
    app_routes,
    audit_routes,
    command_routes,
    event_routes,
    schedule_routes,
    session_routes,
    subscription_routes,
    task_routes,
    token_routes,
    trust_routes,
)
from chalicelib.http.endpoint import blueprint
from chalicelib.http.open_routes import open_blueprint
from chalicelib.ports import Services

ROUTES = [
    module.routes
    for module in (
        task_routes,
        session_routes,
        app_routes,
        event_routes,
        schedule_routes,
        subscription_routes,
        command_routes,
        token_routes,
        trust_routes,
        audit_routes,
    )
]


def add_routes(app: Chalice, services: Callable[[], Services]) -> None:
    for each in ROUTES:
        app.register_blueprint(blueprint(each, services))
    app.register_blueprint(open_blueprint([route for each in ROUTES for route in each.all], services))
