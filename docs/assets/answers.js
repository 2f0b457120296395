// Additions to pages that are complete without them: copying for a review, and the labels that the
// theme's script leaves out. Loads that script, which shows further pages without a reload: "page" tells of each.

const COPIED_FOR = 4000 // milliseconds that the confirmation stays
const BUTTONS = {
  review: ["Copy for review", "Copied for review, as Markdown"],
  link: ["Copy link", "Link copied"],
  code: ["Copy with code", "Copied with the right code, as Markdown"],
}

function labelThemeParts() {
  document.querySelector(".md-path")?.setAttribute("aria-label", "Breadcrumb")
  // A table that scrolls must be reachable by keyboard.
  document.querySelectorAll(".md-typeset__scrollwrap").forEach(wrap => { wrap.tabIndex = 0 })
  // The label of a topic that has a page of its own holds an icon and no text.
  document.querySelectorAll(".md-nav__container").forEach(({ nextElementSibling: nav, firstElementChild: link }) => {
    nav?.removeAttribute("aria-labelledby")
    nav?.setAttribute("aria-label", link.textContent.trim())
  })
}

// What can be copied belongs to a place: the short answer, a finding of an answer, or one on the reviewer's desk.
// `data-review` holds its Markdown, with "site:" in place of the site's address.

// A finding may refer to a block of the page's body, which then names what it was included from.
function rightCode(place) {
  const review = place.matches("blockquote") ? place.previousElementSibling
    : place.querySelector(".review") ?? place.parentElement.querySelector(".review")
  if (!review) return null
  return review.querySelector(".block--ask") ?? document.querySelector(`[data-include="${review.dataset.right}"]`)
}

function fenced(block) {
  const code = block.querySelector("code").textContent.trim()
  const longest = Math.max(2, ...Array.from(code.matchAll(/`+/g), ([run]) => run.length))
  const fence = "`".repeat(longest + 1)
  const [, language] = block.className.match(/language-(\S+)/)
  return `${fence}${language}\n${code}\n${fence}\n`
}

// A short link is as long as the site's address and the number, wherever the site is served.
function textToCopy(place, what) {
  const { href } = place.querySelector(".short-link") ?? document.querySelector(".short-answer .short-link")
  if (what === "link") return place.dataset.anchor ? `${href}#${place.dataset.anchor}` : href
  const review = place.dataset.review.replaceAll("](site:", `](${new URL("..", href)}`)
  return what === "code" ? `${review}\n\n${fenced(rightCode(place))}` : review
}

const status = document.createElement("div")
status.className = "copied"
status.setAttribute("role", "status")
document.body.append(status)
let fading

function announce(text) {
  status.textContent = ""
  // A text that is there already would not be announced again.
  requestAnimationFrame(() => {
    status.textContent = text
    clearTimeout(fading)
    fading = setTimeout(() => { status.textContent = "" }, COPIED_FOR)
  })
}

// Where the clipboard is refused, as on a page without HTTPS, the reader copies the selected text.
function showSelected(text) {
  const dialog = document.createElement("dialog")
  dialog.className = "to-copy"
  const form = document.createElement("form")
  form.method = "dialog"
  const label = document.createElement("label")
  const area = document.createElement("textarea")
  area.readOnly = true
  area.rows = 8
  area.value = text
  label.append("The browser does not let this page copy. Copy the text from here:", area)
  const close = document.createElement("button")
  close.textContent = "Close"
  form.append(label, close)
  dialog.append(form)
  dialog.addEventListener("close", () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  area.focus()
  area.select()
}

// WebKit lets a page copy only within the click: a text that comes later is promised then.
export async function writeText(text) {
  if (typeof text === "string" || !window.ClipboardItem) return navigator.clipboard.writeText(await text)
  const blob = text.then(come => new Blob([come], { type: "text/plain" }))
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })])
}

async function copyText(text, confirmation) {
  try {
    await writeText(text)
    announce(confirmation)
  } catch {
    Promise.resolve(text).then(showSelected, () => announce("The file could not be read: follow the link beside the button."))
  }
}

function copy(place, what) {
  return copyText(textToCopy(place, what), BUTTONS[what][1])
}

function addButtons(place, title) {
  if (place.querySelector(".copying")) return
  const group = document.createElement("div")
  group.className = "copying"
  for (const [what, [label]] of Object.entries(BUTTONS)) {
    if (what === "code" && !rightCode(place)) continue
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = label
    if (title) button.setAttribute("aria-label", `${label}: ${title}`)
    if (what === "review") {
      button.className = "primary"
      button.setAttribute("aria-keyshortcuts", "C")
    }
    button.addEventListener("click", () => copy(place, what))
    group.append(button)
  }
  place.append(group)
}

