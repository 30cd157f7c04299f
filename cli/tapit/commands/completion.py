"""`tapit completion SHELL`"""

from importlib import resources

from tapit.call import Call
from tapit.errors import UsageError
from tapit.language.command import Command, Key
from tapit.language.did_you_mean import did_you_mean

SHELLS = ("bash", "zsh", "fish")
HOW = {
    "bash": 'eval "$(tapit completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(tapit completion zsh)" in ~/.zshrc, after compinit',
    "fish": "tapit completion fish > ~/.config/fish/completions/tapit.fish",
}


def run(call: Call) -> int:
    shell = call.text("shell")
    script = (
        resources.files("tapit.completion").joinpath("shells", f"tapit.{shell}").read_text(encoding="utf-8")
    )
    call.out.write(script)
    if call.out.is_terminal:
        call.hint("use", HOW[shell])
    return 0


def _shell(_key: str, given: str) -> str:
    if given not in SHELLS:
        raise UsageError(
            f"there is no completion for {given}",
            f"The shells are {', '.join(SHELLS)}.",
            did_you_mean(given, SHELLS),
        )
    return given


COMMAND = Command(
    "completion",
    example='eval "$(tapit completion bash)"',
    word="shell",
    required=("shell",),
    details="\n\n".join(f"{shell}: {line}" for shell, line in HOW.items()),
    keys=(Key("shell", _shell, "bash, zsh or fish", placeholder="SHELL", choices=SHELLS),),
)
