/** Hooks of components over Preact and its signals. A component runs again when a signal that it read changes. */
import { useComputed as useSignalComputed, useSignalEffect } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { runWithCleanups } from './cleanups.js'

export { useSignal } from '@preact/signals'

/**
 * A value that follows the signals (and, with `deps`, the plain values) that `fn` reads.
 * Without `deps` only signals count.
 */
export function useComputed<T>(fn: () => T, deps?: readonly unknown[]): ReadonlySignal<T> {
  // A new function of the same identity rule as useMemo: Preact's useComputed keeps the first `fn` otherwise.
  const kept = useMemo(() => ({ fn }), deps === undefined ? [fn] : [...deps])
  return useSignalComputed(() => kept.fn())
}

/**
 * Runs `fn` in the browser after the first render, and again whenever a signal that it read changes; with `deps`
 * also (and signals apart, only) when one of them changes. `onCleanup` inside runs before the next run and on unmount.
 */
export function useWatch(fn: () => void, deps?: readonly unknown[]): void {
  if (deps === undefined) useSignalEffect(() => runWithCleanups(fn))
  else useEffect(() => runWithCleanups(fn), [...deps])
}

/** Runs `fn` once, in the browser, when the component is on the page. It may return its cleanup; `onCleanup` works inside too. */
export function onMount(fn: () => void | (() => void)): void {
  useEffect(() => runWithCleanups(fn), [])
}
