// The program of a block: the lines of the section that the page shows, and what the reader made of them.

export class Source {
  constructor(block, program, lines) {
    this.block = block
    this.program = program.split("\n")
    this.lines = lines // of the section, from 1, or null
    this.code = block.querySelector("code")
    this.original = this.code.cloneNode(true)
    this.shown = this.text()
    const section = lines ? this.program.slice(lines[0] - 1, lines[1]) : []
    const filled = section.filter(line => line.trim())
    this.indent = Math.min(...filled.map(line => line.length - line.trimStart().length))
    const dedented = section.map(line => line.slice(this.indent)).join("\n").trim()
    this.isEditable = filled.length > 0 && dedented === this.shown.trim()
  }

  text() {
    return this.code.textContent.replaceAll("\u200b", "").replace(/\n+$/, "")
  }

  get isChanged() {
    return this.text() !== this.shown
  }

  allowEditing(label) {
    if (!this.isEditable) return
    this.code.contentEditable = "plaintext-only"
    if (this.code.contentEditable !== "plaintext-only") this.code.contentEditable = "true"
    this.code.spellcheck = false
    for (const [name, value] of Object.entries({
      role: "textbox", "aria-multiline": "true", "aria-label": label, autocapitalize: "off", autocorrect: "off",
    })) this.code.setAttribute(name, value)
    this.code.addEventListener("beforeinput", () => this.forgetColours())
  }

  // What is typed over all of the code would take the colour of its first word.
  forgetColours() {
    const selection = getSelection()
    const chosen = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0).toString() : ""
    if (this.code.firstElementChild && chosen.trim() === this.code.textContent.trim()) this.replace("")
  }

  replace(text) {
    this.code.textContent = text
  }

  reset() {
    this.code.replaceChildren(...this.original.cloneNode(true).childNodes)
  }

  // The whole program, with the reader's section in its place.
  whole() {
    if (!this.isEditable || !this.isChanged) return this.program.join("\n")
    const pad = " ".repeat(this.indent)
    const section = this.text().split("\n").map(line => line.trim() ? pad + line : "")
    const [first, last] = this.lines
    return [...this.program.slice(0, first - 1), ...section, ...this.program.slice(last)].join("\n")
  }

  // Marks the line of the block that an error points to; a line of the rest of the program is on no page.
  markError(numbers) {
    this.code.querySelectorAll(".l--error").forEach(line => line.classList.remove("l--error"))
    const boxes = [...this.code.querySelectorAll(".l")]
    if (!this.lines || this.isChanged) return
    const skipped = this.shown.length && this.program.slice(this.lines[0] - 1).findIndex(line => line.trim())
    for (const number of numbers) boxes[number - this.lines[0] - skipped]?.classList.add("l--error")
  }
}
