/** Which edits come in which order: always the same for a seed. */

/** Numbers from 0 up to 1, the same for a seed (mulberry32). */
export function randomNumbers(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

export const choose = (random, list) => list[Math.floor(random() * list.length)]

function shuffle(random, list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}

/** Edits in a hundred; where the worker must stay the same process, components take the place of configuration. */
const hundred = {
  handler: 22, component: 24, shared: 8, constant: 7, style: 9, mistake: 8, absence: 4, fileRename: 3, folderRename: 2, burst: 3, middleware: 3,
  environment: 4, compilerOptions: 3,
}

/** 500 edits in random order. Between the hundredth and the four hundredth none makes a new worker. */
export function planEdits(random) {
  return [true, false, false, false, true].flatMap((restarts) => {
    const kinds = Object.entries(hundred).flatMap(([kind, count]) => {
      const isRestart = kind === 'environment' || kind === 'compilerOptions'
      return Array(count).fill(isRestart && !restarts ? 'component' : kind)
    })
    return shuffle(random, kinds)
  })
}
