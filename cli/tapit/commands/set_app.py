"""`tapit set app NAME key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import change, told_unchanged
from tapit.call import Call
from tapit.display import for_scripts
from tapit.home.client import segment
from tapit.language import app_keys, secret_keys, unsetting, values
from tapit.language.command import Command, Key
from tapit.sources import app_source
from tapit.terminal.unseen import read_unseen_values

if TYPE_CHECKING:
    from tapit.home.answers import ChangedApp


def run(call: Call) -> int:
    app_source.refuse_what_cannot_be(call)
    typed = read_unseen_values(secret_keys.names_to_ask_for(call.settings))
    given = app_keys.body(call.settings, typed)
    found = app_source.found_for(call, given)
    body = found.completing(given)
    if call.get("secrets_version"):
        body["secrets_version"] = call.get("secrets_version")
    for name in call.get("unset") or []:
        unsetting.refuse_set_and_unset(given, [name])
        _unset(body, name)
    app: ChangedApp = change(call, "app", f"/apps/{segment(call.get('name') or call.app())}", body)
    if not told_unchanged(call, "app", app):
        call.say(f"Changed app {app['name']}{_effect(body)}.")
    app_source.say_notes(call, found)
    call.say_notes(app)
    app_source.save_commands(call, app["name"], found.commands)
    for_scripts.print_answer(call, app)
    return 0


def _effect(body: dict[str, object]) -> str:
    concerns_tasks = list(body) != ["limits"] or not _limits(body).keys() <= {*app_keys.NOT_OF_TASKS}
    return "; tasks created from now on have it" if concerns_tasks else ""


def _unset(body: dict[str, object], name: str) -> None:
    if name not in app_keys.LIMITS:
        body[name] = None
        return
    _limits(body)[app_keys.LIMITS[name]] = None


def _limits(body: dict[str, object]) -> dict[str, object]:
    limits = body.setdefault("limits", {})
    assert isinstance(limits, dict)
    return limits


COMMAND = Command(
    "set app",
    example="tapit set app name=shop memory=2 env_file=.env unset_env=OLD_KEY",
    word="name",
    keys=(
        app_keys.NAME,
        *app_keys.INHERITED,
        unsetting.UNSET_ENV,
        unsetting.UNSET_TAG,
        Key(
            "unset_secret",
            values.one_at_a_time(values.variable_named),
            "a secret's variable to remove; may be repeated",
            placeholder="NAME",
            repeats=True,
        ),
        Key(
            "secrets_version",
            values.whole(1, 1_000_000),
            "go back to that version of all its secrets; tapit show app tells which there are",
            placeholder="N",
        ),
        unsetting.unset((*app_keys.PLAIN, "tags", *app_keys.LIMITS)),
    ),
    details="Running tasks keep what they have.\n" + app_keys.DETAILS,
)
