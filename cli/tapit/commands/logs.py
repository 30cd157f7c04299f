"""`tapit logs ID`"""

from tapit import times, values
from tapit.call import Call
from tapit.client import segment
from tapit.grammar import TASK, Command, Flag, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = 1000


def run(call: Call) -> int:
    if "follow" in call.flags and "tail" not in call.settings:
        return _follow(call, None)
    path = f"/tasks/{segment(call.text('task'))}/logs"
    page = call.client.get(path, {"tail": call.get("tail")} if "tail" in call.settings else {"limit": PAGE})
    shown = len(page["items"])
    _show(call, page["items"])
    if "follow" in call.flags:
        return _follow(call, page["next"])
    while page["items"] and "tail" not in call.settings and not page["complete"]:
        page = call.client.get(path, {"cursor": page["next"], "limit": PAGE})
        shown += len(page["items"])
        _show(call, page["items"])
    _explain(call, page, shown)
    return 0


def _follow(call: Call, cursor: str | None) -> int:
    """Ends with the task; a connection that breaks is taken up again where it was lost."""
    import signal

    from tapit.follow import Watch
    from tapit.interrupts import Interrupts
    from tapit.live import LossesOnly

    task_id = call.text("task")
    news = LossesOnly(call.err, task_id, "", since="", quiet="quiet" in call.flags)
    watch = Watch(call.client, task_id, news)
    watch.cursor = cursor
    with Interrupts(call.client, signal.SIGINT):
        watch.stream(0, lambda lines: _show(call, lines))
    return 0


def _explain(call: Call, page: "dict[str, Any]", shown: int) -> None:
    from tapit.waiting import say_lost_output

    say_lost_output(call, page)
    if page["complete"]:
        if not shown:
            call.say("The task printed nothing.", "dim")
        return
    follow = call.typed(f"tapit logs -f task={call.text('task')}")
    call.say(f"The task is {page['status']}; more may come: {follow}", "dim")


def _show(call: Call, lines: "list[dict[str, Any]]") -> None:
    call.out.write("".join(_line(call, line) for line in lines))


def _line(call: Call, line: "dict[str, Any]") -> str:
    if call.chosen_output == "json":
        import json

        return json.dumps(line, ensure_ascii=call.out.wants_ascii_json) + "\n"
    if "timestamps" in call.flags:
        return f"{line['time']} {line['message']}\n"
    if call.out.is_terminal:
        return call.out.styled(times.local_clock(line["time"]), "dim") + f" {line['message']}\n"
    return f"{line['message']}\n"


COMMAND = Command(
    "logs",
    None,
    "What a task printed.",
    run,
    example="tapit logs task=1jd3m8k7x2qf -f",
    word="task",
    required=("task",),
    keys=(TASK, Key("tail", values.whole(1, 1000), "only the last lines", placeholder="N")),
    flags=(
        Flag("follow", "go on until the task has ended", short="f"),
        Flag("timestamps", "RFC 3339 before each line"),
    ),
    details=(
        "A pipe gets the lines as they were printed; -o json gives one object per line.\n\n"
        "Output is kept as lines of UTF-8: a line over 256 KiB is cut into several, bytes that are not UTF-8 "
        "are replaced, and a last line without a newline is given one."
    ),
)
