// What a run tells, as it comes.

function text(name, content) {
  const part = document.createElement(name)
  part.textContent = content
  return part
}

export class Log {
  constructor(place) {
    this.place = place
    this.clear()
  }

  clear() {
    this.place.replaceChildren()
    this.place.parentElement.querySelector(".run__page")?.remove()
    this.isEmpty = true
    this.page = null
  }

  part(kind, content, joins = false) {
    const before = this.place.lastElementChild
    if (joins && before?.dataset.kind === kind) {
      before.append(content)
      return
    }
    const part = text("span", content)
    part.dataset.kind = kind
    if (before) this.place.append(`${before.textContent.endsWith("\n") ? "" : "\n"}${kind === "head" ? "\n" : ""}`)
    this.place.append(part)
    this.isEmpty = false
  }

  add(message) {
    const { event } = message
    if (event === "printed") {
      this.part(message.stream, message.text, true)
    } else if (event === "response") {
      const kind = new Map(message.headers).get("content-type") ?? ""
      if (kind.startsWith("text/html")) this.page = { number: message.number, text: "" }
      const head = message.headers.map(header => header.join(": "))
      this.part("head", [message.request, `${message.status} ${message.phrase}`, ...head].join("\n"))
    } else if (event === "body") {
      if (this.page?.number === message.number) this.page.text += message.text
      if (message.text) this.part(`body ${message.number}`, message.text, true)
    } else if (event === "message") {
      const sign = message.from === "client" ? "→" : "←"
      const word = message.kind === "send" ? "" : `${message.kind} `
      this.part("message", `${message.from} ${sign} ${word}${message.text}`)
    } else if (event === "error") {
      this.part("error", message.traceback)
    }
  }

  keep() {
    this.isEmpty = false
  }

  end() {
    if (this.isEmpty) this.part("nothing", "Nothing was printed.")
    if (this.page) this.showPage(this.page.text)
  }

  // What a program answers as HTML is shown apart: no script of it runs, and it can reach nothing of this page.
  showPage(content) {
    const frame = document.createElement("iframe")
    frame.className = "run__page"
    frame.title = "The answer as a page"
    frame.setAttribute("sandbox", "")
    frame.srcdoc = content
    this.place.after(frame)
  }
}
