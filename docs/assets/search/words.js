// Cuts text into words, the same way for the index and the query: identifiers are found whole and in
// parts, endings are taken off, and typing mistakes are measured.

const RUN = /[\p{L}\p{N}_]+(?:[.\-'’][\p{L}\p{N}_]+)*/gu
const HUMP = /\p{Lu}+(?!\p{Ll})\p{N}*|\p{Lu}?\p{Ll}[\p{Ll}\p{N}]*|\p{N}[\p{Ll}\p{N}]*/gu
const stems = new Map()
const runs = new Map()

// Takes endings off, so that `validates`, `validating` and `validation` are the same word.
function stemOf(word) {
  if (word.length < 4 || /\d/.test(word)) return word
  let stem = word
  if (/ies$/.test(stem)) stem = stem.slice(0, -3) + "y"
  else if (/(ss|x|ch|sh)es$/.test(stem)) stem = stem.slice(0, -2)
  else if (/[^sui]s$/.test(stem)) stem = stem.slice(0, -1)
  const bare = stem.replace(/(ing|ed)$/, "")
  if (bare !== stem && bare.length > 2 && /[aeiouy]/.test(bare)) {
    stem = bare.replace(/([^aeiouylsz])\1$/, "$1")
  }
  if (stem.length > 7) stem = stem.replace(/ment$|ly$|ness$/, "")
  if (stem.length > 6) stem = stem.replace(/([st])(ion|or)$/, "$1").replace(/er$/, "")
  if (stem.length > 6) stem = stem.replace(/[ea]n(t|c[ye])$/, "")
  if (stem.length > 5) stem = stem.replace(/ate?$/, "")
  if (stem.length > 3) stem = stem.replace(/e$/, "").replace(/y$/, "i")
  return stem
}

export function stem(word) {
  let found = stems.get(word)
  if (found === undefined) stems.set(word, found = stemOf(word))
  return found
}

// Cuts an identifier at its capitals and underscores. A single letter stays with what follows (`OAuth2`).
function partsOf(piece) {
  const parts = []
  let letter = ""
  for (const [part] of piece.matchAll(HUMP)) {
    if (part.length === 1) letter += part
    else {
      parts.push((letter + part).toLowerCase())
      letter = ""
    }
  }
  if (letter) parts.push(letter.toLowerCase())
  return parts
}

// Returns the words of letters, digits and what joins them in names.
function cut(run) {
  const found = []
  for (const piece of run.replace(/['’]/g, "").split(/[.-]/)) {
    const whole = piece.replaceAll("_", "").toLowerCase()
    if (!whole) continue
    const parts = partsOf(piece)
    found.push({ word: whole, parts: parts.length > 1 ? parts.length : 0, part: false })
    if (parts.length > 1) for (const word of parts) found.push({ word, parts: 0, part: true })
  }
  const wholes = found.filter(({ part }) => !part).map(({ word }) => word)
  if (wholes.length > 1 && wholes.length < 5) {
    for (const one of found) one.part = true
    found.unshift({ word: wholes.join(""), parts: found.length, part: false })
  }
  for (const one of found) one.base = stem(one.word)
  return found
}

// Returns the words of a text with their stems (`base`). A word of several parts, as `add_task` and `app.get`,
// comes before its parts; `parts` says how many follow it, and `part` marks them.
export function words(text) {
  const found = []
  for (const [run] of text.matchAll(RUN)) {
    let cutRun = runs.get(run)
    if (!cutRun) runs.set(run, cutRun = cut(run))
    found.push(...cutRun)
  }
  return found
}

// Returns how many letters have to be changed, added, left out or swapped to turn one word into the
// other, or `most + 1` where it is more than `most`.
export function distance(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1
  let before = []
  let last = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const next = [row]
    let best = row
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let cost = Math.min(last[column] + 1, next[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        cost = Math.min(cost, before[column - 2] + 1)
      }
      next.push(cost)
      if (cost < best) best = cost
    }
    if (best > most) return most + 1
    before = last
    last = next
  }
  return last[other.length]
}
