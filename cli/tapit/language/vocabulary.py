"""Which commands there are: their verbs, their nouns, and what each does in a line.

The table is all that is read before a command is chosen. Each has a file in `commands/`.
"""

SUMMARIES: dict[str, str] = {
    "create task": "Run a command in a container of its own.",
    "run": "Run a command at your terminal, in a container of its own.",
    "rerun": "Run a task again, as it was or a little different.",
    "list tasks": "The newest tasks of an app.",
    "watch tasks": "Tasks as they change, live.",
    "show task": "Everything known about one task.",
    "logs": "What a task printed.",
    "shell": "Open a shell in a task that runs.",
    "wait": "Wait for tasks, and exit with their exit code.",
    "stop": "Stop tasks that run.",
    "set task": "Give a running task another time limit.",
    "delete task": "Stop running tasks, or remove finished ones.",
    "list events": "What became of an app's tasks, schedules and subscriptions, change by change.",
    "create app": "Say what the tasks of an app inherit.",
    "list apps": "Every app.",
    "show app": "What the tasks of an app inherit.",
    "set app": "Change what the tasks of an app inherit.",
    "delete app": "Remove an app.",
    "create command": "Save a command with its options under a name.",
    "list commands": "The saved commands of an app.",
    "show command": "What a saved command runs, and how.",
    "set command": "Change a saved command.",
    "delete command": "Remove a saved command.",
    "create subscription": "Send news of an app to a web address.",
    "list subscriptions": "Where news of an app's tasks go, and whether they arrive.",
    "show subscription": "A subscription, and its last 50 deliveries.",
    "set subscription": "Change, pause or resume a subscription.",
    "test subscription": "Send a test, and show what the receiver answers.",
    "resend subscription": "Send one event once more.",
    "rotate subscription": "Give a subscription another secret.",
    "delete subscription": "Remove a subscription.",
    "create schedule": "Have a task run again and again.",
    "list schedules": "What runs when, and how it went.",
    "show schedule": "A schedule, its last 10 runs and its next 5.",
    "set schedule": "Change a schedule, or switch it off or on.",
    "start schedule": "Run what a schedule runs, once, now.",
    "delete schedule": "Remove a schedule.",
    "create token": "Let somebody, or a program, use this home.",
    "list tokens": "Who may do what, until when, and when they last did.",
    "delete token": "Make a token good for nothing.",
    "create trust": "Let AWS identities sign in.",
    "list trusts": "Which AWS identities may sign in, and what for.",
    "delete trust": "Let AWS identities sign in no more.",
    "list audit": "Who did what, and when.",
    "whoami": "Whose token is used, and what it is good for.",
    "login": "Save a home's address and token as a profile.",
    "logout": "Forget the token of a profile.",
    "config show": "Each setting, and where it comes from.",
    "config set": "Change a setting in the configuration file.",
    "config unset": "Take settings out of the configuration file.",
    "completion": "Print the completion script of a shell.",
}
ABOUT_TASKS = ("logs", "rerun", "shell", "stop", "wait")  # by themselves: `tapit logs task ID` is understood
OTHER_PROGRAMS = {  # what these are called elsewhere
    "ls": "list tasks",
    "ps": "list tasks",
    "task": "list tasks",
    "tasks": "list tasks",
    "top": "watch tasks",
    "events": "list events",
    "app": "list apps",
    "apps": "list apps",
    "commands": "list commands",
    "alias": "create command",
    "save": "create command",
    "again": "rerun",
    "repeat": "rerun",
    "retry": "rerun",
    "restart": "rerun",
    "subscriptions": "list subscriptions",
    "webhooks": "list subscriptions",
    "webhook": "create subscription",
    "subscribe": "create subscription",
    "audit": "list audit",
    "token": "list tokens",
    "tokens": "list tokens",
    "trust": "list trusts",
    "trusts": "list trusts",
    "unsubscribe": "delete subscription",
    "rm": "delete task",
    "kill": "stop",
    "cancel": "stop",
    "exec": "shell",
    "attach": "shell",
    "ssh": "shell",
    "bash": "run bash",
    "cron": "create schedule",
    "crontab": "list schedules",
    "schedules": "list schedules",
    "pause": "set schedule NAME enabled=false",
    "disable": "set schedule NAME enabled=false",
    "resume": "set schedule NAME enabled=true",
    "enable": "set schedule NAME enabled=true",
    "trigger": "start schedule",
    "fire": "start schedule",
    "status": "show task",
    "describe": "show task",
    "inspect": "show task",
    "get": "show task",
    "tail": "logs -f",
    "update": "set",
    "auth": "login",
}


def verbs() -> list[str]:
    return list(dict.fromkeys(path.split(" ")[0] for path in SUMMARIES))


def nouns_of(verb: str) -> list[str]:
    """Empty when the verb stands alone."""
    return [path.split(" ")[1] for path in SUMMARIES if path.startswith(verb + " ")]


def noun_of(verb: str, word: str) -> str | None:
    """The noun as the verb's command has it: `list task` and `create tasks` are understood."""
    return next((noun for noun in nouns_of(verb) if noun.removesuffix("s") == word.removesuffix("s")), None)


def turned_around(noun: str, verb: str) -> str | None:
    """The command that `task list` and `app show` mean, as other programs have it."""
    if verb not in verbs():
        return None
    if noun.removesuffix("s") == "task" and verb in ABOUT_TASKS:
        return verb
    known = noun_of(verb, noun)
    return f"{verb} {known}" if known else None