function addCopying() {
  const answer = document.querySelector(".short-answer")
  const findings = JSON.parse(answer?.dataset.findings ?? "{}")
  if (answer?.dataset.review) addButtons(answer) // a retired answer is not to be quoted
  for (const [anchor, review] of Object.entries(findings)) {
    const heading = document.getElementById(anchor)
    const quotation = heading.nextElementSibling.nextElementSibling
    Object.assign(quotation.dataset, { anchor, review })
    const title = Array.from(heading.childNodes, node => node.className === "headerlink" ? "" : node.textContent)
    addButtons(quotation, title.join(""))
  }
  document.querySelectorAll(".finding, .example").forEach(place => addButtons(place, place.querySelector("a").textContent))
}

// On an answer the key copies the short answer, unless the focus is in a finding.
document.addEventListener("keydown", event => {
  if (event.target.closest?.("input, select, textarea, dialog, [contenteditable]")) return
  const place = event.target.closest?.("[data-review]") ?? document.querySelector(".short-answer[data-review]")
  if (!place || event.key.toLowerCase() !== "c" || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  copy(place, "review")
})

// The theme's navigation leaves the focus on nothing. The heading says where the reader is.
function focusHeading() {
  const heading = document.querySelector("h1")
  if (!heading || location.hash) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

// What comes into sight is laid out only then, and may take another room than was left for it. The theme puts even a page
// that is shown in its place anew, for the first link within it, and scrolls to where that place was before. So the place
// that a link leads to is kept in sight until the reader moves.
const HELD_FOR = 1000 // milliseconds
let shown = location.pathname

function holdPlace() {
  const isReturn = history.state !== null && location.pathname !== shown // the theme goes back to where the reader was
  shown = location.pathname
  if (!location.hash || isReturn) return
  const id = decodeURIComponent(location.hash.slice(1))
  const place = document.getElementById(id)
  if (!place) return
  place.style.scrollMarginTop = "3.4rem" // below the header; the theme's rule is for what the browser itself went to
  const observer = new ResizeObserver(() => place.scrollIntoView())
  const release = () => observer.disconnect()
  observer.observe(document.querySelector("article"))
  for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(sign, release, { once: true, passive: true })
  setTimeout(release, HELD_FOR)
}

// Once the page answers the reader, what lies below is laid out too, a part at a time: so a picture of the whole page shows
// all of its code. What lies above waits until it comes into sight, or the reader would be pushed down.
const whenIdle = globalThis.requestIdleCallback ?? (callback => setTimeout(callback, 50))

function layOutBelow() {
  const waiting = [...document.querySelectorAll("article :is(.block, .review)")].filter(part => !part.closest(".finding"))
  const next = () => {
    const part = waiting.shift()
    if (!part?.isConnected) return
    if (part.getBoundingClientRect().top > 0) part.style.contentVisibility = "visible"
    whenIdle(next)
  }
  whenIdle(next)
}

// The program that a block is a part of: the address of its file leads to it without a script too.
async function program(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
  return answer.text()
}

function addProgramButtons() {
  for (const file of document.querySelectorAll(".language-python > .filename > .block__file")) {
    if (file.parentElement.querySelector(".block__copy")) continue
    const button = document.createElement("button")
    button.type = "button"
    button.className = "block__copy"
    button.textContent = "Copy program"
    button.setAttribute("aria-label", `Copy program: ${file.textContent}`)
    button.addEventListener("click", () => copyText(program(file.href), "Program copied"))
    file.parentElement.append(button)
    addRunButton(file)
  }
}

// The theme would do this block by block, and measure each.
function addCodeButtons() {
  document.querySelectorAll("article pre > code").forEach((code, index) => {
    if (code.parentElement.querySelector(".md-code__nav")) return
    const button = document.createElement("button")
    button.type = "button"
    button.className = "md-code__button"
    button.dataset.mdType = "copy"
    button.title = "Copy to clipboard"
    button.setAttribute("aria-label", `Copy code block ${index + 1}`)
    button.addEventListener("click", () => copyText(code.textContent.trimEnd(), "Copied to clipboard"))
    const place = document.createElement("div")
    place.className = "md-code__nav"
    place.append(button)
    code.before(place)
  })
}

// What runs a program is loaded by the click.
const loadRunner = () => import("./run/page.js")
const noRunner = () => announce("What runs programs could not be loaded: try again when you are online.")

function addRunButton(file) {
  const block = file.closest("[data-run]")
  if (!block) return
  const button = document.createElement("button")
  button.type = "button"
  button.className = "block__copy block__run"
  button.textContent = "Run"
  button.setAttribute("aria-label", `Run ${file.textContent}`)
  button.addEventListener("click", () => loadRunner().then(({ run }) => run(block, button), noRunner))
  file.after(button)
}

// A link may bring a change to the code of a block: it is filled in, and not run.
function fillIn() {
  if (location.hash.startsWith("#code=")) loadRunner().then(({ fill }) => fill(location.hash), noRunner)
}

function enhance() {
  labelThemeParts()
  addCopying()
  addProgramButtons()
  addCodeButtons()
  fillIn()
  if (document.querySelector(".filterable")) import("./filter.js").then(({ addFilters }) => addFilters())
  if (document.querySelector(".not-found")) import("./not-found.js").then(({ suggest }) => suggest())
}

// The colour scheme, which the theme keeps as `__palette`. The theme's own script would style the whole page anew three
// times at its start, and show a page that is to be dark in light colours until then.
const AUTOMATIC = "(prefers-color-scheme)"

function takePalette() {
  const form = document.querySelector("[data-md-component=palette]")
  if (!form) return
  form.removeAttribute("data-md-component")
  const inputs = [...form.querySelectorAll("input")]
  const isLight = matchMedia("(prefers-color-scheme: light)")
  const toolbar = document.createElement("meta")
  toolbar.name = "theme-color"
  const { __md_get: kept, __md_set: keep } = window // the theme's, which knows what it kept for this site
  let index = 0
  try {
    index = Math.min(kept("__palette")?.index ?? 0, inputs.length - 1)
  } catch {
    // Where the browser keeps nothing, the system's scheme is shown.
  }

  function show() {
    const { media } = colours(inputs[index])
    const wanted = `(prefers-color-scheme: ${isLight.matches ? "light" : "dark"})`
    const shown = media === AUTOMATIC ? inputs.find(input => colours(input).media === wanted) : inputs[index]
    for (const [key, value] of Object.entries(colours(shown))) document.body.setAttribute(`data-md-color-${key}`, value)
    document.documentElement.toggleAttribute("data-dark", colours(shown).scheme === "slate") // of scrollbars and controls
    inputs.forEach((input, at) => { input.nextElementSibling.hidden = at !== index })
  }

  function colourToolbar() {
    toolbar.content = getComputedStyle(document.querySelector(".md-header")).backgroundColor
  }

  function choose(next) {
    index = next
    document.body.dataset.mdColorSwitching = "" // no transitions
    show()
    keep("__palette", { index, color: colours(inputs[index]) })
    colourToolbar()
    setTimeout(() => { delete document.body.dataset.mdColorSwitching })
  }

  show()
  isLight.addEventListener("change", () => {
    show()
    colourToolbar()
  })
  form.addEventListener("change", ({ target }) => choose(inputs.indexOf(target)))
  form.addEventListener("keydown", ({ key }) => {
    if (key !== "Enter") return
    const next = inputs[(index + 1) % inputs.length]
    next.click()
    next.focus()
  })
  afterFirstPaint(() => {
    colourToolbar()
    document.head.append(toolbar)
  })
}

function colours({ dataset }) {
  return {
    media: dataset.mdColorMedia,
    scheme: dataset.mdColorScheme,
    primary: dataset.mdColorPrimary,
    accent: dataset.mdColorAccent,
  }
}

// Nothing that is shown needs the theme's script, so it neither competes with what does nor holds up the first paint. To
// read it and to let it go over the page are two tasks, between which the browser answers the reader.
function loadTheme() {
  const script = document.createElement("script")
  script.src = JSON.parse(document.getElementById("theme").textContent)
  script.addEventListener("load", () => setTimeout(startTheme))
  document.body.append(script)
}

function startTheme() {
  window.document$.next(document) // it waits for DOMContentLoaded, which has been
  labelThemeParts()
  let isFirst = true
  window.document$.subscribe(() => {
    if (!isFirst) document.dispatchEvent(new Event("page"))
    isFirst = false
  })
  layOutBelow()
}

takePalette()
enhance()
document.addEventListener("page", () => {
  enhance()
  focusHeading()
  holdPlace()
  layOutBelow()
})

// Calls back once the page has been painted; at once where nobody sees it, or where the browser does not tell.
function afterFirstPaint(callback) {
  if (document.hidden || !globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint")) return callback()
  new PerformanceObserver((entries, observer) => {
    if (!entries.getEntriesByName("first-contentful-paint").length) return
    observer.disconnect()
    callback()
  }).observe({ type: "paint", buffered: true })
}

document.addEventListener("DOMContentLoaded", () => afterFirstPaint(loadTheme))
