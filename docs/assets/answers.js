// Additions to pages that are complete without them: copying a link or the short answer, and the
// labels that the theme's script leaves out. Runs again after each instant navigation.

const COPIED_FOR = 4000 // milliseconds that the confirmation stays

function labelThemeParts() {
  document.querySelectorAll(".md-code__nav").forEach((nav, index) => {
    nav.setAttribute("aria-label", `Code block ${index + 1}`)
  })
  document.querySelector(".md-path")?.setAttribute("aria-label", "Breadcrumb")
  // A table that scrolls must be reachable by keyboard.
  document.querySelectorAll(".md-typeset__scrollwrap").forEach(wrap => { wrap.tabIndex = 0 })
  // The label of a topic that has a page of its own holds an icon and no text.
  document.querySelectorAll(".md-nav__container").forEach(({ nextElementSibling: nav, firstElementChild: link }) => {
    nav?.removeAttribute("aria-labelledby")
    nav?.setAttribute("aria-label", link.textContent.trim())
  })
}

function copyButton(label, confirmation, text, status) {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = label
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text)
      status.textContent = confirmation
    } catch {
      status.textContent = text // the reader can select it where the clipboard is refused
      return
    }
    setTimeout(() => { status.textContent = "" }, COPIED_FOR)
  })
  return button
}

function addCopyButtons() {
  const facts = document.querySelector(".short-answer__facts")
  if (!facts || facts.querySelector("button")) return
  const link = facts.querySelector(".short-link").href
  const answer = facts.closest(".short-answer").dataset.markdown
  const question = document.querySelector("h1").firstChild.textContent
  const status = document.createElement("span")
  status.className = "short-answer__status"
  status.setAttribute("role", "status")
  facts.append(
    copyButton("Copy link", "Link copied", link, status),
    copyButton("Copy for review", "Short answer and link copied as Markdown", `${answer} ([${question}](${link}))`, status),
    status,
  )
}

function enhance() {
  labelThemeParts()
  addCopyButtons()
}

// The theme publishes `document$` for each page that it shows, the first one included.
if (window.document$) window.document$.subscribe(enhance)
else enhance()
new MutationObserver(labelThemeParts).observe(document.body, { childList: true, subtree: true })
