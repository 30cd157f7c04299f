"""Package the program for AWS and put it there; nothing of this is shipped."""
