// What stands below a block that runs: the request, the expected beside the real, and what can be done.
import { writeText } from "../answers.js"
import { isStarted, isSupported, run, stop } from "./engine.js"
import { compared } from "./difference.js"
import { encoded } from "./link.js"
import { Log } from "./log.js"
import { Source } from "./source.js"

const MEGABYTE = 1_000_000
let last = 0

function element(name, className, text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

export class Panel {
  constructor(block, program, about) {
    last += 1
    this.block = block
    this.about = about
    this.source = new Source(block, program, about.sections[block.dataset.section] ?? null)
    this.home = new URL(`${block.dataset.run}/`, import.meta.url).href
    this.isAnew = true
    this.mayLoad = !navigator.connection?.saveData
    this.build()
    this.source.allowEditing(`The code of ${about.name}, which you can change`)
    this.source.code.addEventListener("input", () => this.changed())
    this.source.code.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.start()
    })
  }

  build() {
    const { about } = this
    this.root = element("section", "run")
    this.root.setAttribute("aria-label", `Run ${about.name}`)
    this.bar = element("div", "run__bar")
    this.buttons = {}
    const buttons = {
      run: ["Run again", () => this.start()],
      stop: ["Stop", () => stop()],
      reset: ["Reset", () => this.reset()],
      link: ["Copy link to this change", () => this.copyLink()],
    }
    for (const [name, [label, act]] of Object.entries(buttons)) {
      const button = element("button", "run__button", label)
      button.type = "button"
      button.addEventListener("click", act)
      this.buttons[name] = button
      this.bar.append(button)
    }
    this.buttons.run.classList.add("run__button--first")
    this.buttons.stop.hidden = true
    this.buttons.link.hidden = true
    this.status = element("p", "run__status")
    this.status.setAttribute("role", "status")
    this.bar.append(this.status)
    this.root.append(this.bar)
    if (about.app) this.addRequest()
    this.sides = element("div", "run__sides")
    this.expected = this.side(about.recorded ? "Recorded by a test" : "Recorded in CPython", about.expected)
    this.real = this.side("Here", "")
    this.log = new Log(this.real.querySelector("pre"))
    this.expected.hidden = !about.expected
    this.sides.append(this.expected, this.real)
    this.differs = element("p", "run__differs")
    this.differs.hidden = true
    this.versions = element("p", "run__versions", about.versions)
    const more = element("a", "", "What differs from a server")
    more.href = new URL("../../programs-in-the-page/", import.meta.url).href
    this.versions.append(" ", more)
    this.root.append(this.sides, this.differs, this.versions)
    this.block.append(this.root)
    this.block.classList.add("block--runs")
  }

  addRequest() {
    const label = element("label", "run__request", "Request")
    this.request = element("textarea", "")
    this.request.spellcheck = false
    this.request.value = this.about.asked
    this.request.placeholder = "GET /"
    this.fit()
    this.request.addEventListener("input", () => this.fit())
    this.request.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.start()
    })
    label.append(this.request)
    this.root.append(label)
    this.buttons.run.textContent = "Send again"
  }

  fit() {
    this.request.rows = Math.min(14, this.request.value.split("\n").length + 0)
  }

  side(title, text) {
    const side = element("div", "run__side")
    const head = element("p", "run__title", title)
    const body = element("pre", "run__text", text)
    body.tabIndex = 0
    body.setAttribute("aria-label", title)
    side.append(head, body)
    return side
  }

  say(text, kind = "") {
    this.status.textContent = text
    this.status.dataset.kind = kind
  }

  changed() {
    this.buttons.link.hidden = !this.source.isChanged
  }

  start() {
    if (!isSupported()) return this.say("This browser lacks what running Python needs: WebAssembly and streams.", "failed")
    if (!this.mayLoad && !isStarted()) {
      this.mayLoad = true
      this.buttons.run.textContent = "Load and run"
      return this.say("Your browser asks to save data. Running loads 8 MB, once.")
    }
    const isAsked = Boolean(this.request)
    this.buttons.run.textContent = isAsked ? "Send again" : "Run again"
    this.log.clear()
    this.source.markError([])
    this.differs.hidden = true
    this.real.querySelector(".run__title").textContent = "Here"
    this.show(this.expected, [[this.about.expected, true]])
    const source = this.source.whole()
    const asked = this.request?.value ?? ""
    const isComparable = this.about.expected && asked.trim() === this.about.asked.trim()
    this.isSent = asked.trim()
    this.error = null
    this.buttons.stop.hidden = false
    this.buttons.run.disabled = true
    this.say(isStarted() ? "Running …" : "Loading Python and FastAPI …")
    const job = {
      source, name: this.about.name, asked, anew: this.isAnew || source !== this.sentSource,
      lines: this.source.lines, files: this.about.files, recorded: isComparable ? this.about.expected : "",
      compared: isComparable ? this.about.compared : [],
    }
    this.isAnew = false
    this.sentSource = source
    run(this.home, job, message => this.hear(message))
  }

  hear(message) {
    const { event } = message
    if (event === "loading") {
      const [loaded, total] = [message.loaded, message.total].map(bytes => (bytes / MEGABYTE).toFixed(1))
      this.say(`Loading Python and FastAPI: ${loaded} of ${total} MB, once`)
    } else if (event === "ready" || event === "running") {
      this.say("Running …")
    } else if (event === "asked") {
      if (!this.request.value.trim()) this.request.value = message.text
      this.about.asked ||= message.text
      this.fit()
    } else if (event === "result") {
      this.finish(message)
    } else if (event === "stopped") {
      this.over()
      this.say(`Stopped ${message.why}. The next run starts anew.`, "stopped")
    } else if (event === "failed") {
      this.over()
      const reason = navigator.onLine === false ? "you are offline" : message.why
      this.say(`Python could not be loaded: ${reason}. Press ${this.buttons.run.textContent} to try again.`, "failed")
    } else {
      if (event === "error") this.error = message
      this.log.add(message)
    }
  }

  over() {
    this.isAnew = true
    this.idle()
  }

  idle() {
    this.buttons.stop.hidden = true
    this.buttons.run.disabled = false
    this.log.end()
  }

  finish({ same, real, milliseconds, threads }) {
    this.idle()
    if (this.error) this.source.markError(this.error.lines)
    if (threads) {
      this.differs.textContent = "A server runs what is not async in worker threads, and answers other requests meanwhile. "
        + "Here is one thread for all of it."
      this.differs.hidden = false
    }
    const time = `${milliseconds} ms`
    if (same === undefined) {
      const why = this.about.expected ? "not compared, because the request is another one" : "nothing is recorded to compare it with"
      return this.say(`Finished in ${time}; ${why}.`, this.error ? "error" : "")
    }
    if (same) return this.say(`The same as recorded, in ${time}.`, "same")
    if (this.error) return this.say(`Ended with ${this.error.kind}, which was not recorded.`, "error")
    const { expected, real: lines } = compared(this.about.expected, real)
    this.show(this.expected, expected)
    this.log.keep()
    this.real.querySelector(".run__title").textContent = "Here, in the form of the record"
    this.show(this.real, lines)
    const number = Math.max(...[expected, lines].map(side => side.filter(([, both]) => !both).length))
    this.say(`Different from what was recorded, in ${number} ${number === 1 ? "line" : "lines"}.`, "different")
  }

  show(side, lines) {
    const marked = lines.flatMap(([text, both]) => [both ? text : Object.assign(element("mark", "run__other", text)), "\n"])
    side.querySelector("pre").replaceChildren(...marked.slice(0, -1))
  }

  fill({ code, asked }) {
    this.source.replace(code)
    if (this.request && asked) this.request.value = asked
    this.changed()
    this.block.querySelector(".block__run").hidden = true
    this.buttons.run.textContent = "Run"
    this.say("This code came with the link. Read it before you run it.")
  }

  reset() {
    this.source.reset()
    this.isAnew = true
    this.log.clear()
    this.show(this.expected, [[this.about.expected, true]])
    this.real.querySelector(".run__title").textContent = "Here"
    this.differs.hidden = true
    if (this.request) this.request.value = this.about.asked
    this.changed()
    this.say("As it was. Nothing has run.")
  }

  async copyLink() {
    const { program } = this.block.dataset
    const fragment = encoded({ program, code: this.source.text(), asked: this.request?.value ?? "" })
    try {
      await writeText(fragment.then(change => location.href.split("#")[0] + change))
      this.say("Link copied. It fills the code in, and runs nothing.")
    } catch {
      history.replaceState(history.state, "", await fragment)
      this.say("The address of this page now holds your change: copy it from the address bar.")
    }
  }
}
