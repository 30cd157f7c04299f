"""What can be said of a token: its name, its role, and how far it reaches."""

from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key
from tapit.language.did_you_mean import did_you_mean

SHORTEST, LONGEST = 60.0, 3650 * 24 * 3600.0  # seconds
MOST_APPS = 50
ROLES = ("viewer", "operator", "admin")  # each may do what those before it may


def role(key: str, given: str) -> str:
    if given not in ROLES:
        raise UsageError(
            f"{key}={given} is not a role",
            f"The roles are {', '.join(ROLES)}.",
            did_you_mean(given, ROLES, before=f"{key}="),
        )
    return given


def apps(key: str, given: str) -> list[str]:
    wanted = list(dict.fromkeys(values.several(key, given)))
    if len(wanted) > MOST_APPS:
        raise UsageError(
            f"{key}= names {len(wanted)} apps; {MOST_APPS} is the most",
            f"Without {key}= it is for every app.",
        )
    return wanted


def expires(key: str, given: str) -> float:
    seconds = values.duration(key, given)
    if not SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"{key}={given} is out of range", f"{key}= goes from 1m to 3650d.")
    return seconds


NEW_NAME = Key(
    "name", values.name, "who uses it: all that is done with it is under this name", placeholder="NAME"
)
NAME = Key("name", values.name, "the token", placeholder="NAME", offers="tokens")
ROLE = Key("role", role, "viewer, operator or admin", placeholder="ROLE", choices=ROLES)
APPS = Key(
    "apps",
    apps,
    "the only apps it is for, with commas between, 50 at the most; without it, every app",
    placeholder="APP,...",
    has_commas=True,
    offers="apps",
)
EXPIRES = Key(
    "expires",
    expires,
    "how long it is good, from 1m to 3650d; without it, as long as your own",
    placeholder="TIME",
)
DETAILS = (
    "A viewer lists, shows, watches and reads logs. An operator creates, stops, extends and deletes tasks as\n"
    "well, opens shells, and has saved commands and schedules. An admin also changes apps, subscriptions, tokens\n"
    "and what others have made.\n\n"
    "No token can make one that is good for more than itself. The new one is shown once, and kept nowhere."
)
