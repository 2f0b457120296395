"""Accessibility of what a browser shows, by axe, which judges each look of text once.

Most of the time of axe goes into contrast, and most text of a page looks like other text of it.
"""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
OPTIONS = {"reporter": "no-passes", "preload": False}  # quicker; the violations are the same
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # what the second scheme can change

# Opens what is folded, and turns code tokens that look like an earlier one (their classes and those of
# all that holds them are the same) into plain text.
PREPARE = """() => {
  document.querySelectorAll("details").forEach(element => { element.open = true })
  const seen = new Set()
  for (const what of ["pre span:not(:has(*), .l)", "pre .l:not(:has(*))"]) {
    for (const token of document.querySelectorAll(what)) {
      let looks = ""
      for (let e = token; e !== document.body; e = e.parentElement) {
        looks += e.className.replace(/\\bl\\d+/, "") + "/" // how deep a line is does not change how it looks
      }
      if (seen.has(looks)) token.replaceWith(token.textContent)
      seen.add(looks)
    }
  }
}"""
# As a script may set a style, while the page's security policy refuses a <style>.
NO_TRANSITIONS = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`*, ::before, ::after {
    transition: none !important;
    content-visibility: visible !important; /* what is out of sight counts too */
  }`)
  document.adoptedStyleSheets.push(sheet)
}"""
# Contrast follows from the colour and the size of a text and from all that is seen behind it: where these
# are the same, on this page or on another, so is the verdict. What is positioned or transformed may lie above
# anything, so it looks like nothing else. Where axe cannot decide, the next text of that look is judged.
JUDGE_EACH_LOOK_ONCE = """() => {
  const TEXT = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStrokeWidth"]
  const UNSEEN = {
    backgroundColor: "rgba(0, 0, 0, 0)",
    backgroundImage: "none",
    opacity: "1",
    filter: "none",
    mixBlendMode: "normal",
  }
  const check = axe._audit.checks["color-contrast"]
  const { evaluate } = check
  let passed, verdicts, grounds, apart
  const ground = element => {
    if (!element) return ""
    if (!grounds.has(element)) {
      const style = getComputedStyle(element)
      const own = Object.entries(UNSEEN).map(([name, unseen]) => style[name] === unseen ? "" : style[name])
      const isInPlace = ["static", "relative"].includes(style.position) && style.transform === "none"
      if (!isInPlace) own.push(`apart ${++apart}`)
      const behind = ground(element.parentElement)
      grounds.set(element, own.some(Boolean) ? `${behind}/${own}` : behind)
    }
    return grounds.get(element)
  }
  const lookOf = element => {
    const style = getComputedStyle(element)
    return `${TEXT.map(name => style[name])} on ${ground(element)}`
  }
  const rule = axe._audit.rules.find(({ id }) => id === "color-contrast")
  const { matches } = rule
  rule.matches = function (element, ...others) {
    return !passed.has(lookOf(element)) && matches.call(this, element, ...others)
  }
  check.evaluate = function (element, ...others) {
    const look = lookOf(element)
    const known = verdicts.get(look)
    const { data } = this
    if (known) {
      data.call(this, known.data)
      return known.verdict
    }
    let noted
    this.data = value => data.call(this, noted = value)
    const verdict = evaluate.call(this, element, ...others)
    if (verdict !== undefined) verdicts.set(look, { verdict, data: noted })
    return verdict
  }
  window.judge = async (options, before) => {
    passed = new Set(before)
    verdicts = new Map()
    grounds = new Map()
    apart = 0
    const { violations } = await axe.run(options)
    const isForAll = ([look, { verdict }]) => verdict && !look.includes("apart")
    return { violations, passed: [...verdicts].filter(isForAll).map(([look]) => look) }
  }
}"""
passed: set[str] = set()  # looks of text that axe found right on a page before


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """Return the violations of ``rules``, of all where none is named, as the page stands there now."""
    if not page.evaluate("'judge' in window"):
        for script in (NO_TRANSITIONS, PREPARE, AXE, JUDGE_EACH_LOOK_ONCE):
            page.evaluate(script)
    # A rule that axe leaves out unless it is asked: at a width for fingers alone, since a sidebar that
    # scrolls cuts its first and last link, and axe measures what is left of them.
    fingers = {"target-size": {"enabled": (page.viewport_size or {"width": 0})["width"] < 600}}
    options = OPTIONS | ({"runOnly": rules} if rules else {"rules": fingers})
    result = page.evaluate("([options, passed]) => judge(options, passed)", [options, [*passed]])
    passed.update(result["passed"])
    found: list[dict[str, Any]] = result["violations"]
    return found


def faults(found: list[dict[str, Any]]) -> list[str]:
    """Return a line for each violation: the rule, how many elements, the first of them, and what is wrong."""
    lines = []
    for violation in found:
        nodes = violation["nodes"]
        checks = [check["message"] for kind in ("any", "all", "none") for check in nodes[0][kind]]
        first = f"first {nodes[0]['target'][0]}: {'; '.join(checks)}"
        lines.append(f"{violation['id']} on {len(nodes)} elements, {first}")
    return lines
