"""Every trigger: HTTP routes, ECS events, lifecycle steps, the sweep. Each translates and delegates."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate

from chalicelib import ecs_events, lifecycle_steps
from chalicelib.http import app_routes, session_routes, task_routes
from chalicelib.http.endpoint import blueprint
from chalicelib.http.open_routes import open_blueprint
from chalicelib.usecases.check_deadline import check_deadline
from chalicelib.usecases.launch import begin_life
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.sweep import Sweeper
from chalicelib.wiring import NAME, services, warm

app = Chalice(app_name=NAME, configure_logs=False)
warm(app)
app.register_blueprint(blueprint(task_routes.routes, services))
app.register_blueprint(blueprint(session_routes.routes, services))
app.register_blueprint(blueprint(app_routes.routes, services))
app.register_blueprint(
    open_blueprint([*task_routes.routes.all, *session_routes.routes.all, *app_routes.routes.all], services)
)
sweeper = Sweeper(seconds=40)  # of the 55 that its function has


@app.on_cw_event(ecs_events.PATTERN, name="ecs_event")
def on_ecs_event(event: CloudWatchEvent) -> None:
    """Fold an ECS Task State Change into its task's record; it may come twice, late, or for nobody."""
    task_id, seen = ecs_events.parse(event.detail)
    if task_id is not None:
        record_sighting(services(), task_id, seen)


@app.lambda_function(name="launch")
def on_launch(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Begin a task's life; raise Unanswered or NoCapacity to be called again."""
    task_id = lifecycle_steps.parse(event)
    return lifecycle_steps.answer(task_id, begin_life(services(), task_id))


@app.lambda_function(name="check_deadline")
def on_check_deadline(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Stop a task whose time is up; say when to look again."""
    task_id = lifecycle_steps.parse(event)
    return lifecycle_steps.answer(task_id, check_deadline(services(), task_id))


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def on_sweep(_event: CloudWatchEvent) -> None:
    """See to the tasks whose timers or events were lost."""
    sweeper.run(services())
