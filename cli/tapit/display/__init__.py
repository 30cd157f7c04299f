"""How tasks and apps are shown to a person."""
