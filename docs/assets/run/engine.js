// The worker of a visit: started by the first run, kept while the reader goes from page to page, ended by Stop.

const LIMIT = 10_000 // milliseconds of a run
const LATE = { event: "stopped", why: `after ${LIMIT / 1000} s` }
const QUIET = 30_000 // milliseconds without any progress, after which loading has failed
const STARTING = 90_000 // milliseconds in which the interpreter may start once all has come, of which a slow device tells nothing

let worker = null
let current = null
let timer = null

export const isSupported = () =>
  typeof WebAssembly === "object" && "DecompressionStream" in globalThis && "Worker" in globalThis

export const isStarted = () => worker !== null

function wait(milliseconds, tell) {
  clearTimeout(timer)
  timer = setTimeout(() => end(tell), milliseconds)
}

// Ends the worker with all that it runs, and tells the run that waits for it.
function end(message) {
  clearTimeout(timer)
  worker?.terminate()
  worker = null
  const listener = current
  current = null
  listener?.(message)
}

function hear({ data: message }) {
  if (message.event === "failed") return end(message)
  if (message.event === "late") return end(LATE)
  if (message.event === "loading") wait(message.loaded < message.total ? QUIET : STARTING, { event: "failed", why: "no answer" })
  if (message.event === "running") wait(LIMIT, LATE)
  const listener = current
  if (message.event === "result") {
    clearTimeout(timer)
    current = null
  }
  listener?.(message)
}

// Runs a job with the interpreter at the address `home`; `listener` is told all events, the last of which is
// "result", "stopped" or "failed".
export function run(home, job, listener) {
  if (current) end({ event: "stopped", why: "for another run" })
  current = listener
  if (!worker) {
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: home })
    worker.addEventListener("message", hear)
    worker.addEventListener("error", event => {
      event.preventDefault()
      end({ event: "failed", why: event.message || "worker.js" })
    })
    wait(QUIET, { event: "failed", why: "no answer" })
  }
  worker.postMessage(job)
}

export function stop() {
  end({ event: "stopped", why: "by you" })
}
