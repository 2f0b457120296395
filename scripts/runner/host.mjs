// Runs jobs in the browser's interpreter under Node: node host.mjs FOLDER, a job on each line of the input, and on
// the output each event, as JSON.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"
import { gunzipSync } from "node:zlib"

const [folder, bootScript] = process.argv.slice(2)
const read = name => readFileSync(join(folder, name))
const SILENT = 40_000 // milliseconds, more than PATIENCE in hosts.py: whoever waits for a job ends it before
let last = Infinity
function tell(text) {
  last = performance.now()
  process.stdout.write(`${text}\n`)
}
// An endless loop never comes back to the input, and so does not see that whoever waited has gone.
const endIfLeft = () => performance.now() - last > SILENT && process.exit(1)

async function start() {
  const made = mkdtempSync(join(tmpdir(), "runner-"))
  try {
    const core = join(made, "core.zip")
    writeFileSync(core, gunzipSync(read("core.bin")))
    const { boot } = await import(pathToFileURL(bootScript))
    const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")))
    return await boot({
      loadPyodide,
      manifest: read("manifest.json").toString(),
      home: `${folder}/`,
      core,
      extension: new Uint8Array(gunzipSync(read("extension.bin"))),
      fetchBundle: bundle => new Uint8Array(read(`bundles/${bundle}.zip`)),
      emit: tell,
      isLate: endIfLeft,
    })
  } finally {
    rmSync(made, { recursive: true }) // now: at the end this process may be killed
  }
}

try {
  const run = await start()
  tell('{"event": "ready"}')
  for await (const line of createInterface({ input: process.stdin })) {
    last = performance.now()
    run(line)
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
