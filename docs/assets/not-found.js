// The page of an address that does not exist: offers what the address names, a number as the answer with that number, words
// as what the search finds for them. Without it the page lists the topics.

import { Engine } from "./search/engine.js"

const SITE = new URL("../", import.meta.url)
const SHOWN = 3

// The address below the site, as numbers and words.
function partsOf(path) {
  const parts = path.replace(SITE.pathname, "").replace(/\.\w+$/, "").split(/%[0-9a-f]{2}|[^a-z0-9_]+/i)
  return parts.filter(part => part && part !== "404")
}

export async function suggest() {
  const place = document.querySelector(".not-found")
  const parts = partsOf(location.pathname)
  if (!place || !parts.length) return
  const response = await fetch(new URL("search/index.json", import.meta.url))
  if (!response.ok) return // the page itself says where to look
  const content = await response.json()
  const words = parts.filter(part => !/^\d+$/.test(part)).join(" ")
  const numbered = content.answers.filter(({ id }) => parts.includes(String(id)))
  const folder = location.pathname.replace(SITE.pathname, "").split("/")[0]
  const inTopic = ({ url }) => url.startsWith(`${folder}/`)
  const found = words ? new Engine(content).search(words, content.answers.length) : []
  // Where the address begins with a topic, its answers come first.
  const near = [...found.filter(inTopic), ...found.filter(answer => !inTopic(answer))].slice(0, SHOWN)
  const answers = [...new Map([...numbered, ...near].map(answer => [answer.id, answer])).values()]
  if (!answers.length) return

  const heading = document.createElement("h2")
  heading.textContent = "Perhaps you want"
  const list = document.createElement("ul")
  list.append(...answers.map(({ url, title }) => {
    const link = document.createElement("a")
    link.href = new URL(url, SITE)
    link.textContent = title
    const item = document.createElement("li")
    item.append(link)
    return item
  }))
  place.replaceChildren(heading, list)
  const field = document.querySelector(".find__field")
  if (field && words) field.dataset.search = words
}
