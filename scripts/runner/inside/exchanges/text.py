"""Requests as text, the way recorded exchanges hold them and a reader edits them.

A request is ``METHOD /target``, headers, an empty line and a body. A line ``&`` sends the next one at the
same time. After ``WEBSOCKET /target`` each line of the body is a message.
"""

import re
from dataclasses import dataclass, field

METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|WEBSOCKET"
START = re.compile(
    rf"(?P<method>{METHODS}) (?P<target>/\S*)(?: HTTP/1\.1)?(?: +(?P<body>[{{\[].*))?"
)
HEADER = re.compile(r"(?P<name>[A-Za-z][\w-]*): (?P<value>.*)")
STATUS = re.compile(r" *(?:HTTP/1\.1 )?[1-5]\d\d(?!\d)")
WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass
class Request:
    """A request to an application, or a WebSocket with the messages that are sent."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    with_the_last: bool = False
    """Whether it is sent while the one before is answered."""

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        kind = {name.lower(): value for name, value in self.headers}.get("content-type", "")
        lines = self.body.replace("\n", "\r\n") if kind.startswith("multipart/") else self.body
        return lines.encode()

    @property
    def sent_headers(self) -> list[tuple[str, str]]:
        """The headers, with those that a client adds to a body."""
        names = {name.lower() for name, _ in self.headers}
        added = list[tuple[str, str]]()
        if self.body and "content-type" not in names:
            is_form = re.fullmatch(r"[\w.-]+=[^\s{\[]*", self.body)
            kind = "application/x-www-form-urlencoded" if is_form else "application/json"
            added.append(("content-type", kind))
        if self.body and "content-length" not in names:
            added.append(("content-length", str(len(self.content))))
        return [*self.headers, *added]

    def __str__(self) -> str:
        """Return the request as text."""
        head = [f"{self.method} {self.target}", *(f"{n}: {v}" for n, v in self.headers)]
        return "\n".join([*head, *(["", self.body] if self.body else [])])


def to_text(requests: list[Request]) -> str:
    """Return several requests as text."""
    text = ""
    for request in requests:
        text += f"\n&\n{request}" if request.with_the_last else f"\n\n{request}"
    return text.lstrip("\n&")


@dataclass
class Exchange:
    """A request of a recorded text, and the lines that follow it: what was answered."""

    request: Request
    lines: list[str]
    """All lines of the request itself."""
    answer: list[str]


def exchanges(text: str, *, is_recorded: bool = True) -> tuple[str, list[Exchange]]:
    """Return what stands before the first request, and the exchanges; a reader's text has no answers."""
    before, found, is_joined = list[str](), list[Exchange](), False
    for line in text.rstrip("\n").split("\n"):
        if start := START.fullmatch(line.rstrip()):
            request = Request(start["method"], start["target"], body=start["body"] or "")
            request.with_the_last = is_joined
            found.append(Exchange(request, [line], []))
            is_joined = False
        elif line.strip() == "&":
            is_joined = True
        elif found:
            found[-1].answer.append(line)
        else:
            before.append(line)
    for exchange in found:
        _split(exchange, is_recorded=is_recorded)
    return "\n".join(before).strip("\n"), found


def _split(exchange: Exchange, *, is_recorded: bool) -> None:
    """Move the rest of the request, its headers and body, out of what follows its first line."""
    rest, request = exchange.answer, exchange.request
    end = next((n for n, line in enumerate(rest) if STATUS.match(line)), None)
    if end is None:
        end = 0 if is_recorded else len(rest)
    head, exchange.answer = rest[:end], rest[end:]
    exchange.lines += head
    while head and (header := HEADER.fullmatch(head[0])):
        request.headers.append((header["name"], header["value"].rstrip()))
        head.pop(0)
    request.body = request.body or "\n".join(head).strip("\n").strip()


def requests(text: str, *, is_recorded: bool = False) -> list[Request]:
    """Return the requests of a text."""
    return [exchange.request for exchange in exchanges(text, is_recorded=is_recorded)[1]]
