"""What is wrong with a field of a cron expression, and what may have been meant."""

import difflib
from dataclasses import replace

from chalicelib.domain.cron_elsewhere import term_of_elsewhere
from chalicelib.domain.cron_field import FIELDS, Field, Problem, is_read


def problem_of_field(index: int, text: str) -> Problem | None:
    problems = [_problem_of_term(index, term) for term in text.split(",")]
    found = next((number for number, problem in enumerate(problems) if problem is not None), None)
    if found is None:
        return None
    problem = problems[found]
    assert problem is not None
    if problem.better is None:
        return problem
    terms = text.split(",")
    return replace(problem, better=",".join([*terms[:found], problem.better, *terms[found + 1 :]]))


def _problem_of_term(index: int, term: str) -> Problem | None:
    field = FIELDS[index]
    base, slash, step = term.partition("/")
    if slash and step.isdecimal() and int(step) > field.most - field.least:
        return _too_long_a_step(field, term, int(step))
    first, dash, last = base.partition("-")
    if slash and dash and first == last:  # cronsim would take it for all from there on
        return Problem(f"is {term}, a step within a single value", first)
    if is_read(["*"] * index + [term] + ["*"] * (len(FIELDS) - index - 1)):
        return None
    if not term:
        return Problem("has an empty part: a comma too many")
    elsewhere = term_of_elsewhere(field, term)
    if elsewhere is not None:
        return elsewhere
    if slash and (not step.isdecimal() or int(step) == 0):
        return Problem(f"is {term}, and what follows the / is a whole number from 1 on")
    for value in (first, last) if dash else (base,):
        problem = _problem_of_value(field, term, value)
        if problem is not None:
            return problem
    if dash and last:
        return _backwards(field, term, first, last)
    return Problem(f"is {term}, which is not understood")


def _too_long_a_step(field: Field, term: str, step: int) -> Problem:
    why = f"is {term}, and {field.bounds}: a step counts within them, and begins anew each time"
    units = {"minute": "m", "hour": "h"}
    if field.name not in units:
        return Problem(why)
    return Problem(why, advice=f"For a distance of {step} {field.name}s: every={step}{units[field.name]}.")


def _problem_of_value(field: Field, term: str, value: str) -> Problem | None:
    if value == "*" or value in field.names:
        return None
    if value.isdecimal():
        return None if field.least <= int(value) <= field.most else _out_of_range(field, term, value)
    near = difflib.get_close_matches(value[:3], field.names, n=1, cutoff=0.6)
    better = term.replace(value, near[0]) if near else None
    return Problem(f"is {term}, and {field.bounds}", better)


def _out_of_range(field: Field, term: str, value: str) -> Problem:
    is_midnight = field.name == "hour" and value == "24"
    return Problem(f"is {term}, and {field.bounds}", "0" if is_midnight and term == value else None)


def _backwards(field: Field, term: str, first: str, last: str) -> Problem:
    """Nothing but a range of good values is left: it ends before it begins."""
    why = f"is {term}, which ends before it begins"
    if "/" in term or first.isdecimal() != last.isdecimal():
        return Problem(why)
    end, beginning = field.ends if first.isdecimal() else (field.names[-1], field.names[0])
    before = first if first == end else f"{first}-{end}"
    behind = last if last == beginning else f"{beginning}-{last}"
    return Problem(why, f"{before},{behind}")
