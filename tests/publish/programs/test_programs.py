"""What programs read: complete, valid, the same in each build, and never a field less."""

import datetime
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import frontmatter
import pytest

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.front_matter import Change
from scripts.catalogue.files.problems import Problems
from scripts.project import ROOT, site_url
from scripts.publish.programs.answers_json import SCHEMA
from scripts.publish.programs.model import Export
from scripts.publish.programs.write_files import FEED_LENGTH, write_exports
from scripts.publish.sections import sections
from tests.refuse import refuse
from tests.site_pages import ALL_PAGES, built_page, file_of

# A promise of docs/programs.md: only add to this list; change and remove nothing.
MODEL = "scripts/publish/programs/model.py"
WRITER = "scripts/publish/programs/answer_markdown.py"
FIELDS = """
$schema: uri
site: uri
licence: string
topics[]: list of object
topics[].slug: string
topics[].title: string
topics[].description: string
topics[].url: uri
topics[].answers[]: list of integer
answers[]: list of object
answers[].id: integer
answers[].question: string
answers[].answer: string
answers[].url: uri
answers[].short_url: uri
answers[].markdown_url: uri
answers[].topic: string
answers[].level: `basic` or `working` or `deep`
answers[].asked_as[]: list of string
answers[].since: object of string
answers[].notes[]: list of integer
answers[].programs[]: list of uri
answers[].related[]: list of integer
answers[].replaced_by: integer or null
answers[].sources[]: list of object
answers[].sources[].title: string
answers[].sources[].url: uri
answers[].corrections[]: list of object
answers[].corrections[].note: integer
answers[].corrections[].claim: string
answers[].corrections[].truth: string
answers[].corrections[].test: string or null
answers[].corrections[].test_url: uri or null
answers[].corrections[].sources[]: list of uri
answers[].changes[]: list of object
answers[].changes[].date: date
answers[].changes[].text: string
answers[].created: date
answers[].updated: date
answers[].checked: object
answers[].checked.date: date
answers[].checked.versions: object of string
findings[]: list of object
findings[].id: string
findings[].answer: integer
findings[].anchor: string
findings[].url: uri
findings[].title: string
findings[].severity: `security` or `data loss` or `outage` or `wrong result` or `style`
findings[].sentence: string
findings[].wrong: string
findings[].flag: string
findings[].right: string
findings[].language: string
findings[].rule: string or null
findings[].check: string or null
"""
ATOM = "{http://www.w3.org/2005/Atom}"
FENCED = re.compile(r"^ *(`{3,}|~{3,})[^\n]*\n(.*?)^ *\1 *$", re.M | re.S)
CODE = re.compile(r"(`+).+?\1", re.S)
# What only the engine understands.
LEFTOVER = re.compile(r"\{\{|\{%|--8<--|</?[a-z]+[\s>/]|\{:? ?[#.][\w-]|^(?:!!!|\?\?\?|===) ", re.M)


