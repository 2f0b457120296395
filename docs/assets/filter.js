// Filters a list on its page: by words and by what its items say of themselves. Loaded where a page has a list that
// can be filtered; without it the page shows the whole list.
//
// <div class="filterable" data-filter-label="Filter the answers" data-filter-facets="topic,level">
//   <div class="filter-group"> … <div class="filter-item" data-topic="Testing" data-level="deep"> …
//
// Each facet becomes a choice of the values that items have; several values are separated by |. Options stand in the order
// of the items; those of facets named in data-filter-sorted are sorted, numbers by their value. What a value is called
// stands in data-filter-names ("deep=advanced"), where it has another name. Words are looked for in the text
// of an item and in its data-filter-text, in their order; where they stand so nowhere, each for itself. What is chosen stands in the address, so that a filtered list can be linked.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function named(list) {
  return list?.split(",").map(name => name.trim()).filter(Boolean) ?? []
}

function values(item, facet) {
  return item.dataset[facet]?.split("|") ?? []
}

function choice(facet, items, isSorted, names) {
  const found = [...new Set(items.flatMap(item => values(item, facet)))]
  if (isSorted) found.sort((one, other) => one.localeCompare(other, "en", { numeric: true }))
  const select = element("select", { name: facet }, new Option("all", ""), ...found.map(value => new Option(names[value] ?? value, value)))
  return element("label", {}, facet[0].toUpperCase() + facet.slice(1), select)
}

// The words of a text, each after a blank: signs between them do not count, so that "str(e)" finds "str(exc)".
function words(text) {
  return ` ${text.toLowerCase().split(/[^\p{L}\d_]+/u).filter(Boolean).join(" ")} `
}

// The entry of a group in the outline of the page.
function outlined(group) {
  const heading = group.querySelector("h2[id]")
  return heading && document.querySelector(`.md-nav--secondary a[href$="#${heading.id}"]`)?.closest("li")
}

function addFilter(list) {
  const items = [...list.querySelectorAll(".filter-item")]
  const texts = new Map(items.map(item => [item, words(`${item.textContent} ${item.dataset.filterText ?? ""}`)]))
  const facets = named(list.dataset.filterFacets)
  const sorted = named(list.dataset.filterSorted)
  const names = Object.fromEntries(named(list.dataset.filterNames).map(pair => pair.split("=")))

  const input = element("input", { type: "search", name: "text", autocomplete: "off", spellcheck: "false" })
  const status = element("p", { role: "status" })
  const clear = element("button", { type: "button" }, "Clear")
  const search = element("button", { type: "button", "data-search": "" })
  const form = element("form", { class: "filter", role: "search", "aria-label": list.dataset.filterLabel },
    element("label", {}, "Words", input),
    ...facets.map(facet => choice(facet, items, sorted.includes(facet), names)),
    element("div", { class: "filter__foot" }, status, search, clear))
  const fields = [...form.querySelectorAll("[name]")]

  function apply() {
    const phrase = words(input.value).trimEnd()
    const parts = phrase.split(" ").filter(Boolean)
    const isFound = [...texts.values()].some(text => text.includes(phrase))
    const says = text => isFound ? text.includes(phrase) : parts.every(part => text.includes(part))
    const chosen = facets.map(facet => [facet, form.elements[facet].value]).filter(([, value]) => value)
    let shown = 0
    for (const item of items) {
      const fits = says(texts.get(item)) &&
        chosen.every(([facet, value]) => values(item, facet).includes(value))
      item.hidden = !fits
      shown += fits
    }
    for (const group of list.querySelectorAll(".filter-group")) {
      group.hidden = !group.querySelector(".filter-item:not([hidden])")
      const entry = outlined(group)
      if (entry) entry.hidden = group.hidden
    }
    status.textContent = `${shown || "None"} of ${items.length} shown`
    search.hidden = shown > 0 || !input.value
    search.dataset.search = input.value
    search.textContent = `Search the answers for “${input.value}”`
    clear.hidden = fields.every(({ value }) => !value)
  }

  // Only what is chosen: other parts of the address stay.
  function keepInAddress() {
    const address = new URL(location)
    for (const { name, value } of fields) {
      if (value) address.searchParams.set(name, value)
      else address.searchParams.delete(name)
    }
    history.replaceState(history.state, "", address)
  }

  function change() {
    apply()
    keepInAddress()
  }

  function reset() {
    for (const field of fields) field.value = ""
    change()
  }

  form.addEventListener("input", change)
  form.addEventListener("submit", event => {
    event.preventDefault()
    const first = items.find(item => !item.hidden)
    if (first) first.querySelector("a")?.focus()
    else search.click()
  })
  form.addEventListener("keydown", ({ key }) => { if (key === "Escape") reset() })
  clear.addEventListener("click", () => {
    reset()
    input.focus()
  })

  const asked = new URLSearchParams(location.search)
  for (const field of fields) {
    field.value = asked.get(field.name) ?? ""
    if (field.selectedIndex === -1) field.value = "" // no item has what the address asks for
  }
  list.prepend(form)
  document.dispatchEvent(new Event("opener")) // the way into the search takes its button in
  apply()
}

// Adds a filter to each list that has none yet.
export function addFilters() {
  for (const list of document.querySelectorAll(".filterable:not(:has(> .filter))")) addFilter(list)
}
