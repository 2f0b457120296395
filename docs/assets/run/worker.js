// Runs programs apart from the page, one after the other. Its name is the address of the interpreter's files.

const home = self.name
const download = self.fetch.bind(self)
const FileRequest = self.XMLHttpRequest
const ENOUGH = 11_000 // milliseconds of a run: WebKit goes on with an endless loop in a worker that the page has ended
const LATE = 20_000 // milliseconds after which a file that brought nothing more is given up
const started = performance.now()

async function fetchFile(name) {
  const answer = await download(home + name)
  if (!answer.ok) throw new Error(`${name} (${answer.status})`)
  return answer
}

let end = Infinity
const isLate = () => performance.now() > end

// The page ends a run before it is late, unless its own clock was: then no more is to be had of the interpreter.
function tell(message) {
  postMessage(isLate() && ["result", "failed"].includes(message.event) ? { event: "late" } : message)
}

let total = 0
let loaded = 0
function progress(bytes) {
  loaded += bytes
  if (total) postMessage({ event: "loading", loaded, total })
}

// Gives a file up where nothing more of it comes.
function counted(answer, name) {
  let late
  const watch = controller => {
    clearTimeout(late)
    late = setTimeout(() => controller.error(new Error(`${name} (no answer)`)), LATE)
  }
  return answer.body.pipeThrough(new TransformStream({
    start: watch,
    transform(piece, controller) {
      watch(controller)
      progress(piece.length)
      controller.enqueue(piece)
    },
    flush() { clearTimeout(late) },
  }))
}

async function unpacked(name) {
  const answer = await fetchFile(name)
  const stream = counted(answer, name).pipeThrough(new DecompressionStream("gzip"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

// A program that imports a library waits for it: here nothing else can be done meanwhile.
function fetchBundle(bundle) {
  const request = new FileRequest()
  request.open("GET", `${home}bundles/${bundle}.zip`, false)
  request.responseType = "arraybuffer"
  request.send()
  if (request.status !== 200) throw new Error(`${bundle}.zip (${request.status})`)
  return new Uint8Array(request.response)
}

// The policy of the page does not hold in its worker. What a program asks another host for stays here all the same.
function cutOff() {
  const why = "Programs in the page have no network."
  self.fetch = () => {
    const refused = Promise.reject(new TypeError(why))
    refused.catch(() => {}) // the program hears of it
    return refused
  }
  self.XMLHttpRequest = function refuse() { throw new TypeError(why) }
}

async function start() {
  const engine = "pyodide.asm.wasm"
  const wasm = fetchFile(engine)
  const core = unpacked("core.bin")
  const extension = unpacked("extension.bin")
  for (const file of [wasm, core, extension]) file.catch(tellMissing)
  const script = import(`${home}pyodide.mjs`)
  import(`${home}pyodide.asm.mjs`)
  const booting = import("./boot.js")
  const manifest = await (await fetchFile("manifest.json")).text()
  const { sizes } = JSON.parse(manifest)
  for (const size of Object.values(sizes)) total += size
  // The interpreter fetches its own parts; it gets those that are under way. The answer with the machine code is left as
  // it is, so that the browser can keep what it compiled.
  self.fetch = async (address, options) => {
    const name = String(address)
    if (name.endsWith("core.zip")) return new Response(await core)
    if (!name.endsWith(engine)) return download(address, options)
    const answer = await wasm
    progress(sizes[engine])
    return answer
  }
  const { loadPyodide } = await script
  const { boot } = await booting
  const run = await boot({
    loadPyodide, manifest, home, core: `${home}core.zip`, extension, fetchBundle,
    emit: text => tell(JSON.parse(text)), isLate,
  })
  cutOff()
  postMessage({ event: "ready", milliseconds: Math.round(performance.now() - started) })
  return run
}

let tellMissing
const missing = new Promise((_, reject) => { tellMissing = reject })
const ready = Promise.race([start(), missing]) // the interpreter would not say which file it has not got
ready.catch(error => postMessage({ event: "failed", why: String(error.message ?? error) }))

self.addEventListener("message", async ({ data: job }) => {
  let run
  try {
    run = await ready
  } catch {
    return // it has been told
  }
  postMessage({ event: "running" })
  end = performance.now() + ENOUGH
  try {
    run(JSON.stringify(job))
  } catch (error) {
    tell({ event: "failed", why: String(error.message ?? error).trim().split("\n").at(-1) })
  }
})
