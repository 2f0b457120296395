"""Mistakes in the Markdown of a page, and with its links and addresses."""

from scripts.validation.files import addresses, order, redirects
from scripts.validation.pages import elements, findings, macro_calls, markdown, unwritten
from tests.mistakes.mistake import (
    FOOT,
    PAGE,
    Mistake,
    add,
    catalogue,
    linter,
    replace,
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
    Mistake(
        "page without its short answer",
        replace(PAGE, "{{ answer_head() }}\n\n", ""),
        HEAD_AND_FOOT,
        PAGE,
        "# Why does one slow endpoint",
        "the short answer is not shown. Write `{{ answer_head() }}` right under the question",
    ),
    Mistake(
        "page without its sources",
        replace(PAGE, FOOT, ""),
        HEAD_AND_FOOT,
        PAGE,
        "",
        "the sources are not shown. End the page with `{{ answer_foot() }}`",
    ),
    Mistake(
        "finding without a sentence to paste",
        replace(PAGE, "> This call blocks", "This call blocks"),
        FINDINGS,
        PAGE,
        "This call blocks",
        "the finding is not complete. Write here the sentence to paste, as a quotation",
    ),
    Mistake(
        "finding that names no line of its wrong code",
        replace(PAGE, 'data-flag="time.sleep(5)"', 'data-flag="time.wait(5)"'),
        FINDINGS,
        PAGE,
        "### Blocking call",
        "0 lines of the wrong code hold 'time.wait(5)'. Write it, or a part that no other line has",
    ),
    html("script", "<script>alert(1)</script>", "the element <script> is not allowed"),
    Mistake(
        "script between two stray backquotes",
        add("A ` here.\n\n<script>alert(1)</script>\n\nAnd ` there."),
        HTML,
        PAGE,
        "<script>",
        "the element <script> is not allowed",
    ),
    html("frame", '<iframe src="https://example.com"></iframe>', "the element <iframe> is not"),
    html("style sheet", "<style>p { color: red }</style>", "the element <style> is not allowed"),
    html("style of an element", '<p style="color: red">Red</p>', "the attribute `style` is not"),
    html("event handler", '<p onclick="alert(1)">Click</p>', "the attribute `onclick` is not"),
    html("image as HTML", '<img src="/logo.png" alt="A">', "the element <img> is not allowed"),
    html(
        "link that runs a script", '<a href="javascript:alert(1)">A</a>', "leads to `javascript:`"
    ),
    html("comment", "<!-- rumdl-disable -->", "a comment is not allowed. Write Markdown"),
    html(
        "angle brackets that look like HTML", "Returns <class Response>.", "element <class> is not"
    ),
    Mistake(
        "event handler in an attribute list",
        add("Click here.\n{ .a onclick=alert(1) }"),
        HTML,
        PAGE,
        "{ .a onclick",
        "the attribute `onclick` is not allowed. Give a class, and style it",
    ),
    link("link in Markdown that runs a script", "[a](javascript:alert)", "leads to `javascript:`"),
    link("such a link in disguise", "[a](java&#115;cript:alert)", "leads to `javascript:`"),
    link("link that is not https", "[a](http://example.com/)", "leads to `http:`. Link to a page"),
    link(
        "image of another host",
        "![A chart](https://example.com/chart.png)",
        "the image lies on another host. Put the image into docs/assets",
    ),
    Mistake(
        "macro that does not exist",
        add("{{ anwser_foot() }}"),
        MACROS,
        PAGE,
        "anwser_foot",
        "there is no macro `anwser_foot`. Macros of the pages: ",
    ),
    Mistake(
        "macro with an argument that it does not know",
        add("{{ version('fastapy') }}"),
        MACROS,
        PAGE,
        "{{ version('fastapy') }}",
        "the macro `version` fails: KeyError: 'fastapy'. Correct what it is called with",
    ),
    Mistake(
        "macro with too many arguments",
        add("{{ answer_foot(7) }}"),
        MACROS,
        PAGE,
        "{{ answer_foot(7) }}",
        "the macro `answer_foot` fails: TypeError: too many positional arguments. Correct what",
    ),
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
                "`{#` begins a comment, which hides the text. Write an id",
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
    Mistake(
        "short answer on a list",
        add("{{ answer_head() }}", "docs/all.md"),
        MACROS,
        "docs/all.md",
        "{{ answer_head() }}",
        "the macro `answer_head` is for answers alone. Delete it here",
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
    html("span", '<span class="big">A</span>', "the Markdown version of an answer knows no <span>"),
    html(
        "box that is not closed",
        '<div class="review">\n\nText.',
        "the <div> is not closed. Write </div>",
    ),
    html("end of a box that is none", "</div>", "</div> closes nothing. Delete it, or write <div>"),
    lint(
        "heading level skipped",
        "#### Deeper\n\nText.",
        "#### Deeper",
        "[MD001] Expected heading level 3",
    ),
    lint(
        "second question",
        "# And why?\n\nText.",
        "# And why?",
        "[MD025] Multiple top-level headings",
    ),
    lint(
        "image without alternative text",
        "![](../assets/favicon.svg)",
        "![]",
        "[MD045] Image missing alt text",
    ),
    lint(
        "image that does not exist",
        "![A chart](chart.png)",
        "chart.png",
        "[MD057] Relative link 'chart.png' does not exist",
    ),
    lint(
        "broken link",
        "See [it](no-such-page.md).",
        "no-such-page",
        "[MD057] Relative link 'no-such-page.md' does not exist",
    ),
    lint(
        "broken anchor",
        "See [it](#no-such-heading).",
        "#no-such",
        "[MD051] Link anchor '#no-such-heading' does not exist",
    ),
    lint(
        "broken anchor of another page",
        "See [it](await.md#no-such).",
        "await.md#no",
        "[MD051] Link fragment 'no-such' not found in 'await.md'",
    ),
    lint(
        "list that is indented wrongly",
        "- One\n\n   More of it.\n- Two",
        "   More of it",
        "[MD077]",
    ),
    lint(
        "list below a list that is indented wrongly",
        "1. One\n  - Two",
        "  - Two",
        "[MD007] Expected 3 spaces",
    ),
    lint("tab in a page", "A\tword", "A\tword", "[MD010]"),
    Mistake(
        "published page that is gone",
        add("concurrency/gone/", "data/published.txt"),
        LISTED,
        "data/published.txt",
        "concurrency/gone/",
        "the published address concurrency/gone/ no longer resolves. Keep the page, or redirect it",
    ),
    Mistake(
        "heading that got another name",
        add("concurrency/blocking-the-event-loop/#former-heading", "data/published.txt"),
        LISTED,
        PAGE,
        "",
        "/#former-heading no longer resolves. Give its former id to the heading that took its place: "
        "`{ #former-heading }`",
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
    Mistake(
        "front matter in another order",
        replace(PAGE, "---\nid: 7\n", "---\nlevel: working\nid: 7\n"),
        rule(order.pages_and_lists_are_in_order),
        PAGE,
        "level: working",
        "the line is not in its place. Run `make fix`",
    ),
    Mistake(
        "address at the end of the published list",
        add("concurrency/await/", "data/published.txt"),
        rule(order.pages_and_lists_are_in_order),
        "data/published.txt",
        "concurrency/await/",
        "the line is not in its place. Run `make fix`",
    ),
    Mistake(
        "answer that is not written yet",
        add("WRITE: what breaks"),
        rule(unwritten.nothing_that_make_new_left_to_the_author_is_unwritten),
        PAGE,
        "WRITE: what breaks",
        "not written yet: what breaks. Write it in place of what begins with `WRITE:`",
    ),
    Mistake(
        "replacing answer that is no number",
        replace(PAGE, "level: working", 'level: working\nreplaced_by: "9"'),
        catalogue,
        PAGE,
        "replaced_by",
        "`replaced_by` is '9'. It has to be a valid integer",
    ),
]
