"""The record of what runs in the browser is true; each program is run again for it, in one interpreter."""

import pytest

from scripts.catalogue.files.problems import Problem
from scripts.runner.hosts import browser
from scripts.runner.inside.program import has_app
from scripts.runner.programs import programs
from scripts.runner.record import main, read_record
from scripts.runner.trials import CANNOT, SAME, retold
from tests.refuse import refuse

MOST_WITHOUT = {False: 20, True: 15}
"""Per cent of all programs, and of those with an application, that may have no button."""
REMEDY = "Run `make runs`, and look at the difference."


@pytest.mark.parametrize("with_app", MOST_WITHOUT)
def test_most_programs_run(with_app: bool) -> None:
    record = read_record()
    results = [
        record[program.path].result
        for program in programs()
        if program.path in record and (has_app(program.source) or not with_app)
    ]
    assert 100 * results.count(CANNOT) <= MOST_WITHOUT[with_app] * len(results)
    assert results.count(SAME) > 0


@pytest.mark.site
@pytest.mark.timeout(3600)  # runs each program, one after another
def test_each_program_does_in_the_browsers_interpreter_what_the_record_says() -> None:
    record = read_record()
    with browser() as host:
        faults = [
            (program.path, fault)
            for program in programs()
            if program.path in record and (fault := retold(record[program.path], program, host))
        ]
    refuse(
        Problem(f"snippets/{path}", 1, f"in the browser {fault}", REMEDY) for path, fault in faults
    )


def test_a_part_that_has_no_program_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("responses/no-such-answer") == 1
    told = "ONLY=responses/no_such_answer: no page shows a program below it. Name the folder.\n"
    assert capsys.readouterr().err == told
