"""`tapit test subscription NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of
from tapit.call import Call
from tapit.display import subscription_words
from tapit.errors import CliError
from tapit.language import subscription_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import AnswerOfReceiver, Tested

MOVED = (301, 302, 303, 307, 308)
MISDIRECTED = (404, 405, 410)
REFUSED = (400, 401, 403)


def run(call: Call) -> int:
    tested: Tested = call.client.send("POST", f"{path_of(call, 'subscriptions')}/test")
    if call.output == "json":
        call.out.write_json(tested)
    elif call.output == "id":
        call.out.write(f"{tested['event_id']}\n")
    name, answer = call.text("name"), tested["answer"]
    if not tested["delivered"]:
        raise CliError(f"{name} did not take the test", _answered(answer), _next(call, name, answer))
    call.say(f"{name} took the test.")
    call.say(f"  {_answered(answer)}")
    return 0


def _answered(answer: AnswerOfReceiver) -> str:
    """A problem is a sentence of the home's, and says by itself how long it took."""
    said = subscription_words.answer(answer)
    return f"It answered after {subscription_words.latency(answer)}: {said}" if answer.get("status") else said


def _next(call: Call, name: str, answer: AnswerOfReceiver) -> str:
    status = answer.get("status")
    move = subscription_words.command(call, "set", name, "url=https://...")
    if status in REFUSED:
        again = subscription_words.command(call, "rotate", name)
        return f"if it checks signatures, it may hold another secret; a new one: {again}"
    if status in MOVED:
        return f"redirects are not followed; to send where this one leads: {move}"
    if status in MISDIRECTED:
        return f"if it has moved: {move}"
    return f"to try again: {subscription_words.command(call, 'test', name)}"


COMMAND = Command(
    "test subscription",
    example="tapit test subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="Sends an event that is marked as a test, once and at once, and waits at most 10 seconds for the answer.\n"
    "Any 2xx takes it; the exit code is 1 for everything else.",
)
