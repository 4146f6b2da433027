/** Hooks of components over Preact and its signals. A component runs again when a signal that it read changes. */
import { Signal, computed, effect, untracked, useComputed as useSignalComputed, useSignalEffect } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { runWithCleanups } from './cleanups.js'

export { useSignal } from '@preact/signals'

/**
 * A value that follows the signals that `fn` reads. `deps` are the plain values that it reads besides: a change of
 * one makes it anew. The number of `deps` and their presence stay the same from render to render.
 */
export function useComputed<T>(fn: () => T, deps?: readonly unknown[]): ReadonlySignal<T> {
  if (deps === undefined) return useSignalComputed(fn)
  return useMemo(() => computed(fn), [...deps])
}

/**
 * Runs `fn` in the browser after the first render and again after a change: of any signal that it read, or with
 * `deps` of one of those only (signals count by their value). `onCleanup` inside runs before the next run and on unmount.
 */
export function useWatch(fn: () => void, deps?: readonly unknown[]): void {
  if (deps === undefined) useSignalEffect(() => runWithCleanups(fn))
  else useEffect(() => watch(fn, deps), [...deps])
}

function watch(fn: () => void, deps: readonly unknown[]): () => void {
  return effect(() => {
    for (const dep of deps) if (dep instanceof Signal) void dep.value
    return untracked(() => runWithCleanups(fn))
  })
}

/** Runs `fn` once, in the browser, when the component is on the page. It may return its cleanup; `onCleanup` works inside too. */
export function onMount(fn: () => void | (() => void)): void {
  useEffect(() => runWithCleanups(fn), [])
}
