"""Everything known about a subscription, and a row for each of its last deliveries."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import subscription_words
from tapit.terminal import table, times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Delivery, Subscription, SubscriptionDetails

HEADERS = ["EVENT", "STATE", "WHEN", "TRIES", "TOOK", "ABOUT", "ANSWER"]
SPARE = ("ABOUT", "TRIES", "TOOK", "WHEN", "ANSWER")  # the first to go where it is narrow first
COLOURS = {
    "waiting": ("yellow",),
    "sending": ("yellow",),
    "next": ("yellow",),
    "failed": ("red",),
    "dropped": ("dim",),
}


def print_subscription(call: Call, subscription: SubscriptionDetails) -> None:
    block = Block(call.out)
    state = subscription_words.state(subscription)
    block.line("Name", subscription["name"], "bold")
    block.line("State", state, *subscription_words.colours_of(state))
    block.line("Since", _since(subscription))
    block.line("App", subscription["app"])
    block.whole_lines("Url", [subscription["url"]])
    block.line("Events", subscription_words.events(subscription))
    block.line("Format", subscription["format"])
    block.line("Secret", _secret(subscription))
    block.line("Created", times.both(subscription["created_at"]))
    block.line("By", f"{subscription['created_by']} (verified)")
    block.line("Waiting", _backlog(subscription))
    deliveries = subscription["deliveries"]
    block.line("Deliveries", f"the newest {len(deliveries)}:" if deliveries else "none yet")
    if deliveries:
        table.draw(call.out, HEADERS, [_row(call, one) for one in deliveries], _style, spare=SPARE)
    block.lines("Next", _next_commands(call, subscription))


def _backlog(subscription: SubscriptionDetails) -> str | None:
    backlog = subscription.get("backlog")
    if not backlog:
        return None
    old = times.brief(times.seconds_between(backlog["oldest_at"], times.now()))
    return f"{backlog['waiting']:,}, the oldest for {old}"


def _since(subscription: Subscription) -> str | None:
    paused = subscription.get("paused")
    since = paused["since"] if paused else subscription.get("failing_since")
    return times.both(since) if since else None


def _secret(subscription: SubscriptionDetails) -> str | None:
    until = subscription.get("previous_until")
    return f"a new one; the one before signs too until {until}" if until else None


def _row(call: Call, delivery: Delivery) -> list[str]:
    answer = delivery.get("answer")
    when = delivery.get("last_at") or delivery["created_at"]
    return [
        delivery["event_id"],
        _state(delivery),
        times.ago(when) if call.out.is_terminal else when,
        str(delivery["tries"]),
        subscription_words.latency(answer) if answer else "-",
        _about(delivery),
        subscription_words.answer(answer) if answer else "-",
    ]


def _state(delivery: Delivery) -> str:
    """`delivered`, or when it is tried again: `next try in 29s`."""
    due = delivery.get("due_at")
    if delivery["state"] != "waiting" or due is None:
        return delivery["state"]
    if delivery["tries"] and not delivery.get("answer"):
        return "sending"
    left = times.seconds_between(times.now(), due)
    return f"next try in {times.brief(left)}" if left >= 1 else "waiting"


def _about(delivery: Delivery) -> str:
    """`FAILED`: of which task is the beginning of the event's id."""
    task_id = delivery["event_id"].rpartition("-")[0]
    return delivery["about"].removeprefix(f"task {task_id} ")


def _style(at: int, cell: str) -> tuple[str, ...]:
    return COLOURS.get(cell.partition(" ")[0], ()) if at == 1 else ()


def _next_commands(call: Call, subscription: SubscriptionDetails) -> list[str]:
    name = subscription["name"]
    test = subscription_words.command(call, "test", name)
    if subscription.get("paused"):  # until it is not, nothing can be resent
        again = [subscription_words.command(call, "set", name, "paused=false    begins again")]
        return [test, *(again if call.may("admin") else [])]
    missed = [one["event_id"] for one in subscription["deliveries"] if one["state"] in ("failed", "dropped")]
    again = [f"event={event}    sends it once more" for event in missed[:1]]
    return [test, *(subscription_words.command(call, "resend", name, more) for more in again)]
