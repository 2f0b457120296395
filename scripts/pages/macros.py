"""Macros for the pages: all parts of an answer that come from its front matter, and the lists.

Each macro returns Markdown from a template in ``scripts/pages/templates``, so that headings, links and
search treat it as text of the page.
"""

from pathlib import PurePosixPath
from posixpath import relpath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.catalogue.answers import AnswerPage, Page, load
from scripts.catalogue.files.front_matter import LEVEL_NAMES
from scripts.catalogue.files.markdown_text import plain
from scripts.catalogue.names import PUBLISHED
from scripts.catalogue.notes import read_notes
from scripts.pages.list_macros import browsing_macros
from scripts.pages.report_address import report_address
from scripts.pages.review_macros import review_macros
from scripts.pages.rule_macros import rule_macros
from scripts.project import ROOT
from scripts.releases.lock import read_lock
from scripts.releases.proof import proof_of, test_line
from scripts.releases.record import PACKAGES, read_record
from scripts.rules.frozen import frozen

IN_ANSWERS = ("answer_head", "answer_foot", "version")
"""The macros that an answer can call: those of which the exports have a Markdown version."""


def define_env(env: Any) -> None:
    """Register the macros; called by mkdocs-macros-plugin once for each build."""
    catalogue = load()
    lock = read_lock()
    record = read_record()
    repository = env.conf["extra"].get("repository", "")
    templates = Environment(
        loader=FileSystemLoader(ROOT / "scripts" / "pages" / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # the templates write Markdown, from reviewed files of this repository
    )

    def link(page: Page) -> str:
        """Link target from the page that is being rendered to ``page``."""
        return relpath(page.source, PurePosixPath(rendered().source).parent)

    def rendered() -> Page:
        """The page that is being rendered, by its front matter: engines differ in how they name files."""
        meta = env.page.meta
        if "id" in meta:
            return catalogue.answers[meta["id"]]
        topics = {topic.meta.order: topic for topic in catalogue.topics}
        return topics[meta["order"]] if "order" in meta else Page("docs/index.md", "")

    def short_link(page: AnswerPage) -> str:
        """Short link of ``page`` from the page that is being rendered: an answer, a topic or a list."""
        return "../" * (rendered().address.strip("/").count("/") + 1) + f"{page.meta.id}/"

    def proof(node_id: str) -> str:
        """Markdown for a proof: a link to the test in the repository, or the test's name without one."""
        path, name = node_id.split("::")
        label = f"`{name}`"
        return f"[{label}]({in_repository(path)}#L{test_line(node_id)})" if repository else label

    def in_repository(path: str) -> str:
        """Address of a file in the repository."""
        return f"{repository}/blob/HEAD/{path}"

    templates.filters["plain"] = plain
    templates.globals.update(
        catalogue=catalogue,
        link=link,
        short_link=short_link,
        site_url=env.conf["site_url"],
        proof=proof,
        lock=lock,
        packages=PACKAGES,
        level_names=LEVEL_NAMES,
        topic_of=catalogue.topic_of,
    )

    def answer() -> AnswerPage:
        return catalogue.answers[env.page.meta["id"]]

    def render(template: str, **values: Any) -> str:
        # Without a page it is only asked what a macro can be called with (scripts/validation/pages).
        return templates.get_template(template).render(**values).strip() if env.page else ""

    def answer_head() -> str:
        """What no longer holds, level, short answer, other wordings: the part above the explanation."""
        page = answer()
        return render("answer_head.md.jinja", page=page, checked=proof_of(page, record, lock))

    def answer_foot() -> str:
        """Corrections, sources, related answers, versions and changes: the part below the explanation."""
        page = answer()
        checked = ", ".join(f"{name} {lock.versions[name]}" for name in PACKAGES)
        report = report_address(repository, page, checked) if repository else ""
        values = {"report": report, "checked": proof_of(page, record, lock)}
        return render("answer_foot.md.jinja", page=page, **values)

    def topic_answers() -> str:
        """The answers of the topic whose index page is being rendered, in reading order."""
        topic = next(t for t in catalogue.topics if t.meta.order == env.page.meta["order"])
        return render("topic_answers.md.jinja", topic=topic)

    def corrections() -> str:
        """All corrections, grouped by topic and answer."""
        return render("corrections.md.jinja")

    def notes() -> str:
        """The questions of the original notes, with the answers that claim them."""
        return render("notes.md.jinja", notes=read_notes(catalogue))

    def repository_file(path: str) -> str:
        """Markdown for a file of the repository: a link, or its path where the site has no repository."""
        return f"[`{path}`]({in_repository(path)})" if repository else f"`{path}`"

    def published_file(path: str) -> str:
        """Markdown link to a file that ``scripts/publish/complete.py`` writes, of which no engine knows."""
        dated = {f"rules-{date}.yml" for date in frozen()}
        if path not in {*PUBLISHED, *dated, *(f"{number}.md" for number in catalogue.answers)}:
            known = ", ".join(("<id>.md", "rules-<date>.yml", *PUBLISHED))
            raise LookupError(f"no build writes {path}, but {known}")
        return f"[`{path}`{{ .field }}]({env.conf['site_url']}{path})"

    def version(package: str) -> str:
        """Version of ``package`` that the answers are checked on."""
        if package not in lock.versions:
            raise LookupError(f"requirements/test.txt locks no {package}")
        return lock.versions[package]

    macros = (
        answer_head,
        answer_foot,
        topic_answers,
        corrections,
        notes,
        published_file,
        repository_file,
        version,
        *browsing_macros(catalogue, templates, render),
        *review_macros(catalogue, templates, render),
        *rule_macros(env.conf["site_url"], render),
    )
    for macro in macros:
        env.macro(macro)
