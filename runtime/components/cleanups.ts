/** `onCleanup` belongs to the `onMount` or `useWatch` that is running: its calls are collected here. */

type Cleanup = () => void

let collecting: Cleanup[] | undefined

/** Runs `fn` and returns what undoes it, in reverse order. */
export function runWithCleanups(fn: () => unknown): Cleanup {
  const outer = collecting
  const cleanups: Cleanup[] = (collecting = [])
  try {
    const returned = fn()
    if (typeof returned === 'function') cleanups.push(returned as Cleanup)
  } finally {
    collecting = outer
  }
  return () => {
    for (const cleanup of cleanups.reverse()) cleanup()
  }
}

/**
 * Registers `fn` to run when the surrounding `onMount` or `useWatch` ends.
 * @throws Error when called anywhere else.
 */
export function onCleanup(fn: Cleanup): void {
  if (collecting === undefined) {
    throw new Error('onCleanup() belongs inside onMount() or useWatch(), before their first await.')
  }
  collecting.push(fn)
}
