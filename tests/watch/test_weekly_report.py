"""The weekly issue: what it says of results, which links are gone, which locks are looked up."""

from pathlib import Path

import httpx2
import pytest

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.project import ROOT
from scripts.releases.environment import CommandError
from scripts.releases.record import Record
from scripts.watch import check_links, vulnerabilities
from scripts.watch.weekly_report import report
from tests.releases.records import ANSWER, NEWEST, record_with_a_failure, sentence


@pytest.fixture
def page(catalogue: Catalogue) -> AnswerPage:
    return catalogue.answers[ANSWER]


@pytest.fixture
def record(page: AnswerPage) -> Record:
    """A proof of the page fails on the newest release_sets."""
    return record_with_a_failure(page)


def test_the_issue_names_the_answers_the_links_and_the_vulnerabilities(
    record: Record, catalogue: Catalogue, page: AnswerPage
) -> None:
    text = report(
        record, catalogue, "https://example.org/x (404): docs/a.md\n", "jinja2 3.1.6 has 1\n"
    )
    assert f"On the newest releases ({sentence(NEWEST)}), Python 3.11, 3.12:" in text
    assert f"- 7, {page.title} (`{page.file}`): `test_that_fails`\n" in text
    assert "- https://example.org/x (404): docs/a.md\n" in text
    assert "```text\njinja2 3.1.6 has 1\n```" in text


def test_the_issue_is_closed_when_all_is_well(record: Record, catalogue: Catalogue) -> None:
    well = record.model_copy(update={"runs": record.of("oldest") + record.of("locked")})
    assert report(well, catalogue, "", "") == ""


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"HEAD": [200]}, (False, "")),
        ({"HEAD": [405], "GET": [200]}, (False, "")),
        ({"HEAD": [404], "GET": [404]}, (True, "404")),
        ({"HEAD": [503, 503, 200], "GET": [503, 503]}, (False, "")),
        ({"HEAD": [403] * 3, "GET": [403] * 3}, (False, "403")),
    ],
)
def test_a_link_is_gone_only_where_the_server_says_so(
    answers: dict[str, list[int]], expected: tuple[bool, str]
) -> None:
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(answers[request.method].pop(0))
    )
    pauses: list[float] = []
    with httpx2.Client(transport=transport) as client:
        assert check_links.fault(client, "https://example.org/", pauses.append) == expected
    assert pauses == [5.0, 10.0][: len(pauses)]


def test_a_server_that_does_not_answer_is_tried_three_times_and_not_called_gone() -> None:
    tries = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        tries.append(request.url)
        raise httpx2.ConnectError("refused")

    with httpx2.Client(transport=httpx2.MockTransport(refuse)) as client:
        found = check_links.fault(client, "https://example.org/", lambda seconds: None)
    assert found == (False, "ConnectError")
    assert len(tries) == 3


def test_every_source_of_an_answer_is_among_the_links(catalogue: Catalogue) -> None:
    found = check_links.addresses()
    for page in catalogue.answers.values():
        for source in page.meta.sources:
            assert page.file in found[source.url.partition("#")[0]]


def test_every_lock_but_the_oldest_is_audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def look_up(lock: Path) -> str:
        seen.append(lock.name)
        if lock.name == "site.txt":
            raise CommandError("uv: no route")
        return "jinja2 has 1" if lock.name == "test.txt" else ""

    monkeypatch.setattr(vulnerabilities, "audit", look_up)
    assert vulnerabilities.main() == 0
    expected = {path.name for path in ROOT.glob("requirements/*.txt")} - {"oldest.txt"}
    assert set(seen) == expected
    assert capsys.readouterr().out.splitlines() == [
        "site.txt could not be looked up: uv: no route",
        "test.txt",
        "jinja2 has 1",
    ]
