"""Every command's home: the table is all that is imported before a command is chosen.

One command per file, and in it `COMMAND`.
"""

import importlib

from tapit.grammar import Command

SUMMARIES: dict[str, str] = {
    "create task": "Run a command in a container of its own.",
    "run": "Run a command at your terminal, in a container of its own.",
    "list tasks": "The newest tasks of an app.",
    "show task": "Everything known about one task.",
    "logs": "What a task printed.",
    "shell": "Open a shell in a task that runs.",
    "wait": "Wait for a task, and exit with its exit code.",
    "set task": "Give a running task another time limit.",
    "delete task": "Stop a running task, or remove a finished one.",
    "create app": "Say what the tasks of an app inherit.",
    "list apps": "Every app.",
    "show app": "What the tasks of an app inherit.",
    "set app": "Change what the tasks of an app inherit.",
    "delete app": "Remove an app.",
    "login": "Save a home's address and token as a profile.",
    "config show": "Each setting, and where it comes from.",
    "config set": "Change a setting in the configuration file.",
    "completion": "Print the completion script of a shell.",
}
NOUNS = {"task": "task", "tasks": "task", "app": "app", "apps": "app", "show": "show", "set": "set"}
PLURAL = ("list",)


def verbs() -> list[str]:
    return list(dict.fromkeys(path.split(" ")[0] for path in SUMMARIES))


def nouns_of(verb: str) -> list[str]:
    """Empty when the verb stands alone."""
    return [path.split(" ")[1] for path in SUMMARIES if path.startswith(verb + " ")]


def noun_of(verb: str, word: str) -> str | None:
    """The noun as the verb's command has it: `list task` and `create tasks` are understood."""
    noun = NOUNS.get(word)
    if noun is not None and verb in PLURAL:
        noun += "s"
    return noun if noun in nouns_of(verb) else None


def load(path: str) -> Command:
    module = importlib.import_module("tapit.commands." + path.replace(" ", "_"))
    command: Command = module.COMMAND
    return command
