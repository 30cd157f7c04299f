"""A real shell at a terminal, set up as its user would, for what is on the screen after a Tab."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Place
from tests.sessions.person import Person

SHELLS = ("bash", "zsh", "fish")
OPTIONS = {"bash": ("--norc", "--noprofile", "-i"), "zsh": ("-f", "-i"), "fish": ("-i",)}
# One prompt for all, and a list at the first Tab.
ALIKE = {
    "bash": "PS1='> '; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'",
    "zsh": "PS1='> '; unsetopt list_ambiguous",
    "fish": "function fish_prompt; echo -n '> '; end; set -g fish_autosuggestion_enabled 0",
}
AS_DOCUMENTED = {
    "bash": 'eval "$(tapit completion bash)"',
    "zsh": 'autoload -Uz compinit; compinit -D; eval "$(tapit completion zsh)"',
    "fish": "tapit completion fish | source",
}
MARK = "@"


class ShellAtATerminal:
    """Used line after line; what is left of one is thrown away before the next."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._lines = 0

    def completes(self, typed: str, becomes: str) -> None:
        """The mark shows where the line ends: whether a space follows, and that the Tab is over."""
        self.starts_over()
        self._person.type(f"{typed}\t{MARK}")
        self._person.sees_line(f"> {becomes}{MARK}")

    def offers(self, typed: str, *texts: str) -> None:
        self.starts_over()
        self._person.type(f"{typed}\t")
        self._person.until(lambda: all(text in "\n".join(self._person.screen) for text in texts), str(texts))

    @property
    def screen(self) -> str:
        return "\n".join(self._person.screen)

    def starts_over(self, first: str = "") -> None:
        self._lines += 1
        self._person.type(f"\x15{first}clear; echo line {self._lines}\n")
        self._person.until(lambda: self._person.screen[:3] == [f"line {self._lines}", ">", ""], "a prompt")


@contextmanager
def shell_at_a_terminal(name: str, place: Place, set_up: str) -> Iterator[ShellAtATerminal]:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name} on this machine")
    script = place.folder / f"set-up.{name}"
    script.write_text(f"{ALIKE[name]}\n{set_up}\n")
    person = Person((program, *OPTIONS[name]), place.env, place.folder)
    try:
        shell = ShellAtATerminal(person)
        shell.starts_over(f". {script}; ")
        yield shell
    finally:
        person.close()
