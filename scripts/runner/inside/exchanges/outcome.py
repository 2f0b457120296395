"""What a run gave."""

from dataclasses import dataclass, field
from http import HTTPStatus

from ..errors import Failure

RENAMED = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
"""Phrases that Python 3.13 took over from RFC 9110."""


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
