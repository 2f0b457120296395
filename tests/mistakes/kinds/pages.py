"""Mistakes in the Markdown of a page, and with its links and addresses."""

from scripts.validation.files import addresses, redirects
from scripts.validation.pages import elements, findings, macro_calls, markdown
from tests.mistakes.mistake import (
    PAGE,
    Mistake,
    add,
    linter,
    rule,
)

HEAD_AND_FOOT = rule(markdown.every_answer_has_its_head_and_its_foot)
FINDINGS = rule(findings.every_finding_has_an_anchor_wrong_and_right_code_and_a_sentence)
HTML = rule(elements.html_of_a_page_is_harmless)
KNOWN = rule(markdown.an_answer_holds_what_its_markdown_version_knows)
LINKS = rule(markdown.links_and_images_of_a_page_are_harmless)
MACROS = rule(macro_calls.macros_of_a_page_can_be_called)
LISTED = rule(addresses.every_listed_address_leads_somewhere)
MARKDOWN = linter("the Markdown is well formed")


def html(name: str, text: str, says: str, lines: int = 1) -> Mistake:
    """Return a mistake that adds HTML to the page."""
    return Mistake(name, add(text), HTML, PAGE, text.splitlines()[0], says, lines)


def link(name: str, text: str, says: str) -> Mistake:
    """Return a mistake that adds a link or an image to the page."""
    return Mistake(name, add(f"See {text}."), LINKS, PAGE, text, says)


def lint(name: str, text: str, at: str, says: str, lines: int = 1) -> Mistake:
    """Return a mistake that the linter of Markdown finds."""
    return Mistake(name, add(text), MARKDOWN, PAGE, at, says, lines)


MISTAKES = [
    *(
        Mistake(f"braces that {name}", add(text), MACROS, PAGE, text.splitlines()[0], says)
        for name, text, says in (
            ("are not closed", "{{ version('fastapi') ", "is no call of a macro that is closed on"),
            ("reach into Python", "{{ config.__class__ }}", "is no call of a macro. Write what is"),
            ("read a file", "{% include '../README.md' %}", "is no call of a macro. Write what is"),
            ("run a filter", "{{ version('fastapi') | upper }}", "is no call of a macro. Write"),
            (
                "compute",
                "{{ version('a' * 9) }}",
                "`version` is called with more than plain values",
            ),
            (
                "change a macro",
                "{% set version = 7 %}",
                "`{% set version = 7 %}` is no call of a macro",
            ),
            (
                "hide text",
                "{# hidden #}",
                "`{#` begins a comment, which a page has not. Delete it",
            ),
            ("begin an id", "## More {#more}\n\nMore.", "Write an id as { #id }, with blanks"),
            ("hold a value", "{{ 7 }}", "`{{ 7 }}` is no call of a macro. Write what is meant to"),
            (
                "leave `raw` open",
                "{% raw %} {{ a }}",
                "`{% raw %}` is not closed. Write {% endraw %} where",
            ),
            (
                "list pages",
                "{{ topics() }}",
                "the macro `topics` is not for answers. They call answer_",
            ),
        )
    ),
    *(
        Mistake(
            f"{name}, which no reader of Markdown knows",
            add(text),
            KNOWN,
            PAGE,
            text.splitlines()[0],
            f"the Markdown version of an answer knows no {says}",
        )
        for name, text, says in (
            (
                "admonition",
                "!!! note\n    Text.",
                "admonition. Write a paragraph that begins in bold",
            ),
            ("fold", "??? note\n    Text.", "admonition. Write a paragraph that begins in bold"),
            ("tab", '=== "One"\n    Text.', "tab. Write a heading for each, or a list"),
            ("class of a word", "A *word*{ .big } here.", "attributes within a line. Give them to"),
            (
                "box within a line",
                'A <div class="x">box</div>.',
                "<div> within a line. Let it stand",
            ),
        )
    ),
    *(
        Mistake(
            f"redirect {name}",
            add(line, "data/redirects.tsv"),
            rule(redirects.old_addresses_lead_to_pages_in_one_step),
            "data/redirects.tsv",
            line.splitlines()[0],
            message,
        )
        for name, line, message in (
            ("that is no redirect", "concurrency/old/", "this is no redirect. Write two pages"),
            (
                "of a page that is there",
                "questions/\ttesting/",
                "questions/ is a page. Delete",
            ),
            (
                "of an answer that is there",
                "concurrency/async-and-await/\tconcurrency/await/",
                "concurrency/async-and-await/ is a page. Delete the redirect, or the page",
            ),
            ("to a page that is gone", "a/\tconcurrency/gone/", "concurrency/gone/ is no answer"),
            ("in two steps", "a/\tb/\nb/\ttesting/", "b/ is redirected itself. Name the address"),
            ("loop", "a/\tb/\nb/\ta/", "b/ is redirected itself"),
        )
    ),
]
