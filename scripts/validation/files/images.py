"""What the site publishes beside its pages: pictures that only draw, and nothing that no page uses."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.validation.files.places import FROZEN
from scripts.validation.rules import files, line_at, names, read, rule

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = re.compile(
    "circle|clipPath|defs|desc|ellipse|g|line|linearGradient|mask|path|polygon|polyline"
    "|radialGradient|rect|stop|svg|text|title|tspan"
)
ACTIVE = re.compile(r"on.*|href|style|.*\}.*")  # names of attributes; the last have a prefix
# Of each kind of picture how it begins, where its parts do, and which these may be: no text, no thumbnail.
KINDS = {
    ".png": (b"\x89PNG\r\n\x1a\n", 8, b"IHDR|PLTE|tRNS|gAMA|cHRM|sRGB|sBIT|bKGD|pHYs|IDAT|IEND"),
    ".webp": (b"RIFF....WEBP", 12, b"VP8[ LX]|ALPH|ANIM|ANMF"),
}
LARGEST_SIDE = 4000  # of a picture in pixels
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


def picture_fault(content: bytes, kind: str) -> str:
    """Return what a picture of pixels is or holds beside them, or nothing."""
    begins, at, parts = KINDS[kind]
    if not re.match(begins, content, re.S):
        return f"the file is no {kind[1:].upper()}"
    is_png, name = kind == ".png", b""
    while at < len(content) and name != b"IEND":
        head = content[at : at + 8]
        name, size = (head[4:], head[:4]) if is_png else (head[:4], head[4:])
        length = int.from_bytes(size, "big" if is_png else "little")
        if not re.fullmatch(parts, name):
            return f"the image holds {name.decode('latin-1')!r}"
        at += 12 + length if is_png else 8 + length + length % 2
    sides = content[16:20], content[20:24]
    if at != len(content):
        return "the image does not end where it says"
    if is_png and max(int.from_bytes(side, "big") for side in sides) > LARGEST_SIDE:
        return f"the image has a side of more than {LARGEST_SIDE} pixels"
    return ""


@rule("Files")
def every_image_only_draws(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs"):
        kind = PurePosixPath(name).suffix
        if kind == ".svg" and (fault := svg_fault(read(root, name))):
            line = line_at(read(root, name), fault[1])
            remedy = "Save it as a plain drawing, in SVG alone."
            yield Problem(name, line, f"the image holds {fault[0]}", remedy)
        elif kind in KINDS and (told := picture_fault(content_of(root, name), kind)):
            remedy = "Save it as what it is, without a text or a thumbnail in it."
            yield Problem(name, 1, told, remedy)


@rule("Files")
def every_published_file_is_used(root: Path) -> Iterator[Problem]:
    texts = {
        name: read(root, name)
        for name in names(root)
        if name.startswith(USERS) and name.endswith((".css", ".html", ".js", ".md", ".py", ".yml"))
    }
    for name in files(root, "data", "docs"):
        file = PurePosixPath(name).name
        if not name.startswith(("docs/assets/", "data/")) or name.startswith(FROZEN):
            continue
        if not any(file in text for other, text in texts.items() if other != name):
            fault = "no page, style or script uses this file"
            yield Problem(name, 1, fault, "Use it, or delete it.")
