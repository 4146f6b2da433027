/**
 * `eclipsa/atom`: state that components of one page share without passing it on.
 *
 * The signals live in the page's context, never in the module: two requests that render at the same
 * time on the server see none of each other's values.
 */
import { signal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { useContext } from 'preact/hooks'
import { AtomContext } from './components/atoms.js'

export interface Atom<T> {
  /** The value that a page starts with; a function is called once for each page. */
  readonly initial: T | (() => T)
}

/** Declares an atom at module scope. */
export function atom<T>(initial: T | (() => T)): Atom<T> {
  return { initial }
}

/** The page's signal for the atom. */
export function useAtom<T>(key: Atom<T>): Signal<T> {
  const signals = useContext(AtomContext)
  let found = signals.get(key) as Signal<T> | undefined
  if (found === undefined) {
    found = signal(typeof key.initial === 'function' ? (key.initial as () => T)() : key.initial)
    signals.set(key, found)
  }
  return found
}
