"""`tapit list tasks`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at, path_of_all
from tapit.call import Call
from tapit.display import task_list
from tapit.errors import ScheduleNotFound, UsageError
from tapit.home.client import segment
from tapit.language import tag_keys, values
from tapit.language.command import ALL, Command, Key
from tapit.statuses import STATUSES

if TYPE_CHECKING:
    from tapit.home.answers import ListedTask, PageOfTasks

NEWEST = 50
STATUS = Key(
    "status",
    values.statuses,
    "only those; several with commas between",
    placeholder="STATUS,...",
    choices=STATUSES,
    has_commas=True,
)
FILTERS = (
    STATUS,
    Key("initiated_by", values.text, "only theirs", placeholder="WHO", aliases=("initiator",)),
    Key("created_by", values.text, "only those made with this token's name", placeholder="NAME"),
    tag_keys.TAG,
)
SCHEDULE = Key("schedule", values.name, "only those of this schedule", placeholder="NAME", offers="schedules")
SINCE = Key("since", values.since, "2h, 3d or 1w ago, or a time: 2026-11-24T08:00:00Z", placeholder="WHEN")
NARROWING = tuple(key.name for key in (*FILTERS, SCHEDULE, SINCE))
ONE_OF = tuple(key.name for key in (*FILTERS, SCHEDULE) if key is not STATUS)


def run(call: Call) -> int:
    _refuse_contradictions(call)
    found, more = _gather(call)
    if not found and SCHEDULE.name in call.settings:
        _refuse_unknown_schedule(call)
    task_list.print_list(call, found)
    if not found:
        _say_none(call)
    elif more and call.output != "id" and "limit" not in call.settings:
        call.say(f"more: {everything(call, NARROWING)}", "dim")
    return 0


def _gather(call: Call) -> tuple[list[ListedTask], bool]:
    """Page by page, until there are enough or no more."""
    wanted = None if "all" in call.flags else call.get("limit") or NEWEST
    path = path_of_all(call, "tasks")
    query = {name: call.get(name) for name in NARROWING if name != SCHEDULE.name}
    if SCHEDULE.name in call.settings:
        query["created_by"] = f"schedule:{call.text(SCHEDULE.name)}"
    found: list[ListedTask] = []
    has_more = False
    page: PageOfTasks
    for page in call.client.pages(path, query, most=wanted, sparse=STATUS.name in call.settings):
        found += page["items"]
        has_more = bool(page["next"])
    return found, has_more


def everything(call: Call, narrowing: tuple[str, ...], how: str = "--all") -> str:
    """The same list without its end, or otherwise, ready to be typed."""
    from shlex import quote

    words = [f"{name}={quote(call.text(name))}" for name in narrowing if name in call.settings]
    return call.typed_in_app(" ".join([call.command.path, *words, how]))


def _refuse_unknown_schedule(call: Call) -> None:
    """The tasks of one that was deleted are listed all the same, as long as there are any."""
    from tapit.language.did_you_mean import did_you_mean

    path = path_of_all(call, "schedules")
    try:
        call.client.get(f"{path}/{segment(call.text(SCHEDULE.name))}")
    except ScheduleNotFound as missing:
        names = [one["name"] for one in all_at(call, path)]
        missing.then = did_you_mean(call.text(SCHEDULE.name), names, before="schedule=") or missing.then
        raise


def _say_none(call: Call) -> None:
    if any(name in call.settings for name in NARROWING):
        call.say("No such tasks.")
    else:
        call.say_none("No tasks yet.", "Start one with", "tapit create task 'COMMAND'", takes="operator")


def _refuse_contradictions(call: Call) -> None:
    given = [name for name in ONE_OF if name in call.settings]
    if len(given) > 1:
        raise UsageError(
            f"{given[0]}= and {given[1]}= cannot be combined",
            then=f"give one of {', '.join(ONE_OF)}, and status= beside it if you like",
        )
    if "all" in call.flags and "limit" in call.settings:
        raise UsageError("--all and limit= contradict each other", then="leave one of them out")


COMMAND = Command(
    "list tasks",
    example="tapit list tasks status=FAILED,TIMED_OUT since=2h",
    keys=(
        Key("limit", values.whole(1, 100_000), "how many, instead of 50", placeholder="N"),
        *FILTERS,
        SCHEDULE,
        SINCE,
    ),
    flags=(ALL,),
)
