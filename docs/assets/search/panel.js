// The search panel: a dialog with a combobox whose list shows answers. Everything in it works by keyboard: the first
// answer is chosen from the start, arrows choose another, Enter opens it, Ctrl+Enter copies it, Escape closes.

import { Engine } from "./engine.js"

const SITE = new URL("../../", import.meta.url)
const SHOWN = 8
const WORD = /[\p{L}\p{N}_]+/gu

function element(name, className, attributes = {}) {
  const made = document.createElement(name)
  if (className) made.className = className
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

// Adds text with the words that were found marked.
function addMarked(parent, text, isMatch) {
  let from = 0
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!isMatch(word)) continue
    const mark = element("mark")
    mark.textContent = word
    parent.append(text.slice(from, index), mark)
    from = index + word.length
  }
  parent.append(text.slice(from))
}

// Adds a line of Markdown whose only markup is code. It is one element: between two elements of a clamped box,
// which lays each out by itself, a blank would vanish.
function addLine(parent, markdown, isMatch) {
  const line = parent.appendChild(element("span"))
  markdown.split("`").forEach((part, index) => {
    const place = index % 2 ? line.appendChild(element("code")) : line
    addMarked(place, part, isMatch)
  })
}

export class Panel {
  #engine = null
  #content = null
  #failed = false
  #found = [] // what is shown
  #isDoubtful = false // nothing that is shown fits well
  #chosen = -1
  #opensFirst = false // Enter was pressed before the index was there

  // Takes the promise of the index, which is on its way already.
  constructor(index) {
    this.#build()
    this.#load(index)
  }

