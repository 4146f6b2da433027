/**
 * Every limit of a realtime session, in one table (docs/design, section 7). Sizes are in bytes, times
 * in milliseconds.
 */
export interface Limits {
  /** Largest frame that a client may send; larger ones close with 1009. */
  message: number
  /** Longest path and query of a connection request; longer ones are 414, and a `TypeError` in the browser. */
  url: number
  /** Messages that wait for the handler's first `onMessage`; one more closes with 1013. */
  earlyMessages: number
  /** Their size together; more closes with 1013. */
  earlyBytes: number
  /** Bytes that the kernel refused; a session with more is a slow consumer and closes with 1013. */
  backlog: number
  /** How much one turn of the event loop may send before the backlog is looked at again. */
  turnBytes: number
  /** The backlog within the turn that sends; below the 16 MiB at which Bun drops messages in silence. */
  turnBacklog: number
  /** Malformed frames in one session: this one closes it with 1008. */
  badFrames: number
  /** Time between two pings, the server's own (where the host can) and the client's JSON pings. */
  pingEvery: number
  /** Unanswered pings after which a peer counts as gone (1006). */
  missedPings: number
  /** Over how long `drain()` spreads the 1001 closes. */
  drainSpread: number
}

export const limits: Readonly<Limits> = {
  message: 1024 * 1024,
  url: 16 * 1024,
  earlyMessages: 64,
  earlyBytes: 256 * 1024,
  backlog: 1024 * 1024,
  turnBytes: 256 * 1024,
  turnBacklog: 8 * 1024 * 1024,
  badFrames: 10,
  pingEvery: 30_000,
  missedPings: 2,
  drainSpread: 5_000,
}
