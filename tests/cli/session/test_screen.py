"""What a command has left on at the terminal is switched off, and nothing else is touched."""

from tapit.session.screen import Screen

PLAIN = b"\x1b[0m\x1b(B\x0f\x1b>"


def after(*output: bytes) -> bytes:
    screen = Screen()
    for some in output:
        screen.shows(some)
    return screen.tidying()


def test_nothing_but_attributes_is_reset_when_nothing_was_switched_on() -> None:
    assert after(b"line\r\n") == PLAIN
    assert after() == PLAIN


def test_what_comes_next_begins_a_line() -> None:
    assert after(b"prompt> ") == PLAIN + b"\n"


def test_the_alternate_screen_mouse_paste_and_cursor_are_put_back() -> None:
    tidying = after(b"\x1b[?1049h\x1b[?1;2004h\x1b[?1000;1006h\x1b[?25l\n")

    assert tidying == PLAIN + b"".join(
        b"\x1b[?%s" % mode for mode in (b"1l", b"1000l", b"1006l", b"1049l", b"2004l", b"25h")
    )


def test_what_the_command_has_switched_off_itself_is_left_alone() -> None:
    assert after(b"\x1b[?1049h\x1b[?25lvim\x1b[?25h\x1b[?1049l\n") == PLAIN


def test_a_switch_is_seen_wherever_it_is_cut() -> None:
    switch = b"x\x1b[?1049;2004h\n"
    for at in range(len(switch)):
        assert after(switch[:at], switch[at:]) == PLAIN + b"\x1b[?1049l\x1b[?2004l", at
        assert after(*(bytes([byte]) for byte in switch)) == PLAIN + b"\x1b[?1049l\x1b[?2004l"
