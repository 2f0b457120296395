"""The way in from JavaScript: everything crosses as JSON."""

import json
import random
import sys
from collections.abc import Callable

from .bundles import BundleFinder


def start(
    manifest: str, fetch: Callable[[str], str], emit: Callable[[str], None]
) -> Callable[[str], None]:
    """Prepare the interpreter; return what runs a job, which is the arguments of ``Session.run``."""
    known = json.loads(manifest)
    sys.meta_path.append(BundleFinder(known["bundles"], known["extensions"], fetch))
    import fastapi  # noqa: F401  # before it is asked for

    from .event_loop import loop, threads
    from .session import Session

    loop.as_default()
    threads.install()
    random.seed()
    session = Session(lambda kind, details: emit(json.dumps({"event": kind, **details})))

    def run(job: str) -> None:
        session.run(**json.loads(job))

    return run
