"""Draw the picture of a card: a band with the site's name, a title, and a text in a box.

Needs no network and no library of the system.
"""

import functools
import io
from typing import NamedTuple

from PIL import Image, ImageDraw

from scripts.publish.cards import typeset

WIDTH, HEIGHT = 1200, 630  # pixels; the shape that previews show uncut
LEFT, RIGHT, BOTTOM, BAND, EDGE_WIDTH, PADDING = 60, 1140, 582, 96, 8, 32
# Colours of docs/assets/answers.css, light.
GREEN, EDGE, SURFACE, CODE, INK, WHITE = (
    (0, 89, 79), (0, 121, 107), (238, 245, 243), (216, 232, 228), (28, 35, 33), (255, 255, 255)
)  # fmt: skip
MEETING = ((WHITE, INK), (SURFACE, INK), (CODE, INK), (GREEN, WHITE))
SHADES = 16  # between two colours that meet; more make larger files and no better letters


class Card(NamedTuple):
    """The words of a card."""

    site: str
    label: str
    """Stands at the end of the band, for example ``#7``."""
    title: str
    text: str
    """May hold code between backticks."""


class Block(NamedTuple):
    """Lines of text and where they begin, in pixels."""

    left: int
    top: float
    style: typeset.Style
    lines: list[typeset.Line]


@functools.cache
def palette() -> Image.Image:
    """Return the few colours of the cards, and the shades of the letters' edges, for small files."""
    shades = [
        round(a + (b - a) * n / SHADES)
        for below, above in MEETING
        for n in range(SHADES + 1)
        for a, b in zip(below, above, strict=True)
    ]
    image = Image.new("P", (1, 1))
    image.putpalette([*shades, *EDGE])
    return image


def draw_rounded(
    image: Image.Image, box: tuple[float, ...], radius: int, colour: tuple[int, ...]
) -> None:
    """Fill a box with round corners, drawn four times as large since Pillow does not smooth edges."""
    left, top, right, bottom = (round(edge) for edge in box)
    size = right - left, bottom - top
    mask = Image.new("L", (4 * size[0], 4 * size[1]))
    whole = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(whole, 4 * radius, 255)
    image.paste(colour, (left, top), mask.resize(size, Image.Resampling.BOX))


def draw_block(image: Image.Image, block: Block) -> None:
    """Write the lines of a block, code in boxes of its own."""
    pen, size = ImageDraw.Draw(image), block.style.size
    for n, line in enumerate(block.lines):
        x, base = float(block.left), round(block.top + block.style.height * (n + 0.5) + 0.36 * size)
        for words, font, space in block.style.runs(line):
            end = x + font.getlength(words) + 2 * space
            if space:
                draw_rounded(image, (x, base - 0.9 * size, end, base + 0.3 * size), size // 6, CODE)
            pen.text((x + space, base), words, INK, font, anchor="ls")
            x = end


def compose(card: Card) -> tuple[Block, Block, int]:
    """Return title and text, and how many pixels below the edge of the card the text's box begins."""
    top = BAND + 32
    style, lines = typeset.fit(card.title, "bold", range(62, 36, -2), 1.18, RIGHT - LEFT, 150)
    title = Block(LEFT, top, style, lines)
    box = round(top + len(lines) * style.height) + 30
    left, high = LEFT + EDGE_WIDTH + PADDING, BOTTOM - box
    sizes, width = range(40, 18, -2), RIGHT - PADDING - left
    style, lines = typeset.fit(card.text, "text", sizes, 1.42, width, high - PADDING)
    return title, Block(left, box + (high - len(lines) * style.height) / 2, style, lines), box


def draw(card: Card) -> bytes:
    """Return the picture of a card as PNG; the same words give the same bytes."""
    image = Image.new("RGB", (WIDTH, HEIGHT), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, BAND - 1), GREEN)
    middle, bold = BAND / 2, functools.partial(typeset.font, "bold")
    draw_rounded(image, (LEFT, middle - 24, LEFT + 48, middle + 24), 10, WHITE)
    pen.text((LEFT + 24, middle), "✓", GREEN, bold(40), anchor="mm")
    pen.text((LEFT + 68, middle), card.site, WHITE, bold(36), anchor="lm")
    pen.text((RIGHT, middle), card.label, WHITE, bold(40), anchor="rm")
    title, text, box = compose(card)
    pen.rectangle((LEFT, box, RIGHT - 1, BOTTOM - 1), SURFACE)
    pen.rectangle((LEFT, box, LEFT + EDGE_WIDTH - 1, BOTTOM - 1), EDGE)
    draw_block(image, title)
    draw_block(image, text)
    file = io.BytesIO()
    # Level 9 takes six times as long and saves a tenth.
    image.quantize(palette=palette(), dither=Image.Dither.NONE).save(file, "PNG", compress_level=7)
    return file.getvalue()
