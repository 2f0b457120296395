// The lines in which two texts differ.

// Returns the lines of `real`, each with whether `expected` has it, by their longest common subsequence.
export function compared(expected, real) {
  const [old, now] = [expected.split("\n"), real.split("\n")]
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i][j] = old[i] === now[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1])
    }
  }
  const lines = { expected: [], real: [] }
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.expected.push([old[i++], true])
      lines.real.push([now[j++], true])
    } else if (j === now.length || (i < old.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      lines.expected.push([old[i++], false])
    } else {
      lines.real.push([now[j++], false])
    }
  }
  return lines
}
