"""What a run gave, and the same in the form of a recorded text, so that lines can be compared."""

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus

from ..errors import Failure
from .text import HEADER, STATUS, Exchange, exchanges

VIEWS = ("exchange", "printed", "body", "error", "whole")
"""What of a run a recorded text may hold; ``whole`` is what this module makes of it."""
RENAMED = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
"""Phrases that Python 3.13 took over from RFC 9110."""
WHOLE = re.compile(r"(?P<start> *(?:HTTP/1\.1 )?)(?P<status>[1-5]\d\d)(?P<rest>.*)")


def phrase_of(status: int) -> str:
    """Return the words of a status, the same on each Python; nothing where it has none."""
    if status in RENAMED:
        return RENAMED[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


@dataclass
class Answer:
    """A response, as far as it has come."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def phrase(self) -> str:
        """The words of the status."""
        return phrase_of(self.status)


@dataclass
class Outcome:
    """All that a run gave."""

    printed: str = ""
    asked: str = ""
    """The request that each of the answers is one to."""
    answers: list[Answer] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """Those of WebSockets."""
    failure: Failure | None = None


def whole(outcome: Outcome) -> str:
    """Return all that a run gave, as it is recorded where no text of a page says it."""
    parts = [outcome.printed.strip("\n")]
    for answer in outcome.answers:
        if answer.status:
            lines = [
                outcome.asked.rstrip("\n"),
                f"{answer.status} {answer.phrase}",
                answer.text.rstrip("\n"),
            ]
            parts.append("\n".join(filter(None, lines)))
    parts.append("\n".join(outcome.messages))
    if failure := outcome.failure:
        parts.append(f"{failure.kind}: {failure.message}")
    return "\n\n".join(part for part in parts if part.strip())


def message(details: dict[str, str]) -> str:
    """Return a line for a message of a WebSocket."""
    return f"{details['from']:<6}  {details['kind']}  {details['text']}".rstrip()


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
    """Return what of a run compares with the ``recorded`` text, in its form where it says the same."""
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
