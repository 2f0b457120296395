// A reader's change as a part of an address: compressed, and in letters that an address may hold.

const PREFIX = "#code="

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer())
}

export async function encoded(change) {
  const bytes = new TextEncoder().encode(JSON.stringify(change))
  const packed = await through(bytes, new CompressionStream("deflate-raw"))
  return PREFIX + btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

// Returns what `encoded` was given, or nothing where the address holds something else.
export async function decoded(fragment) {
  if (!fragment.startsWith(PREFIX)) return null
  try {
    const packed = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"))
    const bytes = await through(Uint8Array.from(packed, letter => letter.codePointAt(0)), new DecompressionStream("deflate-raw"))
    const { program, code, asked } = JSON.parse(new TextDecoder().decode(bytes))
    return typeof program === "string" && typeof code === "string" ? { program, code, asked: String(asked ?? "") } : null
  } catch {
    return null
  }
}
