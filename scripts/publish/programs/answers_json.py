"""The catalogue as the models of ``scripts/publish/programs/model.py``, with absolute addresses."""

from typing import Any

from scripts.catalogue.answers import AnswerPage, Catalogue, TopicPage
from scripts.catalogue.files.front_matter import Correction
from scripts.catalogue.files.markdown_text import plain
from scripts.catalogue.finding import Finding
from scripts.catalogue.findings import all_findings
from scripts.catalogue.shown_code import shown_blocks
from scripts.pages.review_macros import relinked, short_links
from scripts.project import ROOT, repository_url, site_url
from scripts.publish.programs.model import Export, ExportedAnswer
from scripts.releases.lock import Lock, read_lock
from scripts.releases.proof import proof_of, test_line
from scripts.releases.record import PACKAGES, Record, read_record
from scripts.rules.read_rules import finders

SCHEMA = "answers.schema.json"
LICENCE = "MIT"
# Fields that the front matter holds under the same name, in the same form.
SAME = set(ExportedAnswer.model_fields) - {"corrections", "programs"}


def export(catalogue: Catalogue) -> Export:
    """Return all that ``answers.json`` holds."""
    lock, record, found_by = read_lock(), read_record(), finders()
    content = {
        "schema_url": site_url() + SCHEMA,
        "site": site_url(),
        "licence": LICENCE,
        "topics": [export_topic(topic) for topic in catalogue.topics],
        "answers": [
            export_answer(page, topic, lock, record)
            for group in ("answers", "retired")
            for topic in catalogue.topics
            for page in getattr(topic, group)
        ],
        "findings": [
            export_finding(finding, catalogue, found_by.get(finding.address))
            for its in all_findings(catalogue).values()
            for finding in its
        ],
    }
    return Export.model_validate(content)


def export_finding(finding: Finding, catalogue: Catalogue, finder: str | None) -> dict[str, Any]:
    """Return the fields of a finding, which ``finder`` finds: a rule of ours, or another check."""
    is_check = bool(finder and ":" in finder)
    return {
        "id": finding.address,
        "answer": finding.page.meta.id,
        "anchor": finding.anchor,
        "url": site_url() + finding.address,
        "title": plain(finding.title),
        "severity": finding.severity,
        "sentence": relinked(finding.sentence, finding.page, short_links(catalogue, site_url())),
        "wrong": finding.wrong,
        "flag": finding.flag,
        "right": finding.right,
        "language": finding.language,
        "rule": None if is_check else finder,
        "check": finder if is_check else None,
    }


def export_topic(topic: TopicPage) -> dict[str, Any]:
    """Return the fields of a topic."""
    return {
        "slug": topic.address.rstrip("/"),
        "title": topic.title,
        "description": topic.meta.description,
        "url": site_url() + topic.address,
        "answers": [page.meta.id for page in topic.answers],
    }


def export_answer(page: AnswerPage, topic: TopicPage, lock: Lock, record: Record) -> dict[str, Any]:
    """Return the fields of an answer of ``topic``."""
    proof = proof_of(page, record, lock)
    days = [change.date for change in page.meta.changes]
    return page.meta.model_dump(include=SAME) | {
        "question": page.title,
        "url": site_url() + page.address,
        "short_url": f"{site_url()}{page.meta.id}/",
        "markdown_url": f"{site_url()}{page.meta.id}.md",
        "topic": topic.address.rstrip("/"),
        "corrections": [export_correction(correction) for correction in page.meta.said],
        "programs": program_addresses(page),
        "created": min(days),
        "updated": max(days),
        "checked": {
            "date": str(proof.date) if proof else lock.date,
            "versions": {package: lock.versions[package] for package in PACKAGES},
        },
    }


def program_addresses(page: AnswerPage) -> list[str]:
    """Return the address of each program that an answer shows a part of, once, in the order of the page."""
    shown = shown_blocks((ROOT / page.file).read_text(encoding="utf-8"))
    return list(dict.fromkeys(site_url() + s.address for s in shown if not s.is_recorded))


def export_correction(correction: Correction) -> dict[str, Any]:
    """Return the fields of a correction; its proof is either a test or the first of its sources."""
    repository = repository_url()
    test = None if correction.proof.startswith("https://") else correction.proof
    address = None
    if test and repository:
        path = test.split("::")[0]
        address = f"{repository}/blob/HEAD/{path}#L{test_line(test)}"
    sources = [None if test else correction.proof, correction.source]
    return {
        "note": correction.note,
        "claim": correction.claim,
        "truth": correction.truth,
        "test": test,
        "test_url": address,
        "sources": [source for source in sources if source],
    }
