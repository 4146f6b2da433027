/**
 * Many sessions in a process of their own, started by dev-sessions.mjs: `{ url, count }` → `{ open: count }`, and for
 * each version of the handler when each session had its first message: `{ version, times }` in nanoseconds of the
 * machine's monotonic clock, which the driver reads too. A session that closes, or gets a message twice, is a failure.
 */
import WebSocket from 'ws'

/** How many handshakes are under way at once. */
const AT_ONCE = 50

/** By version, the arrival at each session. */
const arrivals = new Map()
let count = 0
let ending = false

process.on('message', (message) => {
  if (message.url) void openAll(message)
  if (message.end) {
    ending = true
    process.disconnect()
    process.exit(0)
  }
})

async function openAll({ url, count: wanted }) {
  count = wanted
  let next = 0
  const opener = async () => {
    while (next < wanted) await open(url, next++)
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, opener))
    process.send({ open: wanted })
  } catch (error) {
    fail(error.message)
  }
}

function open(url, session) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.once('open', () => socket.send('{"type":"hello"}', (error) => (error ? reject(error) : resolve())))
    socket.once('error', reject)
    socket.on('message', (data) => receive(session, data, process.hrtime.bigint()))
    socket.on('close', (code, reason) => fail(`session ${session} closed with ${code} "${reason}"`))
  })
}

function receive(session, data, at) {
  const frame = JSON.parse(data)
  if (frame.type !== 'message') return fail(`session ${session} got ${data}`)
  const version = Number(/^version (\d+)$/.exec(frame.value.text)?.[1])
  if (!arrivals.has(version)) arrivals.set(version, new Map())
  const times = arrivals.get(version)
  if (times.has(session)) fail(`session ${session} got version ${version} twice`)
  times.set(session, at)
  if (times.size === count) process.send({ version, times: [...times.values()].map(String) })
}

function fail(why) {
  if (ending) return
  ending = true
  process.send({ failed: why }, () => process.exit(1))
}
