"""When something happens: timers, turns, news."""
