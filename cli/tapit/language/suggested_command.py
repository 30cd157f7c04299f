"""The commands that we suggest, so that they do what is meant when they are typed as they stand."""


def as_typed(word: str) -> str:
    """One word as a shell has to be given it; of `key=value` the value alone has quotes."""
    from shlex import quote

    name, equals, value = word.partition("=")
    if equals and name.replace("_", "").replace("-", "").isalnum():
        return f"{name}={quote(value) if value else ''}"
    return quote(word)


def as_typed_here(line: str, profile: str | None) -> str:
    """Repeat a profile that was chosen on the command line: without it another home would be asked."""
    if profile is None or not line.startswith("tapit ") or "--profile" in line:
        return line
    from shlex import quote

    return f"tapit --profile {quote(profile)} {line.removeprefix('tapit ')}"


def profile_in(words: list[str]) -> str | None:
    """The profile that the words name, which may not parse as a whole."""
    said = words[: words.index("--")] if "--" in words else words
    for at, word in enumerate(said):
        if word == "--profile":
            return said[at + 1] if at + 1 < len(said) else None
        for start in ("--profile=", "profile="):
            if word.startswith(start):
                return word.removeprefix(start)
    return None
