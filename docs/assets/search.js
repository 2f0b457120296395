// The way into the search: a button in the header, the keys / and Ctrl+K, and links with ?q=. The search itself
// (panel, engine and index) is loaded when it is first wanted.

const HEADER = ".md-header__inner"
let panel = null

// Asks for all parts at once: each names the next, and would make it wait.
function load() {
  panel ??= (() => {
    const index = fetch(new URL("search/index.json", import.meta.url))
    const style = document.createElement("link")
    style.rel = "stylesheet"
    style.href = new URL("search/panel.css", import.meta.url)
    const styled = new Promise(resolve => {
      style.addEventListener("load", resolve)
      style.addEventListener("error", resolve)
    })
    document.body.append(style) // the theme's navigation empties the head
    import("./search/words.js")
    import("./search/engine.js")
    return Promise.all([import("./search/panel.js"), styled]).then(([{ Panel }]) => new Panel(index))
  })()
  return panel
}

async function open(query = "") {
  (await load()).open(query)
}

function isTyping({ target }) {
  return target.isContentEditable || target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea")
}

function addButton() {
  const header = document.querySelector(HEADER)
  if (!header || header.querySelector(".search-open")) return
  const button = document.createElement("button")
  button.type = "button"
  button.className = "search-open"
  button.setAttribute("aria-haspopup", "dialog")
  button.setAttribute("aria-keyshortcuts", "/")
  const label = document.createElement("span")
  label.textContent = "Search"
  const key = document.createElement("kbd")
  key.textContent = "/"
  key.setAttribute("aria-hidden", "true")
  button.append(label, key)
  button.addEventListener("click", () => open())
  for (const sign of ["pointerenter", "pointerdown", "focus"]) button.addEventListener(sign, load, { once: true })
  header.append(button)
}

document.addEventListener("keydown", event => {
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event)
  const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey
  if (!slash && !control) return
  event.preventDefault()
  open()
})

// Elements of a page that open the search: an empty one, or one for the words that they name.
function addOpeners() {
  for (const opener of document.querySelectorAll("[data-search]")) {
    opener.onclick = event => {
      if (event.ctrlKey || event.metaKey) return
      event.preventDefault()
      event.stopPropagation() // the theme's navigation would follow the link
      open(opener.dataset.search)
    }
  }
}

document.addEventListener("opener", addOpeners)

async function enhance() {
  addButton()
  addOpeners()
  const query = new URLSearchParams(location.search).get("q")
  if (query) open(query)
  else (await panel)?.dialog.close() // a page that was left may have left it open
}

enhance()
document.addEventListener("page", enhance) // from answers.js, for each further page
