"""What is said of a subscription: how it is, what a receiver answered, and what to type next."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.terminal import times

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import AnswerOfReceiver, Subscription

COLOURS = {"ok": ("green",), "failing": ("red",), "paused": ("yellow",), "PAUSED": ("red",)}


def state(subscription: Subscription) -> str:
    """`ok`, `failing for 2h05m`, `paused by alice`; in capitals when it paused itself, so that it is seen."""
    paused, failing_since = subscription.get("paused"), subscription.get("failing_since")
    if paused and paused.get("by"):
        return f"paused by {paused['by']}"
    if paused:
        return f"PAUSED: {paused['why']}"
    return f"failing for {times.brief(times.seconds_since(failing_since))}" if failing_since else "ok"


def is_in_trouble(subscription: Subscription) -> bool:
    """Not when somebody paused it: they know."""
    paused = subscription.get("paused")
    return not paused.get("by") if paused else bool(subscription.get("failing_since"))


def colours_of(state: str) -> tuple[str, ...]:
    return COLOURS.get(state.partition(" ")[0].rstrip(":"), ())


def events(subscription: Subscription) -> str:
    return ", ".join(subscription.get("events") or []) or "all"


def answer(said: AnswerOfReceiver) -> str:
    """`200`, `500 no database`, `no answer within 10 s`."""
    status = said.get("status")
    words = [said.get("problem") or ""] if status is None else [str(status), said.get("text") or ""]
    return " ".join(" ".join(words).split())


def latency(said: AnswerOfReceiver) -> str:
    seconds = said["seconds"]
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"


def command(call: Call, verb: str, name: str, more: str = "") -> str:
    """What to type about this subscription, which another app may have as well."""
    from shlex import quote

    words = [f"{verb} subscription name={quote(name)}", *([more] if more else [])]
    return call.typed_in_app(" ".join(words))
