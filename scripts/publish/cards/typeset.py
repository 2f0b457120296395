"""Set text in a box: fonts, widths, lines, and the largest size that fits.

The fonts are Python packages under the SIL Open Font License. The basic layout of Pillow is used
because its other one loads a library of the system where there is one, and would look different there.
"""

import functools
from bisect import bisect_right
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

from PIL import ImageFont

FONTS: dict[str, tuple[str, str, list[float]]] = {  # package, file, values of the font's axes
    "text": ("fontpkg_inter", "Inter[opsz,wght].ttf", [24, 420]),
    "bold": ("fontpkg_inter", "Inter[opsz,wght].ttf", [32, 680]),
    "code": ("fontpkg_jetbrains_mono", "JetBrainsMono[wght].ttf", [460]),
}
CODE_SIZE = 0.9  # beside text of size 1

Line = list[tuple[str, int]]
"""Letters, each with the number of the stretch of text that it belongs to; odd stretches are code."""


@functools.cache
def font(style: str, size: float) -> ImageFont.FreeTypeFont:
    """Return a font of ``FONTS`` in ``size`` pixels."""
    package, file, axes = FONTS[style]
    path = str(files(package) / "files" / file)
    loaded = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    loaded.set_variation_by_axes(axes)
    return loaded


@functools.cache
def advance(letter: str, used: ImageFont.FreeTypeFont) -> float:
    """Return the width of one letter in pixels; the basic layout of these fonts has no kerning."""
    return used.getlength(letter)


class Style(NamedTuple):
    """How text looks."""

    name: str
    """A key of ``FONTS``."""
    size: int
    """Of the letters, in pixels."""
    leading: float
    """Height of a line as a multiple of ``size``."""

    @property
    def height(self) -> float:
        """Height of a line in pixels."""
        return self.size * self.leading

    def runs(self, line: Line) -> Iterator[tuple[str, ImageFont.FreeTypeFont, int]]:
        """Yield the stretches of a line: words, font, and the space on both sides of code."""
        for number, letters in groupby(line, key=lambda letter: letter[1]):
            words = "".join(letter for letter, _ in letters)
            if number % 2:
                yield words, font("code", self.size * CODE_SIZE), self.size // 5
            else:
                yield words, font(self.name, self.size), 0

    def width(self, line: Line) -> float:
        """Return the width of a line in pixels."""
        return sum(
            sum(advance(letter, used) for letter in words) + 2 * space
            for words, used, space in self.runs(line)
        )

    def wrap(self, text: str, width: float) -> list[Line]:
        """Break ``text`` into lines of at most ``width`` pixels, inside a word only where it must be."""
        letters = [(sign, n) for n, part in enumerate(text.split("`")) for sign in part]
        lines: list[Line] = [[]]
        for is_blank, group in groupby(letters, key=lambda letter: letter[0] == " "):
            if is_blank:
                continue
            word, line = list(group), lines[-1]
            # A blank between two words of the same code is code.
            blank = [(" ", word[0][1] if line[-1][1] == word[0][1] else 0)] if line else []
            if line and self.width(line + blank + word) > width:
                lines.append(word)
            else:
                lines[-1] = line + blank + word
            while self.width(lines[-1]) > width:
                line = lines.pop()
                ends = range(1, len(line))
                cut = bisect_right(ends, width, key=lambda end: self.width(line[:end])) or 1
                lines += line[:cut], line[cut:]
        return lines


def fit(
    text: str, name: str, sizes: range, leading: float, width: int, height: int
) -> tuple[Style, list[Line]]:
    """Return the first of ``sizes`` in which ``text`` fits with no word broken, as style and lines.

    In the last size words are broken, and what still does not fit is cut and ends in an ellipsis.
    """
    for size in sizes:
        style = Style(name, size, leading)
        lines = style.wrap(text, width)
        fitting = int(height / style.height)
        words = [word for line in lines for word in "".join(sign for sign, _ in line).split()]
        is_whole = words == text.replace("`", "").split()
        if len(lines) <= fitting and (is_whole or size == sizes[-1]):
            return style, lines
    last = [*lines[fitting - 1][:-2], ("…", 0)]
    return style, [*lines[: fitting - 1], last]
