"""The address of the form on which a reader reports a wrong answer."""

from urllib.parse import urlencode

from scripts.catalogue.answers import AnswerPage


def report_address(repository: str, page: AnswerPage, checked: str) -> str:
    """Return the address of the form for a wrong answer, filled in.

    ``checked`` names the versions. The keys are ids of fields in ``.github/ISSUE_TEMPLATE/answer.yml``.
    """
    values = {
        "template": "answer.yml",
        "title": f"Wrong or outdated: {page.title}",
        "answer": f"#{page.meta.id}: {page.title}",
        "checked": checked,
    }
    return f"{repository}/issues/new?{urlencode(values)}"
