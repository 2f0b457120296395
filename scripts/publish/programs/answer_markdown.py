"""The Markdown version of an answer: complete in one file, readable without this site's engine."""

import functools
import re
from urllib.parse import urldefrag, urljoin

from frontmatter.default_handlers import YAMLHandler
from jinja2 import Environment, StrictUndefined, UndefinedError

from scripts.catalogue.answers import AnswerPage, Page
from scripts.catalogue.files.included_code import included
from scripts.catalogue.files.markdown_text import plain
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.shown_code import shown_blocks
from scripts.project import ROOT, site_url
from scripts.publish.programs.model import Export
from scripts.releases.lock import read_lock

FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^ *(?P=fence) *$",
    re.M | re.S,
)
LANGUAGE = re.compile(r"[\w+-]+")
TITLE = re.compile(r'title="([^"]+)"')
# What only the engine understands: layout, and the ids and classes of headings and paragraphs.
LAYOUT = re.compile(
    r"""^[ \t]*</?div\b(?:"[^"]*"|'[^'\n]*'|[^"'>])*>[ \t]*\n|[ \t]*\{:? ?[#.][^}\n]*\}[ \t]*$""",
    re.M,
)
# The target of a link within the site; code comes first, since nothing in it is a link.
CODE_OR_TARGET = re.compile(
    r"(?P<ticks>`+)(?:(?!\n\n).)+?(?P=ticks)(?!`)|\]\((?!https?:)(?P<target>[^)\s]+)", re.S
)
# Kept while `make serve` runs: a page is compiled again only when it was edited.
compiled = functools.lru_cache(maxsize=1_000)(Environment(undefined=StrictUndefined).from_string)


class MarkdownVersions:
    """Renders answers as Markdown."""

    def __init__(self, export: Export, templates: Environment) -> None:
        """Take the part above and below an explanation from ``templates``, filled from ``export``."""
        self.answers = {answer.id: answer for answer in export.answers}
        self.topics = {topic.slug: topic for topic in export.topics}
        self.templates = templates
        self.lock = read_lock()

    def render(self, page: AnswerPage) -> str:
        """Return the Markdown version of ``page``.

        Raises ``Problems`` where the page calls a macro that has no Markdown version.
        """
        text = (ROOT / page.file).read_text(encoding="utf-8")
        body = compiled(YAMLHandler().split(text)[1])
        try:
            filled = body.render(
                answer_head=lambda: self.part("head", page),
                answer_foot=lambda: self.part("foot", page),
                version=self.lock.versions.__getitem__,
            )
        except UndefinedError as error:
            fault = f"a macro has no Markdown version ({error})"
            remedy = "Give it one in scripts/publish/programs/answer_markdown.py."
            raise Problems([Problem(page.file, 1, fault, remedy)]) from error
        return self.portable(filled, site_url() + page.source).strip() + "\n"

    def part(self, name: str, page: AnswerPage) -> str:
        """Return the ``head`` or the ``foot`` of an answer."""
        answer = self.answers[page.meta.id]
        template = self.templates.get_template(f"exported_{name}.md.jinja")
        topic = self.topics[answer.topic]
        return template.render(answer=answer, answers=self.answers, topic=topic).strip()

    def portable(self, text: str, base: str) -> str:
        """Return Markdown without what only the engine understands; ``base`` is where its links start."""
        parts, end = [], 0
        for fence in FENCE.finditer(text):
            parts += [portable_prose(text[end : fence.start()], base), self.portable_fence(fence)]
            end = fence.end()
        return "".join([*parts, portable_prose(text[end:], base)])

    def portable_fence(self, fence: re.Match[str]) -> str:
        """Return a code block with its code, and with its title where every reader of Markdown shows it."""
        indent, marks, info, body = fence.group("indent", "fence", "info", "body")
        title, language = TITLE.search(info), LANGUAGE.search(info)
        above = f"{indent}**{plain(title[1])}**\n\n" if title else ""
        code = included(body).strip("\n")
        block = f"{above}{indent}{marks}{language[0] if language else ''}\n{code}\n{indent}{marks}"
        programs = [shown for shown in shown_blocks(fence[0]) if not shown.is_recorded]
        below = (f"\n\n{indent}Whole program: <{site_url()}{shown.address}>" for shown in programs)
        return "".join([block, *below])


def portable_prose(text: str, base: str) -> str:
    """Return Markdown outside code blocks without layout, with absolute links."""

    def absolute(match: re.Match[str]) -> str:
        return f"]({resolve(match['target'], base)}" if match["target"] else match[0]

    text = CODE_OR_TARGET.sub(absolute, LAYOUT.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", text)


def resolve(target: str, base: str) -> str:
    """Return the absolute address of a link on the page whose source would be at ``base``."""
    address, fragment = urldefrag(urljoin(base, target))
    if address.startswith(site_url()) and address.endswith(".md"):
        page = Page(f"docs/{address.removeprefix(site_url())}", "")
        address = site_url() + page.address.lstrip("/")
    return f"{address}#{fragment}" if fragment else address
