"""Link previews: each page and short link says what a preview shows, and the pictures are right."""

import io
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from scripts.catalogue.answers import Catalogue
from scripts.project import ROOT, site_url
from scripts.publish.cards.picture import (
    BAND,
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    Block,
    Card,
    compose,
    draw,
)
from scripts.publish.cards.write_cards import cards, site_name, write_cards
from tests.site_pages import ALL_PAGES

LARGEST = 40_000  # bytes of a picture
SMALLEST = 26  # pixels of text; half of that where a preview is 600 wide
TAG = re.compile(
    r'<meta (?:name|property)="(description|og:[^"]+|twitter:[^"]+)" content="([^"]*)"'
)
LONG = {
    "wide words": Card("Site", "#1", "WIDE WORDS " * 14, "WIDE WORDS " * 27),
    "one word": Card("Site", "#1", "W" * 150, "W" * 300),
    "one piece of code": Card("Site", "#1", "`" + "w" * 150 + "`", "`" + "w" * 298 + "`"),
    "many pieces of code": Card("Site", "#1", "a `b` " * 30, "`a` `b c`, " * 27),
    "more than fits": Card("Site", "#1", "WIDE WORDS " * 30, "`a` WIDE WORDS " * 90),
}


def fail(problems: list[str]) -> None:
    """Fail with one line for each problem, if there are any."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def opened(picture: bytes) -> Image.Image:
    """Return a picture with the colours of its pixels."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


@pytest.fixture(scope="module")
def words(catalogue: Catalogue) -> dict[str, Card]:
    """Return the words of all cards by the name of the picture."""
    return cards(catalogue)


@pytest.fixture(scope="module")
def composed(words: dict[str, Card]) -> dict[str, tuple[Block, Block]]:
    """Return title and text of all cards in lines, by the name of the picture."""
    return {name: compose(card)[:2] for name, card in words.items()}


