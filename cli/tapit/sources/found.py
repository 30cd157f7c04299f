"""What was found of an app in files."""

from __future__ import annotations

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Found:
    """What of a request's body is said there, lines to save as commands, by name, and notes for a person."""

    def __init__(
        self,
        body: dict[str, Any],
        commands: dict[str, str] | None = None,
        notes: list[str] | None = None,
    ) -> None:
        self.body = body
        self.commands = commands or {}
        self.notes = notes or []

    def leave_to_secrets(self, names: set[str]) -> None:
        """Take out the variables of such names: their values are kept elsewhere, and tasks get those."""
        variables = self.body.get("environment", {})
        both = sorted(names & variables.keys())
        if both:
            self.body["environment"] = {key: value for key, value in variables.items() if key not in names}
            self.notes.append(f"Not taken over, for the app has them as secrets: {', '.join(both)}.")

    def completing(self, given: dict[str, Any]) -> dict[str, Any]:
        """The body with what was typed before what was found; variables one by one."""
        body = {**self.body, **given}
        variables = {**self.body.get("environment", {}), **given.get("environment", {})}
        return {**body, "environment": variables} if variables else body
