"""Which HTTP status each error has: one table, walked along the class tree."""

from chalicelib.domain import errors

STATUS_CODES: dict[type[errors.TapitError], int] = {
    errors.InvalidRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.LimitExceeded: 403,
    errors.OutputForbidden: 403,
    errors.NotFound: 404,
    errors.TaskRemoved: 410,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooManyRequests: 429,
    errors.Unreadable: 500,
    errors.Unavailable: 503,
    errors.NotDone: 503,
}


def status_code(error: errors.TapitError) -> int:
    return next(STATUS_CODES[kind] for kind in type(error).__mro__ if kind in STATUS_CODES)
