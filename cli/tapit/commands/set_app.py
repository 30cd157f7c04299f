"""`tapit set app NAME key=value`"""

from tapit import app_block, app_keys, values
from tapit.call import Call
from tapit.client import segment
from tapit.errors import UsageError
from tapit.grammar import Command, Key


def run(call: Call) -> int:
    body = app_keys.body(call)
    for name in call.get("unset") or []:
        if name in body:
            raise UsageError(f"{name} is both set and unset", then="leave one of them out")
        _unset(body, name)
    if not body:
        raise UsageError("nothing to change", then="tapit set app --help")
    app = call.client.send("PATCH", f"/apps/{segment(call.get('name') or call.app())}", body)
    call.say(f"Changed app {app['name']}; tasks created from now on have it.")
    call.say_notes(app)
    app_block.print_answer(call, app)
    return 0


def _unset(body: dict[str, object], name: str) -> None:
    if name not in app_keys.LIMITS:
        body[name] = None
        return
    limits = body.setdefault("limits", {})
    assert isinstance(limits, dict)
    limits[app_keys.LIMITS[name]] = None


def _unsettable(key: str, given: str) -> str:
    known = (*app_keys.PLAIN, *app_keys.LIMITS)
    if given not in known:
        raise UsageError(f"{key}={given} names nothing that can be unset", f"One of {', '.join(known)}.")
    return given


COMMAND = Command(
    "set",
    "app",
    "Change what the tasks of an app inherit.",
    run,
    example="tapit set app name=shop memory=2 env_file=.env unset_env=OLD_KEY",
    word="name",
    keys=(
        app_keys.NAME,
        *app_keys.INHERITED,
        Key(
            "unset_env",
            values.variable_named,
            "a variable to remove; may be repeated",
            placeholder="KEY",
            repeats=True,
        ),
        Key(
            "unset_secret",
            values.variable_named,
            "a secret's variable to remove; may be repeated",
            placeholder="NAME",
            repeats=True,
        ),
        Key(
            "unset",
            _unsettable,
            "a key to put back to its default; may be repeated",
            placeholder="KEY",
            repeats=True,
        ),
    ),
    details="Running tasks keep what they have.\n" + app_keys.DETAILS,
)
