"""`tapit login url=URL`"""

import sys

from tapit import values
from tapit.call import Call
from tapit.client import Client
from tapit.errors import UsageError
from tapit.grammar import Command, Key
from tapit.settings import Settings


def run(call: Call) -> int:
    from tapit import config

    profile = call.get("profile") or "default"
    home = Settings()
    home.put("profile", profile, "--profile")
    home.put("url", call.get("url") or config.known_url(profile), "url=")
    if home.url is None:
        raise UsageError("tapit login needs url=", then=COMMAND.example)
    client = Client(home, debug="debug" in call.flags)  # the address is judged before a token is asked for
    home.put("token", _read_token(home.url), "what was typed")
    client.get("/apps")  # a token that does not work is better refused now
    path = config.save_profile(profile, home.url, str(home.token))
    call.say(f"Saved profile {profile} in {path}; the token is kept apart, readable only by you.")
    return 0


def _read_token(url: str) -> str:
    """Typed unseen, or piped in: on a command line it would stay in the shell's history."""
    if sys.stdin.isatty():
        import getpass

        try:
            token = getpass.getpass(f"Token for {url}: ")
        except EOFError:
            token = ""
    else:
        token = sys.stdin.readline()
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("that is no token", "Tokens look like tpt_..., one word.")
    return token


COMMAND = Command(
    "login",
    None,
    "Save a home's address and token as a profile.",
    run,
    example="tapit login url=https://tapit.example.com --profile team",
    keys=(Key("url", values.text, "the home's address", placeholder="URL"),),
    details="The token is asked for, or read from stdin, and tried before it is saved. The home on this\n"
    "machine needs no login: tapit-local writes the profile local.",
)
