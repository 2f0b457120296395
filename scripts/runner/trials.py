"""Tries a program in the browser's interpreter and in CPython: does it run, and does it say the same?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.project import ROOT
from scripts.runner.companions import companions
from scripts.runner.hosts import Event, Host
from scripts.runner.inside.exchanges.compare import views
from scripts.runner.inside.exchanges.outcome import Answer, Outcome, message, whole
from scripts.runner.inside.exchanges.text import requests as requests_of
from scripts.runner.inside.exchanges.text import to_text
from scripts.runner.programs import Program
from scripts.runner.reasons import MISSING, kind, lacks

ENDLESS = "OutOfTimeError"
SAME, RUNS, CANNOT = "same", "runs", "cannot"


@dataclass(frozen=True)
class Trial:
    """What came of a program."""

    path: str
    result: str
    """``same`` as was recorded on its page, ``runs``, or ``cannot``."""
    detail: str = ""
    """The recorded text and what of the run it holds, or why the program cannot run."""
    given: str = ""
    """What CPython gave, where no text of the page says it and the browser gives the same."""


def asked_by(text: str) -> str:
    """Return the requests that a recorded text holds, as text."""
    return to_text(requests_of(text, is_recorded=True))


def failure(events: list[Event]) -> str:
    """Return the exception of a run, or nothing; ``hang`` where it did not end."""
    if events[-1]["event"] == "hang":
        return "hang"
    errors = [event for event in events if event["event"] == "error"]
    return f"{errors[-1]['kind']}: {errors[-1]['message']}" if errors else ""


def told(events: list[Event]) -> str:
    """Return what a run gave, in the form of a recorded text."""
    outcome, answers = Outcome(), dict[int, Answer]()
    for event in events:
        if event["event"] == "printed" and event["stream"] == "stdout":
            outcome.printed += event["text"]
        elif event["event"] == "asked":
            outcome.asked = event["text"]
        elif event["event"] == "response":
            answers[event["number"]] = Answer(event["status"])
        elif event["event"] == "body":
            answers[event["number"]].body += event["text"].encode()
        elif event["event"] == "message":
            outcome.messages.append(message(event))
    outcome.answers = list(answers.values())
    return "\n\n".join(filter(None, [whole(outcome), failure(events)]))


def job(program: Program, **more: Any) -> dict[str, Any]:
    """Return the job that runs a program, with the request that its page is about."""
    lines = program.lines[0] if program.lines else None
    return {
        "source": program.source,
        "name": Path(program.path).name,
        "lines": lines,
        "files": companions(program.path),
        "anew": True,
        "hurry": True,
    } | more


NOTHING = {"source": "", "name": "nothing.py", "anew": True}


def alone(host: Host, one: dict[str, Any]) -> list[Event]:
    """Run a job after the program before has been shut down, which may print too."""
    host.run(NOTHING)
    return host.run(one)


def again(given: str) -> dict[str, Any]:
    """Return what the page adds to a job whose output is known: its request, and the comparison."""
    return {"asked": asked_by(given), "recorded": given, "compared": ["whole"]} if given else {}


def matching(program: Program, host: Host, root: Path = ROOT) -> tuple[str, str] | None:
    """Return the recorded text of the page that a program gives, and what of the run it is, or ``None``."""
    for name in program.recorded:
        text = (root / "snippets" / name).read_text(encoding="utf-8")
        asked = {"asked": asked_by(text), "recorded": text, "compared": views(text)}
        result = host.run(job(program, **asked))[-1]
        if result.get("same"):
            return name, result["view"]
    return None


def trial(program: Program, browser: Host, here: Host, root: Path = ROOT) -> Trial:
    """Try a program."""
    events = alone(browser, job(program))
    why = failure(events)
    if word := lacks(why):
        return Trial(program.path, CANNOT, word)
    real = alone(here, job(program))
    if why and kind(why) != kind(failure(real)):
        return Trial(program.path, CANNOT, lacks(why, MISSING) or kind(why))
    if why.startswith(ENDLESS):
        return Trial(program.path, RUNS, ENDLESS)
    if found := matching(program, browser, root):
        return Trial(program.path, SAME, ":".join(found))
    given = told(real)
    is_same = given == told(events) and alone(browser, job(program, **again(given)))[-1].get("same")
    return Trial(program.path, RUNS, kind(why), given if is_same else "")


def retold(found: Trial, program: Program, browser: Host, root: Path = ROOT) -> str:
    """Run a program again; return what is not as it was ``found``, or nothing."""
    if found.result == SAME:
        name, _, how = found.detail.partition(":")
        text = (root / "snippets" / name).read_text(encoding="utf-8")
        asked = {"asked": asked_by(text), "recorded": text, "compared": [how]}
        is_same = browser.run(job(program, **asked))[-1].get("same")
        return "" if is_same else f"it does not give {name} any more"
    events = alone(browser, job(program, **again(found.given)))
    why = failure(events)
    if found.result == CANNOT:
        return "" if why else "it runs now"
    if kind(why) != found.detail.removeprefix("-"):
        return f"it ends with {why or 'no exception'} now"
    return "" if not found.given or events[-1]["same"] else "it gives something else"
