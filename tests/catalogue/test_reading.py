"""A file is read once in one reading, and what is known of a text outlives the process, but not its text."""

import json
from pathlib import Path

import pytest

from scripts.catalogue.files import reading
from scripts.catalogue.files.reading import Remembered, once, one_reading, text_of


def test_within_a_reading_a_file_is_read_once_and_an_edit_shows_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"before\r\n")
    with one_reading():
        assert text_of(tmp_path, "a.md") == "before\n"
        path.write_text("after", encoding="utf-8")
        with one_reading():
            assert text_of(tmp_path, "a.md") == "before\n"
        assert text_of(tmp_path, "a.md") == "before\n"
    assert text_of(tmp_path, "a.md") == "after"
    with one_reading():
        assert text_of(tmp_path, "a.md") == "after"


def test_a_reading_that_fails_is_over() -> None:
    with pytest.raises(LookupError), one_reading():
        raise LookupError
    assert not reading.results


def test_a_default_is_the_same_argument() -> None:
    calls = []

    @once
    def add(one: int, two: int = 2) -> int:
        calls.append((one, two))
        return one + two

    with one_reading():
        assert [add(1), add(1, 2), add(1, 3), add(2)] == [3, 3, 4, 4]
    assert calls == [(1, 2), (1, 3), (2, 2)]


def length(text: str) -> int:
    """Return something that takes long to find out."""
    return len(text)


def test_what_is_known_of_a_text_is_kept_on_disk_and_forgotten_with_the_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "CACHE", tmp_path)
    first = Remembered(length)
    assert [first("a"), first("bb")] == [1, 2]
    first.keep()
    second = Remembered(length)
    second.function = lambda text: -1
    assert [second("bb"), second("cc")] == [2, -1]  # of the first one, and its own
    second.keep()
    assert sorted(json.loads(second.file.read_text(encoding="utf-8")).values()) == [-1, 2]


@pytest.mark.parametrize("content", ["", "{", None])
def test_what_cannot_be_read_or_written_is_found_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    monkeypatch.setattr(reading, "CACHE", tmp_path / "cache")
    function = Remembered(length)
    if content is None:
        (tmp_path / "cache").touch()
    else:
        function.file.parent.mkdir()
        function.file.write_text(content, encoding="utf-8")
    assert function("a") == 1
    function.keep()
