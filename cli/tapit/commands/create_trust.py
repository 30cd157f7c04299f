"""`tapit create trust name=NAME arn=ARN role=ROLE`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import for_scripts, token_words
from tapit.errors import UsageError
from tapit.language import token_keys, trust_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import NewTrust


def run(call: Call) -> int:
    _refuse_an_app(call)
    body: dict[str, object] = {name: call.text(name) for name in ("name", "arn", "role")}
    if call.get("apps"):
        body["apps"] = call.get("apps")
    if call.get("expires"):
        body["expires_in"] = call.get("expires")
    made: NewTrust = call.client.send("POST", "/trusts", body)
    call.say(f"Whoever AWS knows as {made['arn']} may sign in as {_what(made)}.")
    call.say_notes(made)
    call.say(f"  They type: tapit login url={call.home.url} --aws")
    for_scripts.print_answer(call, made)
    return 0


def _refuse_an_app(call: Call) -> None:
    app = call.get("app")
    if app:  # to leave it aside would trust them with every app
        raise UsageError(
            "which apps a trust is for is said with apps=",
            "-a and app= choose the app of other commands.",
            f"tapit create trust ... apps={app}",
        )


def _what(made: NewTrust) -> str:
    return token_words.rights(made) + token_words.until(made)


COMMAND = Command(
    "create trust",
    example="tapit create trust name=ci arn=arn:aws:iam::123456789012:role/ci role=operator",
    word="name",
    required=("name", "arn", "role"),
    keys=(trust_keys.NEW_NAME, trust_keys.ARN, token_keys.ROLE, token_keys.APPS, token_keys.EXPIRES),
    details="For a home on AWS. Whoever has such a role signs in with tapit login --aws, and nobody keeps a token: a\n"
    "job of CI takes its role by OIDC and does the same. What they do is under their session's own ARN.\n\n"
    "arn='arn:aws:iam::123456789012:role/deploy-*' is for every role whose name begins so.\n"
    "A role is named without its path, for AWS does not tell that of whoever has it. Of several trusts for the\n"
    "same role the one counts that names it most exactly. No token can trust anybody with more than itself.",
)
