// Finds answers: builds its tables from the text of the index when that has arrived, and ranks.
//
// An answer's score has two parts. The first counts the words of the query in all of its text (BM25F: rare
// words weigh more, a question more than a paragraph, and repetition has less and less effect). The second
// looks for the one phrase of the answer (question, other wording, heading, sentence) that is most like the query as a whole;
// it brings questions and pasted error texts to the top.

import { distance, stem, words } from "./words.js"

// How much a word counts by where it stands, and how much a phrase does by what it is.
const WORD = { title: 10, slug: 8, asked: 3.5, short: 4.5, finding: 2.5, heading: 2.5, text: 0.7, names: 0.8 }
const PHRASE = { title: 1.9, slug: 1.8, asked: 1.3, short: 0.6, finding: 1.6, heading: 0.6, text: 0.5 }
const WHOLE = 0.5 // weight of how much of the query the answer has
const SATURATION = 6 // how soon repetition stops counting
const LENGTH = 0.4 // how much a long answer's words count less
const PHRASES = 1.2 // weight of the second part beside the first
const STEM = 0.5 // share of a word that its stem is worth, where the word itself is not there
const SYNONYM = 0.8
const MEANT = 0.5 // worth of a word itself, where it has synonyms
const PART = 0.4 // worth of a part of an identifier, beside the whole
const CONTEXT = 0.3 // worth of a word that stands in the question and not in the phrase
const JOINED = 0.25 // worth of two words of the query written as one
const SPLIT = 0.55 // worth of either half of two words that the query has as one
const PREFIX = 0.95
const TYPO = 0.7 // for each letter
// How much of a query an answer has, and from what share on it fits. A word that the answer only mentions counts less,
// the more so the more answers mention it; one that no answer has counts more than any other.
const MENTIONED = 0.3
const MENTIONED_ALONE = 0.7
const NAMED = 0.9 // of an identifier of several parts: where it is shown, it is used
const MEANS = 0.6 // worth of a synonym
const TOGETHER = 0.8 // worth of a word of the question, beside the words of one phrase
const UNKNOWN = 1.4
const FITS = 0.575
const MOST_WORDS = 60 // of a query; a pasted traceback may be endless

const PLAINNESS = 0.4 // what is left of the weight of such words:
// Words that say what is wanted to be known, and nothing about the subject.
const PLAIN = new Set(words(`a about all am an and any are as at be best by can correct could do does example explain explained
  fastapi for from get give good has have help how i if in is it its like make me mean meaning my need new not of on or one please
  proper python should simple so that the then there this to tutorial using use used versus vs way we what whats when where which why
  will with work working would you your`).map(({ base }) => base))
