"""Write what programs read of the site; ``docs/programs.md`` says what each file is for.

All of it comes from the catalogue and the pages' sources, so that it is the same with every engine, and
the same bytes in each build of a commit.
"""

import datetime
import functools
import json
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.files.front_matter import LEVEL_NAMES
from scripts.catalogue.files.markdown_text import plain
from scripts.publish.programs.answer_markdown import MarkdownVersions
from scripts.publish.programs.answers_json import SCHEMA, export
from scripts.publish.programs.model import Export, ExportedAnswer, schema
from scripts.publish.programs.sitemap import write_sitemap
from scripts.rules.frozen import copies
from scripts.rules.join import joined

FEED_LENGTH = 30  # entries


@dataclass(frozen=True)
class Entry:
    """What the feed tells of one answer and one day."""

    answer: ExportedAnswer
    date: datetime.date
    texts: list[str]
    """The changes of the day."""

    @property
    def kind(self) -> str:
        """Whether the answer was ``new`` or ``changed`` on that day."""
        return "new" if self.date == self.answer.created else "changed"


def entries(content: Export) -> list[Entry]:
    """Return the newest entries of the feed, the newest first, and of one day the highest number first."""
    found = [
        Entry(answer, day, [change.text for change in answer.changes if change.date == day])
        for answer in content.answers
        for day in {change.date for change in answer.changes}
    ]
    found.sort(key=lambda entry: (entry.date, entry.answer.id), reverse=True)
    return found[:FEED_LENGTH]


@functools.cache
def load_templates() -> Environment:
    """Return the templates, which are compiled once."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: bool(name and ".xml" in name),
    )
    templates.filters["plain"] = plain
    templates.globals["level_names"] = LEVEL_NAMES
    return templates


def write_exports(catalogue: Catalogue, site: Path) -> None:
    """Write all files for programs into ``site``.

    Raises ``Problems`` where a page has no Markdown version.
    """
    templates = load_templates()
    content = export(catalogue)
    versions = MarkdownVersions(content, templates)
    texts = {number: versions.render(page) for number, page in catalogue.answers.items()}
    files = {f"{number}.md": text for number, text in texts.items()} | {
        "answers.json": content.model_dump_json(by_alias=True, indent=1) + "\n",
        SCHEMA: json.dumps(schema(str(content.schema_url)), indent=1) + "\n",
        "llms.txt": templates.get_template("llms.txt.jinja").render(
            content=content, answers=versions.answers
        ),
        "llms-full.txt": "\n".join(texts[number] for number in catalogue.living),
        "opensearch.xml": templates.get_template("opensearch.xml.jinja").render(content=content),
        "feed.xml": templates.get_template("feed.xml.jinja").render(
            content=content, entries=entries(content)
        ),
        "rules.yml": joined(),
        **copies(str(content.site)),
    }
    for name, text in files.items():
        (site / name).write_text(text, encoding="utf-8")
    write_sitemap(catalogue, site, templates)
