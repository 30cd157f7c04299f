"""The HTTP face: routes, request and response models, status codes, the token check."""