  async #load(index) {
    try {
      const response = await index
      if (!response.ok) throw new Error(`${response.status} for ${response.url}`)
      this.#content = await response.json()
      this.#engine = new Engine(this.#content)
    } catch (error) {
      this.#failed = true
      console.warn("The search index cannot be loaded.", error)
    }
    this.#show()
  }

  #build() {
    this.dialog = element("dialog", "search", { "aria-label": "Search" })
    this.input = element("input", "search__input", {
      type: "text", role: "combobox", "aria-label": "Search the answers", "aria-autocomplete": "list",
      "aria-controls": "search-answers", "aria-expanded": "false", placeholder: "Question, identifier or error text",
      autocapitalize: "off", autocomplete: "off", autocorrect: "off", spellcheck: "false", enterkeyhint: "go",
    })
    this.list = element("div", "search__answers", { id: "search-answers", role: "listbox", "aria-label": "Answers" })
    this.status = element("p", "search__status", { role: "status" })
    this.foot = element("p", "search__foot")
    const close = element("button", "search__close", { type: "button" })
    close.textContent = "Close"
    const top = element("div", "search__top")
    top.append(this.input, close)
    this.dialog.append(top, this.status, this.list, this.foot)
    document.body.append(this.dialog)

    close.addEventListener("click", () => this.dialog.close())
    this.input.addEventListener("input", () => this.#show())
    this.input.addEventListener("keydown", event => this.#onKey(event))
    this.input.addEventListener("paste", event => this.#onPaste(event))
    this.list.addEventListener("pointermove", ({ target }) => this.#choose([...this.list.children].indexOf(target.closest("a"))))
    this.list.addEventListener("click", ({ ctrlKey, metaKey, shiftKey }) => {
      if (!ctrlKey && !metaKey && !shiftKey) this.dialog.close()
    })
    // A click beside the panel is one on the dialog itself.
    this.dialog.addEventListener("click", ({ target }) => { if (target === this.dialog) this.dialog.close() })
  }

  open(query) {
    if (query) this.input.value = query
    if (!this.dialog.open) this.dialog.showModal()
    this.input.focus()
    this.input.select()
    this.#show()
  }

  #onKey(event) {
    const { key, isComposing } = event
    const count = this.list.children.length
    if (isComposing) return
    if (key === "ArrowDown" && count) this.#choose((this.#chosen + 1) % count, true)
    else if (key === "ArrowUp" && count) this.#choose((this.#chosen - 1 + count) % count, true)
    else if (key === "Enter" && (event.ctrlKey || event.metaKey)) this.#copyChosen()
    else if (key === "Enter") this.#openChosen()
    else return
    event.preventDefault()
  }

  // A field drops the line breaks of what is pasted, and would join the words around them.
  #onPaste(event) {
    const text = event.clipboardData?.getData("text")
    if (!text?.includes("\n")) return
    event.preventDefault()
    this.input.setRangeText(text.replace(/\s+/g, " ").trim(), this.input.selectionStart, this.input.selectionEnd, "end")
    this.#show()
  }

  #openChosen() {
    if (!this.#engine) this.#opensFirst = !this.#failed && this.input.value.trim() !== ""
    else this.list.children[this.#chosen]?.click()
  }

  // Copies the chosen answer for a review, as its page does: the finding that was found, or the short answer.
  async #copyChosen() {
    const result = this.#found[this.#chosen]
    if (!result) return
    const review = result.isInside && result.review || `${result.answer} ([${result.title}](site:${result.id}/))`
    try {
      await navigator.clipboard.writeText(review.replaceAll("](site:", `](${SITE}`))
      this.#announce("Copied for review, as Markdown")
    } catch {
      this.#announce("The browser does not let this page copy. Enter opens the answer, which shows the text.")
    }
  }

  // A text that is there already would not be announced again.
  #announce(text) {
    this.status.textContent = ""
    requestAnimationFrame(() => { this.status.textContent = text })
  }

  #choose(index, scroll = false) {
    const { children } = this.list
    if (index === this.#chosen || (index < 0 && children.length)) return
    children[this.#chosen]?.setAttribute("aria-selected", "false")
    this.#chosen = index
    const chosen = children[index]
    if (!chosen) return
    chosen.setAttribute("aria-selected", "true")
    this.input.setAttribute("aria-activedescendant", chosen.id)
    if (scroll) chosen.scrollIntoView({ block: "nearest" })
  }

  // Shows what the engine finds for what stands in the box.
  #show() {
    const query = this.input.value.trim()
    const found = query && this.#engine ? this.#engine.search(query, SHOWN) : []
    this.#found = found
    this.#isDoubtful = found.length > 0 && this.#engine.doubts(query, found)
    this.#chosen = -1
    this.input.removeAttribute("aria-activedescendant")
    this.list.replaceChildren(...found.map((result, index) => this.#option(result, index)))
    this.list.scrollTop = 0
    this.input.setAttribute("aria-expanded", String(found.length > 0))
    this.#choose(found.length ? 0 : -1)
    this.status.textContent = this.#says(query, found)
    this.status.classList.toggle("search__status--doubt", this.#isDoubtful)
    this.#showFoot(query, found)
    if (this.#opensFirst && this.#engine) {
      this.#opensFirst = false
      this.#openChosen()
    }
  }

  #says(query, found) {
    if (this.#failed) return "The search cannot be loaded. All answers are listed by topic on the home page."
    if (!query) return "Type a question, an identifier or an error text. ↑ and ↓ choose, Enter opens, Ctrl+Enter copies for review, Escape closes."
    if (!this.#engine) return "Loading …"
    if (!found.length) return `Nothing found for “${query}”.`
    if (this.#isDoubtful) return "Nothing here fits well. Nearest:"
    return found.length === 1 ? "1 answer" : `${found.length} answers, the best first`
  }

  #option({ id, url, title, answer, anchor, heading, sentence, isInside, isMatch }, index) {
    const address = new URL(url + (isInside && anchor ? `#${anchor}` : ""), SITE)
    const option = element("a", "search__answer", {
      id: `search-answer-${index}`, role: "option", href: address, tabindex: "-1", "aria-selected": "false", "data-id": id,
    })
    addMarked(option.appendChild(element("span", "search__question")), title, isMatch)
    addLine(option.appendChild(element("span", "search__short")), answer, isMatch)
    if (heading || sentence) {
      const place = option.appendChild(element("span", "search__place"))
      if (heading) addMarked(place.appendChild(element("b")), heading, isMatch)
      if (heading && sentence) place.append(": ")
      addMarked(place, sentence, isMatch)
    }
    return option
  }

  #showFoot(query, found) {
    this.foot.replaceChildren()
    if (!query || !this.#engine) return
    const ask = element("a", "", { href: this.#askAddress(query) })
    ask.textContent = "Ask this question"
    const link = element("a", "", { href: `?q=${encodeURIComponent(query)}` })
    link.textContent = "Link to this search"
    link.addEventListener("click", event => event.stopPropagation()) // the theme's navigation drops the query
    this.foot.append(found.length && !this.#isDoubtful ? "Not answered? " : "No answer yet. ", ask, found.length ? " · " : "", ...(found.length ? [link, this.#copyHint()] : []))
  }

  #copyHint() {
    const hint = element("span", "search__hint")
    hint.append(" · ")
    const key = hint.appendChild(element("kbd"))
    key.textContent = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ Enter" : "Ctrl Enter"
    hint.append(" copies for review")
    return hint
  }

  // The question form of the repository, filled in, or how to contribute where the site has no repository.
  #askAddress(query) {
    const { repository } = this.#content
    if (!repository) return new URL("contributing/", SITE)
    return `${repository}/issues/new?${new URLSearchParams({ template: "question.yml", title: query.slice(0, 200), question: query })}`
  }
}
