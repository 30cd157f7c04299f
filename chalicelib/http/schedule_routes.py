"""Routes about schedules."""

from chalicelib.domain.token import Role
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.idempotency_key import idempotency_key_of
from chalicelib.http.schedule_models import (
    ChangedScheduleView,
    ChangeSchedule,
    CreateSchedule,
    ListSchedulesQuery,
    SavedScheduleView,
    ScheduleDetails,
    ScheduleList,
    ScheduleRemovedView,
    ScheduleView,
)
from chalicelib.http.task_models import TaskView
from chalicelib.http.task_routes import view_of
from chalicelib.usecases.as_things_are import schedules_as_things_are
from chalicelib.usecases.fire import start_schedule
from chalicelib.usecases.remove_schedule import remove_schedule
from chalicelib.usecases.save_schedule import alter_schedule, create_schedule

routes = Routes()
_ALL = "/apps/{app_name}/schedules"
_ONE = "/apps/{app_name}/schedules/{name}"


@routes.add("POST", _ALL, Role.OPERATOR, status=201)
def create(call: Call, app_name: str, body: CreateSchedule) -> SavedScheduleView:
    """Have a task run again and again, or once at a time of its own."""
    made = create_schedule(call.home, app_name, body.name, body.asked(), by=call.token.name)
    return SavedScheduleView.answering(body, made)


@routes.add("GET", _ALL, Role.VIEWER)
def list_schedules(call: Call, app_name: str, query: ListSchedulesQuery) -> ScheduleList:
    """List an app's schedules, by name."""
    app = call.home.apps.get(app_name)
    scope = f"schedules {app_name}"
    page = call.home.schedules.page(app_name, query.limit, unseal(call.token, scope, query.cursor))
    shown = schedules_as_things_are(call.home, app, page.items)
    after = seal(call.token, scope, page.items[-1].name) if page.has_more else None
    return ScheduleList(items=[ScheduleView.of(each) for each in shown], next=after)


@routes.add("GET", _ONE, Role.VIEWER)
def show(call: Call, app_name: str, name: str) -> ScheduleDetails:
    """Show a schedule, its last runs and its next times."""
    app = call.home.apps.get(app_name)
    found = call.home.schedules.get(app_name, name)
    (schedule,) = schedules_as_things_are(call.home, app, [found])
    return ScheduleDetails.as_of(schedule, call.home.clock.now())


@routes.add("PATCH", _ONE, Role.OPERATOR)
def change(call: Call, app_name: str, name: str, body: ChangeSchedule) -> ChangedScheduleView:
    """Change a schedule, its creator's or an admin's; only what is given changes. What runs already stays as it is."""
    schedule, changed = alter_schedule(call.home, app_name, name, body.asked(), call.token)
    app = call.home.apps.get(app_name)
    (shown,) = schedules_as_things_are(call.home, app, [schedule])
    return ChangedScheduleView.answering(body, shown, changed=list(changed))


@routes.add("DELETE", _ONE, Role.OPERATOR)
def remove(call: Call, app_name: str, name: str) -> ScheduleRemovedView:
    """Remove a schedule, its creator's or an admin's. Its tasks stay."""
    remove_schedule(call.home, app_name, name, call.token)
    return ScheduleRemovedView(name=name)


@routes.add("POST", f"{_ONE}/start", Role.OPERATOR, status=201)
def start(call: Call, app_name: str, name: str) -> TaskView:
    """Create a task of it now, whatever its times are. Its `overlap` is heeded, and so is an Idempotency-Key."""
    key = idempotency_key_of(call, f"start {app_name} {name}")
    task, notes = start_schedule(call.home, app_name, name, by=call.token.name, key=key)
    return view_of(call, task, notes)