@pytest.fixture(scope="module")
def expected(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return what every page and short link has to say to previews, by its address, where it is known."""
    answers = {page.file: page for page in catalogue.answers.values()}
    pages = {page.address: answers.get(page.source) for page in ALL_PAGES}
    pages |= {f"{number}/": page for number, page in catalogue.answers.items()}
    tags = {}
    for address, answer in pages.items():
        name = str(answer.meta.id) if answer else "site"
        tags[address] = {
            "og:site_name": site_name(),
            "og:type": "article" if answer else "website",
            "og:url": site_url() + (answer.address if answer else address.replace("404.html", "")),
            "og:image": f"{site_url()}assets/cards/{name}.png",
            "og:image:type": "image/png",
            "og:image:width": str(WIDTH),
            "og:image:height": str(HEIGHT),
            "twitter:card": "summary_large_image",
        }
        if answer:
            tags[address] |= {
                "og:title": answer.title,
                "og:description": answer.meta.answer.replace("`", ""),
                "og:image:alt": f"Card #{name} of {site_name()}: {answer.title}",
            }
    return tags


@pytest.mark.site
def test_every_page_and_short_link_says_what_a_preview_shows(
    site: Path, expected: dict[str, dict[str, str]]
) -> None:
    problems = []
    for address, tags in expected.items():
        name = address if address.endswith(".html") else f"{address}index.html"
        found = TAG.findall((site / name).read_text(encoding="utf-8"))
        page = {tag: unescape(content) for tag, content in found}
        faults = [
            f"`{tag}` is not {value!r}" for tag, value in tags.items() if page.get(tag) != value
        ]
        for tag in ("description", "og:title", "og:description", "og:image:alt"):
            if not page.get(tag):
                faults.append(f"`{tag}` is missing or empty")
        if page.get("description") != page.get("og:description"):
            faults.append("`description` is not `og:description`")
        if len(found) != len(page):
            faults.append(f"a tag stands there twice: {sorted(tag for tag, _ in found)}")
        problems += [
            f"site/{name}: {fault}. Correct overrides/partials/preview.html or its users."
            for fault in faults
        ]
    fail(problems)


@pytest.mark.site
def test_every_card_is_a_small_picture_of_the_size_that_pages_name(
    site: Path, words: dict[str, Card]
) -> None:
    problems = []
    for name in words:
        path = site / "assets" / "cards" / f"{name}.png"
        if not path.is_file():
            problems.append(f"{path.relative_to(ROOT)} is missing. Run `make build`.")
            continue
        with Image.open(path) as image:
            found = f"{image.format}, {image.width} x {image.height}"
        if found != f"PNG, {WIDTH} x {HEIGHT}" or path.stat().st_size > LARGEST:
            problems.append(
                f"{path.relative_to(ROOT)}: {found}, {path.stat().st_size} bytes. Cards are PNG, "
                f"{WIDTH} x {HEIGHT}, at most {LARGEST} bytes: correct scripts/publish/cards/picture.py."
            )
    fail(problems)


@pytest.mark.site
@pytest.mark.parametrize("name", ["site", "7"])
def test_drawing_a_card_again_gives_the_same_bytes(
    site: Path, words: dict[str, Card], name: str
) -> None:
    built = (site / "assets" / "cards" / f"{name}.png").read_bytes()
    assert draw(words[name]) == built, f"card {name} differs from the built one: run `make build`"


def test_a_second_build_draws_only_what_changed(catalogue: Catalogue, tmp_path: Path) -> None:
    def drawn(*titles: str) -> int:
        answers = [replace(page, title=title) for page, title in zip(pages, titles, strict=True)]
        few = Catalogue((replace(topic, answers=tuple(answers)),))
        count = write_cards(few, tmp_path / "site", tmp_path / "cache")
        files = {path.stem for path in (tmp_path / "site" / "assets" / "cards").iterdir()}
        assert files == {"site", *(str(page.meta.id) for page in pages)}
        assert len(list((tmp_path / "cache").iterdir())) == len(files)
        return count

    topic = catalogue.topics[0]
    pages = topic.answers[:2]
    assert drawn("One?", "Two?") == 3
    assert drawn("One?", "Two?") == 0
    assert drawn("One?", "Three?") == 1


def test_no_card_cuts_its_words_or_makes_them_too_small(
    words: dict[str, Card], composed: dict[str, tuple[Block, Block]]
) -> None:
    problems = []
    for name, (title, text) in composed.items():
        card = words[name]
        for block, whole in ((title, card.title), (text, card.text)):
            shown = "".join(letter for line in block.lines for letter, _ in line)
            if shown.replace(" ", "") != re.sub(r"[ `]", "", whole):
                problems.append(f"card {name} cuts {whole!r}. Shorten it.")
        if text.style.size < SMALLEST:
            problems.append(
                f"card {name}: text of {text.style.size} pixels. Shorten {card.text!r}."
            )
    fail(problems)


def test_the_fonts_have_every_letter_of_the_cards(composed: dict[str, tuple[Block, Block]]) -> None:
    used = {
        (font, letter): name
        for name, blocks in composed.items()
        for block in blocks
        for line in block.lines
        for stretch, font, _ in block.style.runs(line)
        for letter in stretch.strip()
    }
    missing = {font: bytes(font.getmask("\uffff")) for font, _ in used}
    fail(
        [
            f"card {name}: {font.getname()[0]} has no {letter}. Use another sign in the title or the answer."
            for (font, letter), name in used.items()
            if letter != " " and bytes(font.getmask(letter)) == missing[font]
        ]
    )


@pytest.mark.parametrize("card", LONG.values(), ids=LONG.keys())
def test_long_text_stays_inside_its_card(card: Card) -> None:
    image = opened(draw(card))
    empty = opened(draw(card._replace(title="", text="")))
    box = compose(card)[2]
    # Between the band and the box stands the title, in the box the text; all the rest is as without words.
    for part in (
        (0, 0, WIDTH, BAND + 16),
        (0, BAND, LEFT, HEIGHT),
        (RIGHT, BAND, WIDTH, HEIGHT),
        (0, BOTTOM, WIDTH, HEIGHT),
    ):
        assert image.crop(part).tobytes() == empty.crop(part).tobytes(), f"{part} holds letters"
    for edge in (
        (0, box - 12, WIDTH, box),
        (LEFT + 8, box, RIGHT, box + 8),
        (LEFT + 8, box, LEFT + 32, BOTTOM),
        (RIGHT - 24, box, RIGHT, BOTTOM),
        (LEFT + 8, BOTTOM - 8, RIGHT, BOTTOM),
    ):
        assert len(image.crop(edge).getcolors() or []) == 1, f"{edge} holds letters"


def test_the_cards_have_the_colours_of_the_site() -> None:
    css = (ROOT / "docs" / "assets" / "answers.css").read_text(encoding="utf-8")
    light = css[css.index("[data-md-color-scheme]") : css.index('"slate"')]
    seen = {colour for _, colour in opened(draw(LONG["many pieces of code"])).getcolors(256) or []}
    for name in (
        "--md-primary-fg-color",
        "--answers-edge",
        "--answers-surface",
        "--md-default-fg-color",
    ):
        found = re.search(rf"{name}: #(\w{{6}});", light)
        assert found
        assert tuple(bytes.fromhex(found[1])) in seen, (
            f"no card has the colour {name}: correct scripts/publish/cards/picture.py"
        )