@pytest.fixture(scope="module")
def written(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the files for programs, written anew from the sources."""
    folder = tmp_path_factory.mktemp("exports")
    write_exports(catalogue, folder)
    return folder


def exported(folder: Path) -> Any:
    """Return the content of ``answers.json``."""
    return json.loads((folder / "answers.json").read_text(encoding="utf-8"))


def without_code(text: str) -> str:
    """Return Markdown without its code blocks and its code in lines."""
    return CODE.sub("", FENCED.sub("", text))


def only(catalogue: Catalogue, number: int, changes: list[Change]) -> Catalogue:
    """Return a catalogue that holds one answer of ``catalogue``, with these changes."""
    topic = next(t for t in catalogue.topics for page in t.answers if page.meta.id == number)
    page = catalogue.answers[number]
    meta = page.meta.model_copy(update={"changes": changes, "related": []})
    return Catalogue((replace(topic, answers=(replace(page, meta=meta),)),))


def fields() -> Iterator[tuple[str, str, str]]:
    """Yield path, type and description of every field, for example ``answers[].id``, ``integer``."""
    whole = Export.model_json_schema(mode="serialization")
    yield from walk(whole, whole["$defs"], "")


def walk(
    model: dict[str, Any], models: dict[str, Any], prefix: str
) -> Iterator[tuple[str, str, str]]:
    """Yield the fields of one model and of those that it holds; ``prefix`` is the path to it."""
    for name, field in model["properties"].items():
        item = field.get("items", field)
        path = prefix + name + "[]" * (item is not field)
        yield path, type_of(field), field["description"]
        if reference := item.get("$ref"):
            yield from walk(models[reference.rsplit("/", 1)[1]], models, f"{path}.")


def type_of(field: dict[str, Any]) -> str:
    """Return the type of a field in a few words."""
    if "anyOf" in field:
        return " or ".join(type_of(choice) for choice in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{choice}`" for choice in field["enum"])
    if field.get("type") == "array":
        return f"list of {type_of(field['items'])}"
    if "additionalProperties" in field:
        return f"object of {type_of(field['additionalProperties'])}"
    return str(field.get("format", field.get("type", "object")))


def test_fields_of_answers_json_never_vanish_and_keep_their_type() -> None:
    promised = dict(line.split(": ") for line in FIELDS.split("\n") if line)
    held = {path: kind for path, kind, _ in fields()}
    problems = [
        f"{MODEL}: {path} was promised as {kind} and is {held.get(path, 'gone')}. Restore it."
        for path, kind in promised.items()
        if held.get(path) != kind
    ]
    problems += [
        f"tests/publish/programs/test_programs.py: {path} is new. Add `{path}: {held[path]}` to FIELDS."
        for path in held.keys() - promised.keys()
    ]
    refuse(problems)


def test_answers_json_is_valid_by_its_schema(written: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    for arguments in (
        ["--check-metaschema", SCHEMA],
        ["--schemafile", SCHEMA, "answers.json"],
    ):
        result = subprocess.run(
            [*command, *arguments], cwd=written, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_schema_refuses_a_file_with_a_field_less_more_or_of_another_type(
    written: Path, tmp_path: Path
) -> None:
    content = exported(written)
    answer = content["answers"][0]
    less = {key: value for key, value in answer.items() if key != "since"}
    for number, wrong in enumerate(
        [less, answer | {"more": 1}, answer | {"id": "7"}, answer | {"updated": "soon"}]
    ):
        text = json.dumps(content | {"answers": [wrong]})
        (tmp_path / f"{number}.json").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--output-format=json", "--schemafile"]
    files = sorted(tmp_path.glob("*.json"))
    result = subprocess.run(
        [*command, written / SCHEMA, *files], capture_output=True, text=True, check=False
    )
    refused = {error["filename"] for error in json.loads(result.stdout)["errors"]}
    assert refused == {str(path) for path in files}


def test_answers_json_holds_the_front_matter_of_every_answer(
    written: Path, catalogue: Catalogue
) -> None:
    answers = {answer["id"]: answer for answer in exported(written)["answers"]}
    assert list(answers) == list(catalogue.answers)
    for number, page in catalogue.answers.items():
        meta, answer = frontmatter.load(str(ROOT / page.file)).metadata, answers[number]
        same = ("answer", "asked_as", "level", "related", "sources")
        assert {key: answer[key] for key in same} == {key: meta[key] for key in same}
        for key in ("notes", "since"):
            assert len(answer[key]) == len(meta.get(key, []))  # type: ignore[arg-type]
        assert len(answer["corrections"]) == len(page.meta.said)
        assert answer["question"] == page.title
        assert answer["created"] <= answer["updated"]
        assert answer["updated"] in [str(change["date"]) for change in meta["changes"]]  # type: ignore[attr-defined]


def test_every_correction_names_what_proves_it(written: Path) -> None:
    corrections = [c for answer in exported(written)["answers"] for c in answer["corrections"]]
    assert corrections
    assert all(correction["test"] or correction["sources"] for correction in corrections)


def test_a_test_has_an_address_where_the_repository_is_known(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    write_exports(only(catalogue, 7, catalogue.answers[7].meta.changes), tmp_path)
    correction = exported(tmp_path)["answers"][0]["corrections"][0]
    address, _, line = correction["test_url"].partition("#L")
    path, name = correction["test"].split("::")
    assert address == f"https://github.com/owner/name/blob/HEAD/{path}"
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert correction["test_url"] in (tmp_path / "7.md").read_text(encoding="utf-8")


def test_markdown_begins_with_the_question_and_the_short_answer(
    written: Path, catalogue: Catalogue
) -> None:
    for number, page in catalogue.living.items():
        question, _, answer, *_ = (written / f"{number}.md").read_text(encoding="utf-8").split("\n")
        assert question.startswith("# ")
        assert question.replace("`", "").endswith(page.title.replace("`", ""))
        assert answer == f"> {page.meta.answer}"


def test_markdown_holds_nothing_that_only_the_engine_understands(
    written: Path, catalogue: Catalogue
) -> None:
    refuse(
        [
            f"{page.file}: its Markdown version holds {found[0].strip()!r}. "
            "Teach scripts/publish/programs/answer_markdown.py what to make of it."
            for number, page in catalogue.answers.items()
            if (
                found := LEFTOVER.search(
                    without_code((written / f"{number}.md").read_text(encoding="utf-8"))
                )
            )
        ]
    )


def test_markdown_leads_to_the_markdown_of_related_answers(
    written: Path, catalogue: Catalogue
) -> None:
    for number, page in catalogue.answers.items():
        text = (written / f"{number}.md").read_text(encoding="utf-8")
        for other in page.meta.related:
            assert f"]({site_url()}{other}.md)" in text, f"{page.file}: {other}"


def test_links_of_markdown_are_absolute(written: Path, catalogue: Catalogue) -> None:
    refuse(
        [
            f"{page.file}: its Markdown version links to {target}. Repair {WRITER}."
            for number, page in catalogue.answers.items()
            for target in re.findall(
                r"\]\(([^)\s]+)",
                without_code((written / f"{number}.md").read_text(encoding="utf-8")),
            )
            if not re.match("https?://|mailto:", target)
        ]
    )


@pytest.mark.site
def test_markdown_has_the_headings_and_the_code_of_the_page(
    written: Path, site: Path, catalogue: Catalogue
) -> None:
    own = {"Sources", "Related answers", "Also asked as", "Checked"}
    problems = []
    for number, page in catalogue.answers.items():
        shown = sections((site / page.address / "index.html").read_text(encoding="utf-8"))
        text = (written / f"{number}.md").read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
        code = [body.strip("\n") for _, body in FENCED.findall(text)]
        if [part.heading for part in shown] != [
            heading.replace("`", "") for heading in headings if heading not in own
        ]:
            problems.append(f"{page.file}: its Markdown version has other headings than the page.")
        if [block.strip("\n") for part in shown for block in part.code] != code:
            problems.append(f"{page.file}: its Markdown version has other code than the page.")
    refuse(problems)


def test_a_macro_without_a_markdown_version_gets_one_line_with_the_remedy(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / "page.md").write_text("---\nid: 7\n---\n\n# Why?\n\n{{ chart() }}\n", "utf-8")
    lone = only(catalogue, 7, catalogue.answers[7].meta.changes)
    topic = lone.topics[0]
    file = os.path.relpath(tmp_path / "page.md", ROOT)
    page = AnswerPage(file, "Why?", topic.answers[0].meta)
    with pytest.raises(Problems) as caught:
        write_exports(Catalogue((replace(topic, answers=(page,)),)), tmp_path)
    assert str(caught.value) == (
        f"{file}:1: a macro has no Markdown version ('chart' is undefined). "
        "Give it one in scripts/publish/programs/answer_markdown.py."
    )


def test_llms_txt_has_the_form_and_one_line_for_each_answer(
    written: Path, catalogue: Catalogue
) -> None:
    title, quotation, *rest = (written / "llms.txt").read_text(encoding="utf-8").split("\n\n")
    assert title == "# FastAPI Answers"
    assert quotation.startswith("> ")
    listed: dict[str, list[str]] = {}
    for line in "\n".join(rest).split("\n"):
        if line.startswith("## "):
            listed[line[3:]] = []
        elif listed and line:
            listed[list(listed)[-1]].append(line)
    expected = {
        topic.title: [
            f"- [{page.title}]({site_url()}{page.meta.id}.md): {page.meta.answer}"
            for page in topic.answers
        ]
        for topic in catalogue.topics
    }
    optional = listed.pop("Optional")
    assert listed == expected
    assert all(re.fullmatch(r"- \[[^]]+\]\(\S+\): \S.+", line) for line in optional)


def test_llms_full_txt_holds_every_answer(written: Path, catalogue: Catalogue) -> None:
    text = (written / "llms-full.txt").read_text(encoding="utf-8")
    for number in catalogue.living:
        assert (written / f"{number}.md").read_text(encoding="utf-8") in text


def atom(element: ET.Element, name: str) -> str:
    """Return the text of the one child of this name, which must not be empty."""
    found = element.findall(ATOM + name)
    assert len(found) == 1, f"{len(found)} elements {name}"
    assert found[0].text
    return found[0].text


def links(element: ET.Element) -> dict[tuple[str, str], str]:
    """Return the addresses of the links of a feed or an entry by relation and type."""
    found = element.findall(f"{ATOM}link")
    by_kind = {(link.get("rel", ""), link.get("type", "")): link.get("href", "") for link in found}
    assert len(by_kind) == len(found)  # RFC 4287, 4.1.1: no two alternates of one type
    return by_kind


def check_feed(path: Path) -> list[ET.Element]:
    """Check a feed against RFC 4287, sections 4.1.1 and 4.1.2; return its entries."""
    feed = ET.parse(path).getroot()
    assert feed.tag == f"{ATOM}feed"
    assert atom(feed, "id") == site_url()
    assert atom(feed, "title")
    assert atom(feed.findall(f"{ATOM}author")[0], "name")
    assert links(feed)["self", "application/atom+xml"] == f"{site_url()}feed.xml"
    entries = feed.findall(f"{ATOM}entry")
    ids = [atom(entry, "id") for entry in entries]
    assert len(ids) == len(set(ids))
    assert all(re.match(r"https?://", name) for name in ids)  # an absolute IRI
    days = [atom(entry, "updated") for entry in entries]
    assert all(datetime.datetime.fromisoformat(day).tzinfo for day in days)  # RFC 3339
    assert days == sorted(days, reverse=True)
    assert atom(feed, "updated") == days[0]
    for entry in entries:
        assert atom(entry, "title")
        assert atom(entry, "summary")
        assert ("alternate", "text/html") in links(entry)  # an entry without content needs one
    return entries


def test_the_feed_is_valid_and_holds_the_newest_changes(
    written: Path, catalogue: Catalogue
) -> None:
    entries = check_feed(written / "feed.xml")
    days = {
        (change.date.isoformat(), number)
        for number, page in catalogue.answers.items()
        for change in page.meta.changes
    }
    newest = sorted(days, reverse=True)[:FEED_LENGTH]
    assert [atom(entry, "id") for entry in entries] == [
        f"{site_url()}{number}/#{day}" for day, number in newest
    ]


def test_a_change_adds_an_entry_and_leaves_the_older_one_as_it_is(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    first = Change(date=datetime.date(2026, 11, 25), text="First version.")
    write_exports(only(catalogue, 7, [first]), tmp_path)
    before = check_feed(tmp_path / "feed.xml")
    later = [
        Change.model_construct(date=datetime.date(2026, 11, 26), text=text)
        for text in ("Now <b> & c.", "Also d.")
    ]
    write_exports(only(catalogue, 7, [*later, first]), tmp_path)
    changed, new = check_feed(tmp_path / "feed.xml")
    assert [ET.tostring(entry) for entry in before] == [ET.tostring(new)]
    page = catalogue.answers[7]
    told = page.meta.answer.replace("`", "")
    assert atom(new, "title") == f"New: {page.title}"
    assert atom(new, "summary").startswith(told)
    assert atom(changed, "id") == f"{site_url()}7/#2026-11-26"
    assert atom(changed, "title") == f"Changed: {page.title}"
    assert atom(changed, "summary").startswith(
        f"What changed: Now <b> & c. Also d. The answer now: {told}"
    )
    answer = exported(tmp_path)["answers"][0]
    assert (answer["created"], answer["updated"]) == ("2026-11-25", "2026-11-26")
    sitemap = (tmp_path / "sitemap.xml").read_text(encoding="utf-8")
    assert f"<loc>{answer['url']}</loc>\n    <lastmod>2026-11-26</lastmod>" in sitemap


@pytest.mark.site
def test_the_built_files_are_the_same_bytes_as_written_anew(written: Path, site: Path) -> None:
    refuse(
        [
            f"site/{path.name}: not what its sources give. Run `make build`; if it still differs, "
            "find what depends on the clock or the folder."
            for path in sorted(written.iterdir())
            if not (built := site / path.name).is_file() or built.read_bytes() != path.read_bytes()
        ]
    )


@pytest.mark.site
def test_addresses_in_the_files_for_programs_resolve(
    written: Path, site: Path, catalogue: Catalogue
) -> None:
    address = re.compile(re.escape(site_url()) + r"[^\s\"'<>)]*")
    texts = {
        path.name: re.sub(r"<id>.*?</id>", "", without_code(path.read_text(encoding="utf-8")))
        for path in written.iterdir()
    }
    texts["answers.json"] = re.sub(r'"(wrong|flag|right)": ".*"', "", texts["answers.json"])
    found = {target: name for name, text in texts.items() for target in address.findall(text)}
    problems = []
    for target, name in sorted(found.items()):
        page, fragment = urldefrag(target.removesuffix("?q={searchTerms}"))
        below = unquote(page.removeprefix(site_url()))
        if fragment and (number := re.fullmatch(r"(\d+)/", below)):
            below = catalogue.answers[int(number[1])].address  # the short link keeps the fragment
        path = file_of(site, below)
        if not path or (fragment and unquote(fragment) not in built_page(path).ids):
            problems.append(
                f"site/{name}: {target} does not resolve. Repair scripts/publish/programs/write_files.py."
            )
    assert len(found) > len(list(site.glob("*.md")))
    refuse(problems)


@pytest.mark.site
@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.slug)
def test_pages_name_the_feed_and_answers_their_markdown(page: Any, site: Path) -> None:
    html = (file_of(site, page.address) or site).read_text(encoding="utf-8")
    links = re.findall(r'<link rel="alternate ?" type="([^"]+)"[^>]* href="([^"]+)"', html)
    named = {kind: href.rsplit("/", 1)[-1] for kind, href in links}
    expected = {"application/atom+xml": "feed.xml"}
    if page.is_answer:
        number = frontmatter.load(str(ROOT / page.source)).metadata["id"]
        expected["text/markdown"] = f"{number}.md"
    assert named == expected


def test_a_browser_can_search_the_site_from_its_address_bar(written: Path) -> None:
    names = {"os": "http://a9.com/-/spec/opensearch/1.1/"}
    search = ET.parse(written / "opensearch.xml").getroot()
    assert len(search.findtext("os:ShortName", "", names)) <= 16, "the specification's limit"
    address = search.find("os:Url", names)
    assert address is not None
    assert address.get("template") == f"{site_url()}?q={{searchTerms}}"
