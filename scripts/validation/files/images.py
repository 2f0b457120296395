"""What the site publishes beside its pages: pictures that only draw, and nothing that no page uses."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.validation.rules import files, line_at, names, read, rule

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = re.compile(
    "circle|clipPath|defs|desc|ellipse|g|line|linearGradient|mask|path|polygon|polyline"
    "|radialGradient|rect|stop|svg|text|title|tspan"
)
ACTIVE = re.compile(r"on.*|href|style|.*\}.*")  # names of attributes; the last have a prefix
SIGNATURES = {".png": (0, b"\x89PNG\r\n\x1a\n"), ".webp": (8, b"WEBP"), ".avif": (4, b"ftypavif")}
OTHER_HOST = re.compile(r"""["'(`](?:https?:)?//(?!www\.w3\.org/2000/svg)[\w.-]+""")
USERS = ("docs", "mkdocs.yml", "overrides", "scripts")


def svg_fault(text: str) -> tuple[str, int] | None:
    """Return what an SVG picture holds beside a drawing, and the position of it, or nothing."""
    if found := re.search(
        r"<[!?](?!xml )", text
    ):  # no document type and no entity reaches the parser
        return found[0], found.start()
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except ElementTree.ParseError as error:
        return str(error), 0
    for element in elements:
        name = element.tag.removeprefix(SVG)
        for attribute, value in element.attrib.items():
            if ACTIVE.fullmatch(attribute) or re.search(r"url\((?!#)|:", value):
                return attribute.rpartition("}")[2], max(text.find(attribute.rpartition("}")[2]), 0)
        if element.tag != f"{SVG}{name}" or not DRAWN.fullmatch(name):
            return f"<{name.rpartition('}')[2]}>", max(text.find(name.rpartition("}")[2]), 0)
    return None


@rule("Files")
def every_image_only_draws(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs"):
        kind = PurePosixPath(name).suffix
        if kind == ".svg" and (fault := svg_fault(read(root, name))):
            line = line_at(read(root, name), fault[1])
            remedy = "Save it as a plain drawing, in SVG alone."
            yield Problem(name, line, f"the image holds {fault[0]}", remedy)
        elif kind in SIGNATURES:
            start, signature = SIGNATURES[kind]
            if content_of(root, name)[start:][: len(signature)] != signature:
                yield Problem(
                    name, 1, f"the file is no {kind[1:].upper()}", "Save it as what it is."
                )


@rule("Files")
def every_published_file_is_used(root: Path) -> Iterator[Problem]:
    published = [name for name in files(root, "docs") if name.startswith("docs/assets/")]
    texts = {
        name: read(root, name)
        for name in names(root)
        if name.startswith(USERS) and name.endswith((".css", ".html", ".js", ".md", ".py", ".yml"))
    }
    for name in published:
        file = PurePosixPath(name).name
        if not any(file in text for other, text in texts.items() if other != name):
            yield Problem(
                name, 1, "no page, style or script uses this file", "Use it, or delete it."
            )


@rule("Files")
def scripts_and_styles_name_no_other_host(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs"):
        if name.endswith((".css", ".js")):
            text = read(root, name)
            for found in OTHER_HOST.finditer(text):
                remedy = "Serve it from docs/assets; name the site's own address as the page does."
                yield Problem(
                    name, line_at(text, found.start()), f"{found[0][1:]} is another host", remedy
                )
