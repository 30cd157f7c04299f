"""`tapit login url=URL`"""

from __future__ import annotations

import os

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import token_words
from tapit.errors import NotFound, UsageError
from tapit.home.choosing import ChosenHome, login_line, profile_of_other_commands
from tapit.home.client import Client
from tapit.home.tokens import could_be_token
from tapit.language import values
from tapit.language.command import Command, Flag, Key
from tapit.terminal.unseen import read_unseen

if TYPE_CHECKING:
    from tapit.home.answers import WhoAmI


AWS = Flag("aws", "sign in with AWS credentials, without a token")


def run(call: Call) -> int:
    home = _home_to_be(call)
    client = Client(home, debug="debug" in call.flags)  # the address is judged before a token is asked for
    if AWS.name in call.flags:
        _by_aws(call, client, home)
    else:
        _by_token(call, client, home)
    _say_what_counts(call, home)
    return 0


def _home_to_be(call: Call) -> ChosenHome:
    from tapit.home import config_file

    profile = call.get("profile") or "default"
    home = ChosenHome()
    home.put("profile", profile, "--profile")
    home.put("url", call.get("url") or config_file.known_url(profile), "url=")
    if home.url is None:
        then = login_line(call.get("profile"), by_aws=AWS.name in call.flags)
        raise UsageError("tapit login needs url=", then=then)
    return home


def _by_token(call: Call, client: Client, home: ChosenHome) -> None:
    from tapit.home import config_file

    home.put("token", _read_token(str(home.url)), "what was typed")
    who = _tried(client)  # a token that does not work is better refused now
    path = config_file.save_profile(str(home.profile), str(home.url), str(home.token))
    call.say(
        f"Saved profile {home.profile} in {path}; the token is in a file of its own that only you can read."
    )
    if who:
        call.say(who)


def _by_aws(call: Call, client: Client, home: ChosenHome) -> None:
    from tapit.home import config_file
    from tapit.home.aws_credentials import profile_in_use

    if client.kind_of_home() == "local":
        raise UsageError(
            "a home on one machine knows no AWS identities",
            f"{home.url} is one: it knows its owner, and tokens.",
            "tapit needs no login there"
            if home.is_socket
            else login_line(call.get("profile"), str(home.url)),
        )
    me = client.sign_in(profile_in_use())
    path = config_file.save_profile(str(home.profile), str(home.url), home.token, signed_in=home.signed_in)
    call.say(f"Saved profile {home.profile} in {path}.")
    call.say(f"You are {me['name']}, {token_words.rights(me)}.")
    call.say("The token is good for an hour, and is renewed by itself as long as your AWS credentials are.")


def _tried(client: Client) -> str | None:
    """Say whose token it is; an older home does not tell."""
    try:
        me: WhoAmI = client.get("/whoami")
    except NotFound:
        client.get("/apps")
        return None
    return f"You are {me['name']}, {token_words.rights(me)}{token_words.until(me)}."


def _read_token(url: str) -> str:
    token = read_unseen(f"Token for {url}: ")
    if not could_be_token(token):
        raise UsageError("that is not a token", "Tokens look like tpt_..., one word.")
    return token


def _say_what_counts(call: Call, home: ChosenHome) -> None:
    """Whoever just logged in somewhere takes it that the next command goes there."""
    url, token = os.environ.get("TAPIT_URL"), os.environ.get("TAPIT_TOKEN")
    before = [*(["TAPIT_URL"] if url and url.rstrip("/") != str(home.url).rstrip("/") else [])]
    before += ["TAPIT_TOKEN"] if token else []
    if before:
        names = " and ".join(before)
        are, count = ("is", "counts") if len(before) == 1 else ("are", "count")
        call.say(
            f"{names} {are} set in this shell, and {count} before a profile: unset {' '.join(before)}",
            "yellow",
        )
    other = profile_of_other_commands()
    if other != home.profile:
        call.say(f"Commands go on using profile {other}. To use this one:")
        call.hint("once", f"tapit --profile {home.profile} ...")
        always = (
            "export TAPIT_PROFILE="
            if os.environ.get("TAPIT_PROFILE")
            else "tapit config set default_profile="
        )
        call.say(f"  {'always:':<9} {always}{home.profile}")


COMMAND = Command(
    "login",
    example="tapit login url=https://tapit.example.com --profile team",
    keys=(Key("url", values.text, "the home's address", placeholder="URL"),),
    flags=(AWS,),
    details="The token is asked for, or read from stdin, and tried before it is saved. The home on this\n"
    "machine needs no login: tapit-local writes the profile local.\n\n"
    "With --aws no token is needed: a request to AWS's STS is signed here, for this home alone, and the home\n"
    "has AWS say whose it is. The credentials are those of the environment, of AWS_PROFILE or the default\n"
    "profile, or what the aws command knows; they stay here. An admin says who may: tapit create trust",
)
