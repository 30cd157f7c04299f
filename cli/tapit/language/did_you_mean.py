"""What a typo was probably meant to be."""


def did_you_mean(
    word: str, known: list[str] | tuple[str, ...], *, before: str = "", after: str = ""
) -> str | None:
    """The question, with the rest of what would be typed around it; None when nothing known is near."""
    found = nearest(word, known)
    return f"did you mean {before}{found}{after}?" if found else None


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str | None:
    import difflib  # only ever needed on the way to an error

    plurals = [one for one in known if one in (f"{word}s", f"{word[:-1]}ies") or f"{one}s" == word]
    if plurals:
        return plurals[0]
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None
