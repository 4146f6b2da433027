/**
 * What the dev server says over the hot channel, one JSON text a message. Its other side is
 * `hotMessage` in devserver/hot.go; the page itself never says anything.
 */
export type HotMessage =
  /** The first one. Another run of the server has another `boot`. */
  | { type: 'connected'; boot: string }
  | UpdateMessage
  | { type: 'reload'; reason?: string }
  | { type: 'css'; path: string; url: string }
  | { type: 'error'; errors: DevError[] }
  /** There is no error any more. */
  | { type: 'ok' }

/** Modules of the app whose code or imports changed. Counted: a page asks for what it missed with `since=<version>`. */
export interface UpdateMessage {
  type: 'update'
  version: number
  modules?: ModuleText[]
  /** Modules that the app no longer has. */
  removed?: string[]
  /** Whose source changed, for people. */
  names?: string[]
  /** Another bundle of packages, for modules that import what the page's does not hold. */
  deps?: string
}

export interface ModuleText {
  id: string
  deps: string[]
  dynamic: string[]
  /** A generator function expression, see registry.ts. */
  code: string
  /** The URL of its source map. */
  map?: string
}

/** `Diagnostic` in transform/diagnostics.go. */
export interface DevError {
  /** 0 is an error, 1 a warning. */
  severity: 0 | 1
  text: string
  /** What to write instead. */
  hint?: string
  /** Relative to the app; empty where the error has no place. */
  path: string
  /** 1-based like `column`, which counts UTF-16 units; 0 where unknown. */
  line: number
  column: number
  /** How much of `lineText` the error is about. */
  length: number
  lineText: string
  /** The chain of imports or the mapped stack, one line each. */
  notes?: string[]
}
