"""Every trigger of the program: HTTP routes and ECS events. Each translates and delegates."""

from chalice.app import Chalice, CloudWatchEvent

from chalicelib import ecs_events
from chalicelib.http import app_routes, task_routes
from chalicelib.http.endpoint import blueprint
from chalicelib.http.open_routes import open_blueprint
from chalicelib.usecases.observe import record_sighting
from chalicelib.wiring import services

app = Chalice(app_name="tapit", configure_logs=False)
app.register_blueprint(blueprint(task_routes.routes, services))
app.register_blueprint(blueprint(app_routes.routes, services))
app.register_blueprint(open_blueprint([*task_routes.routes.all, *app_routes.routes.all], services))


@app.on_cw_event(ecs_events.PATTERN, name="ecs_event")
def on_ecs_event(event: CloudWatchEvent) -> None:
    """Fold an ECS Task State Change into its task's record; it may come twice, late, or for nobody."""
    task_id, seen = ecs_events.parse(event.detail)
    if task_id is not None:
        record_sighting(services(), task_id, seen)
