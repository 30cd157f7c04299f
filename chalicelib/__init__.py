"""The program itself: domain, use cases and HTTP face, whoever hosts them."""

VERSION = "0.1.0"
