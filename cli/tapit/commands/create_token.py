"""`tapit create token name=NAME role=ROLE`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import token_words
from tapit.errors import UsageError
from tapit.language import token_keys, values
from tapit.language.command import Command
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.home.answers import NewToken


def run(call: Call) -> int:
    _refuse_misunderstandings(call)
    made: NewToken = call.client.send("POST", "/tokens", _body(call))
    call.say(f"Created token {made['name']}: {token_words.rights(made)}{token_words.until(made)}.")
    call.say_notes(made)
    if call.output == "json":
        call.out.write_json(made)
        return 0
    Block(call.out).whole_lines("Token", [made["token"]])
    call.say("It is shown this once, and kept nowhere. Whoever is to use it types:")
    call.say(f"  {_login(call, made['name'])}")
    return 0


def _refuse_misunderstandings(call: Call) -> None:
    app = call.get("app")
    if app:  # to leave it aside would make a token for every app
        raise UsageError(
            "which apps a token is for is said with apps=",
            "-a and app= choose the app of other commands.",
            f"tapit create token name={call.text('name')} role={call.text('role')} apps={app}",
        )
    if call.output == "id":
        raise UsageError("with -o id the token itself would be lost", "It is shown this once.", "-o json")


def _body(call: Call) -> dict[str, object]:
    body: dict[str, object] = {"name": call.text("name"), "role": call.text("role")}
    if call.get("apps"):
        body["apps"] = call.get("apps")
    if call.get("expires"):
        body["expires_in"] = call.get("expires")
    return body


def _login(call: Call, name: str) -> str:
    """A profile of its own: whoever has one for this home already keeps it."""
    from tapit.home.choosing import login_line
    from tapit.home.unix_socket import port_of

    profile = name if values.is_profile(name) else "NAME"
    if not call.home.is_socket:
        return login_line(profile, str(call.home.url))
    port = port_of(str(call.home.url))  # only its owner can open the socket
    if port is None:
        return f"{login_line(profile, 'http://127.0.0.1:PORT')}    of tapit-local --port PORT"
    return login_line(profile, port)


COMMAND = Command(
    "create token",
    example="tapit create token name=ci role=operator apps=shop,blog expires=90d",
    word="name",
    required=("name", "role"),
    keys=(token_keys.NEW_NAME, token_keys.ROLE, token_keys.APPS, token_keys.EXPIRES),
    details=token_keys.DETAILS,
)
