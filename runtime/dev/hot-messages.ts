/**
 * What the dev server says over the hot channel, one JSON text a message. Its other side is
 * `hotMessage` in devserver/hot.go; the page itself never says anything.
 */
export type HotMessage =
  | { type: 'connected'; boot: string }
  | { type: 'reload' }
  | { type: 'css'; path: string; url: string }
  | { type: 'error'; errors: DevError[] }
  | { type: 'ok' }

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
