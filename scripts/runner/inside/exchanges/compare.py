"""What a run gave in the form of a recorded text, so that lines can be compared."""

import json
import re
from collections.abc import Sequence
from typing import Any

from .outcome import Answer, Outcome, phrase_of, whole
from .text import HEADER, STATUS, Exchange, exchanges

WHOLE = re.compile(r"(?P<start> *(?:HTTP/1\.1 )?)(?P<status>[1-5]\d\d)(?P<rest>.*)")


def same_json(one: str, other: str) -> bool:
    """Tell whether two texts are the same JSON, whatever blanks they have."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _body(recorded: str, answer: Answer) -> str:
    """Return the real body, in the layout of the recorded one where they are the same."""
    return recorded if same_json(recorded, answer.text) else answer.text.rstrip("\n")


def _answer(exchange: Exchange, answer: Answer) -> list[str]:
    """Return the lines of an answer in the form that the recorded one has."""
    lines = exchange.answer
    empty = len(lines) - len("\n".join(lines).rstrip("\n").split("\n")) if lines else 0
    lines = lines[: len(lines) - empty]
    first = WHOLE.fullmatch(lines[0]) if lines and STATUS.match(lines[0]) else None
    if not first:
        return [*_body("\n".join(lines), answer).split("\n"), *[""] * empty]
    rest = first["rest"]
    phrase = phrase_of(int(first["status"]))
    has_phrase = bool(phrase) and rest.startswith(f" {phrase}")
    inline = rest.removeprefix(f" {phrase}") if has_phrase else rest
    line = f"{first['start']}{answer.status}" + (f" {answer.phrase}" if has_phrase else "")
    if inline.strip():
        blanks = inline[: len(inline) - len(inline.lstrip())]
        return [f"{line}{blanks}{_body(inline.strip(), answer)}", *lines[1:], *[""] * empty]
    real, following, headers = [line], lines[1:], dict(answer.headers)
    while following and (header := HEADER.fullmatch(following[0])):
        name = header["name"]
        values = [value for key, value in answer.headers if key.lower() == name.lower()]
        if header["value"] in values:
            real.append(following[0])
        elif name.lower() in headers:
            real.append(f"{name}: {headers[name.lower()]}")
        following = following[1:]
    if following and not following[0].strip():
        real.append("")
        following = following[1:]
    if following or answer.body:
        real += _body("\n".join(following), answer).split("\n")
    return [*real, *[""] * empty]


def as_exchange(recorded: str, outcome: Outcome) -> str:
    """Return the run's exchanges in the form of the ``recorded`` text."""
    before, found = exchanges(recorded)
    lines = list[str]()
    if before:
        lines += [*outcome.printed.strip("\n").split("\n"), ""]
    for number, exchange in enumerate(found):
        lines += exchange.lines
        if number < len(outcome.answers):
            lines += _answer(exchange, outcome.answers[number])
        else:
            lines.append("no answer")
    return "\n".join(lines).rstrip("\n")


def view(name: str, recorded: str, outcome: Outcome) -> str:
    """Return what of a run compares with the ``recorded`` text, in its form where it says the same.

    ``name`` is ``exchange``, ``printed``, ``body``, ``error``, or ``whole`` for all that it gave.
    """
    recorded = recorded.strip("\n")
    if name == "whole":
        return whole(outcome).strip("\n")
    if name == "exchange":
        return as_exchange(recorded, outcome)
    if name == "body":
        answer = outcome.answers[-1] if outcome.answers else Answer()
        return _body(recorded, answer)
    if name == "error":
        failure = outcome.failure
        told = f"{failure.kind}: {failure.message}" if failure else outcome.printed
        return recorded if recorded.split() == told.split() else told.strip("\n")
    return outcome.printed.strip("\n")


def views(recorded: str) -> list[str]:
    """Return which views a recorded text may be."""
    return ["exchange"] if exchanges(recorded)[1] else ["printed", "body", "error"]


def compare(names: Sequence[str], recorded: str, outcome: Outcome) -> dict[str, Any]:
    """Return which of the named views shows the most of the ``recorded`` text, and whether it is the same."""
    shown = {name: view(name, recorded, outcome) for name in names}
    same = [name for name, text in shown.items() if text == recorded.strip("\n")]
    best = (same or list(names))[0]
    return {"view": best, "real": shown[best], "same": bool(same)}
