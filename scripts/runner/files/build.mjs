// Makes the files for the browser, with the interpreter that will read them: node build.mjs '{"folders": …}'
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const ENVIRONMENT = { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1", PYDANTIC_DISABLE_PLUGINS: "1" }

async function make({ folders, core, lazy }) {
  const { loadPyodide } = await import(pathToFileURL(join(folders.pyodide, "pyodide.mjs")))
  const py = await loadPyodide({ env: { HOME: "/home/pyodide", ...ENVIRONMENT } })
  for (const [name, folder] of Object.entries(folders)) {
    py.FS.mkdirTree(`/host/${name}`)
    py.mountNodeFS(`/host/${name}`, folder)
  }
  const names = core.map(name => name.replaceAll("-", "_"))
  for (const wheel of readdirSync(folders.wheels).filter(file => names.includes(file.split("-")[0]))) {
    const content = new Uint8Array(readFileSync(join(folders.wheels, wheel)))
    py.unpackArchive(content, "wheel", { extractDir: "/site" })
  }
  py.runPython('import sys; sys.path[:0] = ["/site", "/host"]')
  const { loaded } = py.pyimport("runner.files.first_program") // before anything else
  const mounted = Object.fromEntries(Object.keys(folders).map(name => [name, `/host/${name}`]))
  py.pyimport("runner.files.bundle").main(py.toPy(mounted), py.toPy(core), py.toPy(lazy), loaded)
}

try {
  await make(JSON.parse(process.argv[2]))
} catch (error) {
  // Node would print the line of the interpreter's script too, which is more than a megabyte.
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
