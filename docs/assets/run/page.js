// Programs that run in the page. Loaded by the first click on Run; nothing runs before it.
import { Panel } from "./panel.js"
import { decoded } from "./link.js"

const panels = new WeakMap()

function loadStyle() {
  const address = new URL("run.css", import.meta.url).href
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve()
  const style = document.createElement("link")
  style.rel = "stylesheet"
  style.href = address
  document.body.append(style) // the theme's navigation empties the head
  return new Promise(resolve => {
    style.addEventListener("load", resolve)
    style.addEventListener("error", resolve)
  })
}

async function read(address, kind) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address.split("/").at(-1)} (${answer.status})`)
  return answer[kind]()
}

// The program stands beside the site as text; what is known of its runs stands beside it.
async function panelOf(block) {
  if (!panels.has(block)) {
    const { href } = block.querySelector(".block__file")
    const parts = [read(href, "text"), read(href.replace(/\.txt$/, ".json"), "json"), loadStyle()]
    panels.set(block, Promise.all(parts).then(([program, about]) => new Panel(block, program, about)))
  }
  return panels.get(block)
}

export async function run(block, button) {
  const label = button.textContent
  button.disabled = true
  try {
    const panel = await panelOf(block)
    button.hidden = true
    panel.start()
  } catch (error) {
    panels.delete(block)
    const sentence = document.createElement("p")
    sentence.className = "run__failed"
    sentence.setAttribute("role", "alert")
    sentence.textContent = `This program cannot be run now: ${error.message} could not be loaded.`
    block.querySelector(".run__failed")?.remove()
    block.append(sentence)
  } finally {
    button.disabled = false
    button.textContent = label
  }
}

// Fills in the code that a link brought, and runs nothing.
export async function fill(fragment) {
  const change = await decoded(fragment)
  const block = change && [...document.querySelectorAll("[data-run]")].find(({ dataset }) => dataset.program === change.program)
  if (!block) return
  const panel = await panelOf(block)
  panel.fill(change)
  block.scrollIntoView({ block: "center" })
}
