"""Mistakes with rules for reviews that only Semgrep sees: tried on the code of one answer."""

from pathlib import Path

from scripts.catalogue.files.reading import one_reading
from scripts.rules.prove import prove
from tests.mistakes.mistake import Edit, Mistake, lines, write

FOLDER = "snippets/middleware/cors_credentials"
FILE = f"{FOLDER}/rules.yml"


def tried(root: Path) -> str:
    """Try the rules of the answer on its own code, as `make rules` does."""
    with one_reading():
        return lines(prove(root, FOLDER))


def searching(*patterns: str) -> Edit:
    """Let the rule of the answer look for something else."""
    listed = "".join(f"      - {pattern}\n" for pattern in patterns)
    head = "rules:\n  - id: any-origin-with-credentials\n    languages: [python]\n    patterns:\n"
    return write(FILE, head + listed)


MISTAKES = [
    Mistake(
        "rule that finds another line",
        searching("pattern: $APP.add_middleware(..., allow_origins=['*'], ...)"),
        tried,
        FILE,
        "id: any-origin-with-credentials",
        "does not find line 12 of snippets/middleware/cors_credentials/wrong_any_origin.py: it finds line",
    ),
    Mistake(
        "rule that finds right code",
        searching(
            "pattern: $APP.add_middleware(CORSMiddleware, ..., allow_origins=$ORIGINS, ...)",
            "focus-metavariable: $ORIGINS",
        ),
        tried,
        "snippets/middleware/cors_credentials/bearer_tokens.py",
        "allow_origins=",
        "finds right code. Repair the code; narrow the rule if it is right",
        lines=2,  # another program of the folder lists origins as well
    ),
    Mistake(
        "rule that Semgrep cannot read",
        searching("pattern: 'def ('"),
        tried,
        FILE,
        "id: any-origin-with-credentials",
        "Semgrep cannot read it: ",
    ),
]
