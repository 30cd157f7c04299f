"""`tapit logout`"""

import os

from tapit.call import Call
from tapit.home import tokens
from tapit.home.choosing import profile_in_use
from tapit.language.command import Command


def run(call: Call) -> int:
    name, section = profile_in_use(call.get("profile"))
    if tokens.forget_token(name):
        call.say(
            f"Forgot the token of profile {name}; its address stays. Whoever has a copy of it can still use it."
        )
        call.hint("again", f"tapit login --profile {name}")
    elif str(section.get("url", "")).startswith("unix:"):
        call.say(f"Profile {name} has no token: its home is reached by a socket that only you can open.")
    else:
        call.say(f"There is no token of profile {name}; nothing to forget.")
    if os.environ.get("TAPIT_TOKEN"):
        call.say("TAPIT_TOKEN is set in this shell, and goes on being used: unset TAPIT_TOKEN", "yellow")
    return 0


COMMAND = Command(
    "logout",
    example="tapit logout --profile team",
    details="The profile and its address stay, and the token is as good as before wherever else it is kept.",
)
