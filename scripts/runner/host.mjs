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
const tell = text => process.stdout.write(`${text}\n`)

const made = mkdtempSync(join(tmpdir(), "runner-"))
try {
  const core = join(made, "core.zip")
  writeFileSync(core, gunzipSync(read("core.bin")))
  const { boot } = await import(pathToFileURL(bootScript))
  const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")))
  const run = await boot({
    loadPyodide,
    manifest: read("manifest.json").toString(),
    home: `${folder}/`,
    core,
    extension: new Uint8Array(gunzipSync(read("extension.bin"))),
    fetchBundle: bundle => new Uint8Array(read(`bundles/${bundle}.zip`)),
    emit: tell,
  })
  tell('{"event": "ready"}')
  for await (const line of createInterface({ input: process.stdin })) run(line)
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(made, { recursive: true })
}
