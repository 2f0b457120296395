// Starts the interpreter from the site's own files, in a worker of the page and, to try all programs, under Node.

const ENVIRONMENT = { HOME: "/home/pyodide", PYTHONHASHSEED: "0", PYDANTIC_DISABLE_PLUGINS: "1" }
const BUNDLES = "/lib/bundles"

// `core` is the address of the archive of modules, `extension` holds the one compiled module, or will, `fetchBundle`
// returns the bytes of a further archive at once, `emit` is told each event as JSON, and where `isLate` says so, the program is
// interrupted. Returns what runs a job, as JSON.
export async function boot({ loadPyodide, manifest, home, core, extension, fetchBundle, emit, isLate }) {
  const known = JSON.parse(manifest)
  const write = (files, path, content) => {
    files.mkdirTree(path.slice(0, path.lastIndexOf("/")))
    files.writeFile(path, content)
  }
  const python = await loadPyodide({
    indexURL: home,
    stdLibURL: core,
    packageBaseUrl: home,
    lockFileContents: known.lock,
    env: ENVIRONMENT,
    fsInit: async files => {
      const compiled = await extension
      for (const path of Object.values(known.extensions)) write(files, path, compiled)
    },
  })
  const bring = bundle => {
    const path = `${BUNDLES}/${bundle}.zip`
    write(python.FS, path, fetchBundle(bundle))
    return path
  }
  const run = python.pyimport("inside.entry").start(manifest, bring, emit)
  // The interpreter looks there now and then for a signal; 2 is that of Ctrl+C. Asking costs time, so it begins here.
  python.setInterruptBuffer({ get 0() { return isLate() ? 2 : 0 }, set 0(_) {} })
  return run
}