const SENTENCE = /\n|(?<=[.!?:]) (?=[\p{Lu}`*])/u
// What a log or a traceback says about the place rather than the fault.
const NOISE = [
  /Traceback \(most recent call last\):?/gi,
  /File "[^"]*",? line \d+(, in [\w<>.]+)?/gi,
  /\b\d{4}-\d\d-\d\d[T ][\d:.,]+\w*/g,
  /\b\d+\.\d+\.\d+\.\d+:\d+\b/g,
  /\b0x[0-9a-f]+\b/gi,
  /\^{3,}|~{3,}/g,
  /\b(?:[a-z_]\w*\.)+(?=[A-Z]\w*(?:Error|Exception|Warning|Disconnect)\b)/g, // the module of an error
]
const FAULT = /(?:\w+\.)*\w*(?:Error|Exception|Warning|Disconnect(?:ed)?|Exit|Greenlet|Group): .+$/

export class Engine {
  constructor(content) {
    this.synonyms = new Map(Object.entries(content.synonyms))
    this.answers = content.answers
    this.tables = new Map() // word or "~stem" -> Map(answer -> count, weighted by place)
    this.subjects = new Map() // word or "~stem" -> answers that have it elsewhere than in their text
    this.forms = new Map() // stem -> words of the index that have it
    this.phrases = this.answers.map(() => [])
    this.lengths = this.answers.map(() => 0)
    this.answers.forEach((answer, number) => this.#add(answer, number))
    this.length = this.lengths.reduce((sum, one) => sum + one, 0) / this.lengths.length
    this.vocabulary = [...this.forms.values()].flatMap(forms => [...forms])
    this.rarities = new Map()
    this.ways = new Map() // word -> its alternatives
  }

  #add(answer, number) {
    this.#read(answer.title, number, "title")
    // A question that asks two things is like each of them.
    const clauses = answer.title.split(", ")
    if (clauses.length > 1) for (const clause of clauses) this.#compare(words(clause), clause, number, "title", 0)
    // The last part of the address names the subject.
    this.#read(answer.url.split("/").at(-2).replaceAll("-", " "), number, "slug")
    for (const wording of answer.asked) this.#read(wording, number, "asked")
    for (const sentence of answer.answer.split(SENTENCE)) this.#read(sentence, number, "short")
    answer.sections.forEach(([anchor, heading, text, names, review], section) => {
      if (heading) this.#read(heading, number, review ? "finding" : "heading", section)
      // An anchor that the author chose may name the subject in other words.
      const named = anchor.replaceAll("-", " ")
      if (named && named !== heading.toLowerCase()) this.#read(named, number, "heading", section)
      for (const sentence of text.split(SENTENCE)) if (sentence) this.#read(sentence, number, "text", section)
      this.#read(names, number, "names", section)
    })
  }

  #read(text, number, place, section = 0) {
    const found = words(text)
    for (const { word, base, part } of found) {
      const weight = part ? PART * WORD[place] : WORD[place]
      this.#count(word, number, weight, place)
      this.#count("~" + base, number, weight, place)
      const forms = this.forms.get(base)
      if (forms) forms.add(word)
      else this.forms.set(base, new Set([word]))
    }
    this.lengths[number] += found.length
    if (place !== "names") this.#compare(found, text, number, place, section)
  }

  #compare(found, text, number, place, section) {
    const bases = found.map(({ base }) => base)
    this.phrases[number].push({ text, place, section, bases, parts: found.map(({ part }) => part) })
  }

  #count(key, number, weight, place) {
    if (place !== "text" && place !== "names") {
      const subjects = this.subjects.get(key)
      if (subjects) subjects.add(number)
      else this.subjects.set(key, new Set([number]))
    }
    const table = this.tables.get(key)
    if (table) table.set(number, (table.get(number) ?? 0) + weight)
    else this.tables.set(key, new Map([[number, weight]]))
  }

  // How much a word tells: from how many answers have it in their question, headings or short answer. How many
  // have it in their text says less: nearly all speak of tasks, few are about them.
  #rarity(key) {
    let rarity = this.rarities.get(key)
    if (rarity === undefined) {
      const have = this.subjects.get(key)?.size ?? 0
      rarity = Math.log(1 + (this.answers.length - have + 0.5) / (have + 0.5))
      if (PLAIN.has(key.replace("~", ""))) rarity *= PLAINNESS
      this.rarities.set(key, rarity)
    }
    return rarity
  }

  #knows(word) {
    return this.forms.get(stem(word))?.has(word) ?? false
  }

  // Returns the words to look for. Each stands for a place in the query and has alternatives with weights.
  #terms(query) {
    let text = query
    for (const noise of NOISE) text = text.replace(noise, " ")
    const fault = text.match(FAULT)?.[0]
    const asked = words(text)
    const important = fault ? new Set(words(fault).map(({ word }) => word)) : null
    const open = /[\p{L}\p{N}_]$/u.test(query) ? asked.at(-1)?.word : null
    const terms = []
    const seen = new Map()
    const add = (word, weight, alternatives) => {
      const old = seen.get(word)
      if (old) { old.weight = Math.max(old.weight, weight); return }
      const term = { word, weight, alternatives }
      seen.set(word, term)
      terms.push(term)
    }
    for (const [key, meant] of this.synonyms) {
      if (key.includes(" ") && ` ${asked.map(({ word }) => word).join(" ")} `.includes(` ${key} `)) {
        for (const { word } of words(meant)) add(word, SYNONYM, this.#alternatives(word, false))
      }
    }
    let parts = 0 // how many of the words that follow are parts of an identifier
    for (let at = 0; at < asked.length && terms.length < MOST_WORDS; at++) {
      const { word, parts: own } = asked[at]
      const weight = (important && !important.has(word) ? 0.25 : 1) * (parts > 0 ? PART : 1)
      if (parts > 0) parts--
      const meant = this.synonyms.get(word)
      const alternatives = meant && !this.#knows(word) ? [] : this.#alternatives(word, word === open && !meant)
      // An identifier that is nowhere is only its parts.
      const whole = own > 0 && !this.#knows(word)
      if (own > 0 && !whole) parts = Math.max(parts, own)
      if (!whole) add(word, meant ? weight * MEANT : weight, alternatives)
      if (meant) {
        for (const { word: other } of words(meant)) add(other, weight * SYNONYM, this.#alternatives(other, false))
      }
      if (!own) for (const half of this.#halves(word)) add(half, weight * SPLIT, this.#alternatives(half, false))
      const next = asked[at + 1]?.word
      if (next && !own && this.#knows(word + next)) add(word + next, JOINED * weight, this.#alternatives(word + next, false))
    }
    return terms
  }

  #alternatives(word, open) {
    const key = open ? word + " " : word // while it is typed, it may be the start of another
    let ways = this.ways.get(key)
    if (!ways) this.ways.set(key, ways = this.#findAlternatives(word, open))
    return ways
  }

  #findAlternatives(word, open) {
    const found = new Map()
    const add = (key, weight) => { if (weight > (found.get(key) ?? 0)) found.set(key, weight) }
    const known = this.#knows(word)
    const base = stem(word)
    if (known) add(word, 1)
    if (this.forms.has(base)) add("~" + base, known ? STEM : 0.9)
    if (open && word.length > 1 || !found.size && word.length > 3) {
      for (const form of this.vocabulary) {
        if (form.length > word.length && form.startsWith(word)) {
          add(form, PREFIX * (known ? 0.3 : 1) * (0.4 + 0.6 * word.length / form.length))
        }
      }
    }
    if (!known && !this.forms.has(base) && word.length > 2 && !/^\d+$/.test(word)) {
      let most = word.length > 6 ? 2 : 1
      if (word.length === 3) most = 0
      const near = []
      for (const form of this.vocabulary) {
        if (form.length < 3) continue
        const away = distance(word, form, most)
        if (away <= most) near.push([away + (form[0] === word[0] ? 0 : 0.4), form])
      }
      const least = Math.min(...near.map(([away]) => away))
      for (const [away, form] of near) {
        if (away > least + 0.5) continue
        add(form, TYPO ** away)
        add("~" + stem(form), STEM * TYPO ** away)
      }
    }
    return [...found]
  }

  // Takes a word for two known ones that were written together.
  #halves(word) {
    for (let at = 3; at <= word.length - 3; at++) {
      const halves = [word.slice(0, at), word.slice(at)]
      if (halves.every(half => this.forms.has(stem(half)))) return halves
    }
    return []
  }

  // Returns the best answers, each with the place of the match, and the words that were found.
  search(query, most = 10) {
    const terms = this.#terms(query).filter(term => term.alternatives.length)
    const scores = new Map()
    for (const term of terms) {
      // A word is as rare as its commonest form, or a prefix would weigh more than the word.
      term.rarity = Math.max(...term.alternatives.map(([key, weight]) => weight * this.#rarity(key)))
      const best = new Map()
      for (const [key, weight] of term.alternatives) {
        const rarity = this.#rarity(key) * weight
        for (const [number, count] of this.tables.get(key)) {
          const long = 1 - LENGTH + LENGTH * this.lengths[number] / this.length
          const score = rarity * count / (count + SATURATION * long)
          if (score > (best.get(number) ?? 0)) best.set(number, score)
        }
      }
      for (const [number, score] of best) scores.set(number, (scores.get(number) ?? 0) + score * term.weight)
    }
    const total = terms.reduce((sum, term) => sum + term.rarity * term.weight, 0)
    const needs = this.#needs(query)
    const needed = needs.reduce((sum, { weight }) => sum + weight, 0) || 1
    const bases = new Map()
    terms.forEach((term, at) => {
      for (const [key, weight] of term.alternatives) {
        const base = key.startsWith("~") ? key.slice(1) : stem(key)
        const old = bases.get(base)
        const worth = key.startsWith("~") ? Math.min(1, weight / STEM) : weight
        if (!old || old.worth < worth) bases.set(base, { at, worth })
      }
    })
    return [...scores].map(([number, score]) => {
        const closest = this.#closest(number, terms, bases, total)
        return { number, score: score + PHRASES * total * closest.like, ...closest }
      })
      .sort((one, other) => other.score - one.score).slice(0, most + 4)
      // Three common words do not outweigh the one that tells.
      .map(found => ({ ...found, score: found.score + WHOLE * total * this.#has(found.number, needs) / needed }))
      .sort((one, other) => other.score - one.score).slice(0, most)
      .map(found => this.#result(found, bases))
  }

  // Returns what an answer to the query must have: for each of its words a weight, and the stems that are as good.
  #needs(query) {
    let text = query
    for (const noise of NOISE) text = text.replace(noise, " ")
    const fault = text.match(FAULT)?.[0]
    const important = fault ? new Set(words(fault).map(({ word }) => word)) : null
    const asked = words(text)
    const all = ` ${asked.map(({ word }) => word).join(" ")} `
    const together = [...this.synonyms].filter(([key]) => key.includes(" ") && all.includes(` ${key} `))
    const unknown = Math.log(2 + 2 * this.answers.length)
    const seen = new Set()
    const needs = []
    let parts = 0
    for (let at = 0; at < asked.length && needs.length < MOST_WORDS; at++) {
      const { word, base, parts: own } = asked[at]
      const isPart = parts > 0
      if (isPart) parts--
      const isKnown = this.#knows(word)
      if (seen.has(word) || own > 0 && !isKnown) continue
      seen.add(word)
      if (own > 0) parts = own
      const stems = new Map()
      const add = (other, share) => {
        for (const [key, weight] of this.#alternatives(other, false)) {
          const form = key.startsWith("~") ? key.slice(1) : stem(key)
          const worth = key.startsWith("~") ? Math.min(1, weight / STEM) : weight
          stems.set(form, Math.max(stems.get(form) ?? 0, share * (worth < TYPO || other.length < 6 && worth < 0.9 ? worth * worth : worth)))
        }
      }
      const meant = this.synonyms.get(word)
      if (!meant || isKnown) add(word, 1)
      if (!meant && !isKnown && !this.forms.has(base)) {
        for (const joined of [word + asked[at + 1]?.word, asked[at - 1]?.word + word]) if (this.#knows(joined)) add(joined, 0.9)
        for (const half of this.#halves(word)) add(half, 0.7)
      }
      for (const [key, others] of meant ? [...together, [word, meant]] : together) {
        if (key.split(" ").includes(word)) for (const { word: other } of words(others)) add(other, MEANS)
      }
      const best = Math.max(0, ...stems.values())
      if (!best && PLAIN.has(base)) continue
      let weight = Math.max(...[...stems].map(([form, worth]) => worth * this.#rarity("~" + form)), (1 - best) * UNKNOWN * unknown)
      if (PLAIN.has(base)) weight = Math.min(weight, unknown) * PLAINNESS
      if (isPart) weight *= PART
      if (important && !important.has(word)) weight *= 0.25
      needs.push({ weight, stems, isName: own > 0 })
    }
    return needs
  }

  // Tells whether none of the best answers has enough of the query, in all of it and in one phrase.
  doubts(query, results) {
    const needs = this.#needs(query)
    const total = needs.reduce((sum, { weight }) => sum + weight, 0)
    return !results.slice(0, 3).some(({ number }) => this.#has(number, needs) >= 2 * FITS * total)
  }

  #has(number, needs) {
    let all = 0
    for (const { weight, stems, isName } of needs) {
      let most = 0
      for (const [form, worth] of stems) {
        const key = "~" + form
        const have = this.tables.get(key)
        if (this.subjects.get(key)?.has(number)) most = Math.max(most, worth)
        else if (have?.has(number)) {
          const share = isName ? NAMED : MENTIONED + (MENTIONED_ALONE - MENTIONED) / Math.sqrt(have.size)
          most = Math.max(most, worth * share)
        }
      }
      all += most * weight
    }
    const uses = new Map() // stem -> the needs that it meets
    needs.forEach(({ stems }, at) => {
      for (const [form, worth] of stems) uses.set(form, [...uses.get(form) ?? [], [at, worth]])
    })
    const inQuestion = needs.map(() => 0)
    let inPhrase = 0
    for (const { place, bases } of this.phrases[number]) {
      const worths = inQuestion.map(worth => TOGETHER * worth)
      const isSubject = place === "title" || place === "slug"
      for (const base of bases) {
        for (const [at, worth] of uses.get(base) ?? []) {
          if (worth > worths[at]) worths[at] = worth
          if (isSubject && worth > inQuestion[at]) inQuestion[at] = worth
        }
      }
      inPhrase = Math.max(inPhrase, worths.reduce((sum, worth, at) => sum + worth * needs[at].weight, 0))
    }
    return all + inPhrase
  }

  // Finds the phrase of an answer that is most like the query.
  #closest(number, terms, bases, total) {
    let like = 0
    let own = 0 // how like the query the question, the other wordings and the short answer are
    let phrase = null // the heading or sentence that is most like it
    let most = 0
    const subject = new Map() // what of the query the question and the address have
    for (const candidate of this.phrases[number]) {
      if (!candidate.bases.some(base => bases.has(base))) continue // most have nothing of the query
      const isSubject = candidate.place === "title" || candidate.place === "slug"
      let inside = 0
      let size = 0
      let together = 0
      let last = -2
      const seen = new Set()
      for (let index = 0; index < candidate.bases.length; index++) {
        const base = candidate.bases[index]
        const found = bases.get(base)
        if (!found) {
          if (candidate.parts[index]) continue
          size += this.#rarity("~" + base)
          last = -2
          continue
        }
        const term = terms[found.at]
        const worth = term.rarity * term.weight
        if (found.at === last + 1) together += worth
        last = found.at
        if (seen.has(found.at)) continue
        seen.add(found.at)
        inside += worth * found.worth
        if (isSubject) subject.set(found.at, worth * found.worth)
      }
      if (!inside) continue
      // A heading need not repeat what the question says already.
      if (!isSubject) for (const [at, worth] of subject) if (!seen.has(at)) inside += CONTEXT * worth
      const of = inside / total // how much of the query the phrase has
      const by = inside / (inside + size) // and how much of the phrase the query
      const alike = PHRASE[candidate.place] * of * of * (0.4 + 0.35 * by + 0.25 * Math.min(1, together / total))
      if (alike > like) like = alike
      if (candidate.place === "finding" || candidate.place === "heading" || candidate.place === "text") {
        if (alike > most) [most, phrase] = [alike, candidate]
      } else if (alike > own) own = alike
    }
    return { like, phrase, own, most }
  }

  #result({ number, phrase, own, most }, bases) {
    const { id, url, title, answer, sections } = this.answers[number]
    const [anchor, heading, , , review] = phrase ? sections[phrase.section] : ["", ""]
    return {
      number, id, url, title, answer, anchor, heading, review,
      sentence: phrase?.place === "text" ? phrase.text : "",
      isInside: most > own, // the place is more like the query than the answer as a whole
      isMatch: word => {
        const base = stem(word.replaceAll("_", "").toLowerCase())
        return bases.has(base) && !PLAIN.has(base)
      },
    }
  }
}
