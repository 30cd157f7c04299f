"""What a terminal can show, and how anything is drawn on one, whatever it is about."""
