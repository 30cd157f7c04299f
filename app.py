"""Every trigger: HTTP routes, events, lifecycle steps, the sweep, changes. Each translates and delegates."""

# ruff: noqa: E402
import gc

gc.disable()  # until all is loaded: that stays, and looking for garbage in it takes an eighth of a cold start

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate

from chalicelib import ecs_events, lifecycle_steps
from chalicelib.usecases.check_deadline import check_deadline
from chalicelib.usecases.launch import begin_life
from chalicelib.usecases.observe import record_sighting
from chalicelib.wiring import (
    NAME,
    delivery_queues,
    keep_secrets,
    minute,
    serves_routes,
    services,
    table_stream,
    warm,
)

app = Chalice(app_name=NAME, configure_logs=False)
warm(app)
if serves_routes():
    from chalicelib.http.all_routes import add_routes

    add_routes(app, services)


@app.on_cw_event(ecs_events.PATTERN, name="ecs_event")
def on_ecs_event(event: CloudWatchEvent) -> None:
    """Fold an ECS Task State Change into its task's record; it may come twice, late, or for nobody."""
    task_id = ecs_events.task_of(event.detail, services().stage)
    if task_id is not None:
        record_sighting(services(), task_id, ecs_events.sighting_in(event.detail))


@app.lambda_function(name="launch")
def on_launch(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Begin a task's life, or go on with it; raise Unanswered or RefusedForNow to be called again."""
    task_id = lifecycle_steps.parse(event)
    next_wake = begin_life(services(), task_id, was_tried=lifecycle_steps.was_tried(event))
    return lifecycle_steps.answer(task_id, next_wake)


@app.lambda_function(name="check_deadline")
def on_check_deadline(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Stop a task whose time is up; say when to look again."""
    task_id = lifecycle_steps.parse(event)
    return lifecycle_steps.answer(task_id, check_deadline(services(), task_id))


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def on_sweep(_event: CloudWatchEvent) -> None:
    """Fire what is due by schedule, and see to the tasks whose timers or events were lost."""
    minute().run(services())


@app.lambda_function(name="publish")
def on_publish(event: dict[str, Any], _context: Any) -> Any:
    """Tell what the table's stream brings that is news; say which records are to come again."""
    return table_stream().handle(event)


@app.lambda_function(name="deliver")
def on_deliver(event: dict[str, Any], _context: Any) -> Any:
    """Send what a queue brings to where it is wanted; say what is to come again. Or send one thing, for a trial."""
    return delivery_queues().handle(event)


@app.lambda_function(name="keep_secrets")
def on_keep_secrets(event: dict[str, Any], _context: Any) -> Any:
    """Keep another version of an app's secrets, or forget them all; say where, and never a value."""
    return keep_secrets()(event)


gc.freeze()  # nor is it looked through later, while somebody waits
gc.enable()
