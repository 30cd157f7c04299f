"""What can stop a deployment, in words that say what to do next."""


class Refusal(Exception):
    """An end that the person at the keyboard can do something about; `hint` says what."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
