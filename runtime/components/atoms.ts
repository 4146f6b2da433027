/** The page's atoms; the page's root provides a map of its own (`new Map()`) for each rendering. */
import { createContext } from 'preact'

export const AtomContext = createContext<Map<object, unknown>>(new Map())
