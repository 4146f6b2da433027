/**
 * Save → the handler runs anew in every open session of `eclipsa dev`: sessions in a process of their own, each new
 * handler sends one message at its start. All sessions must stay open.
 *
 *     node bench/dev-sessions.mjs [sessions] [--modules=1000] [--edits=30] [--pause=200]
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { flag, numbers } from './dev/arguments.mjs'
import { createApps } from './dev/sides.mjs'
import { markdown, median, milliseconds, p95, quantile } from './dev/statistics.mjs'

const [sessions] = numbers([1000])
const modules = Number(flag('modules', 1000))
const edits = Number(flag('edits', 30))
const pause = Number(flag('pause', 200))

/** Longest wait for all sessions, in milliseconds. */
const PATIENCE = 60_000

const module = 'src/group-00/component-3.tsx'
const name = 'useRoom3'
const greeting = (version) => `connection.onClose(() => {})\n  connection.send({ id, text: 'version ${version}' })`

const { apps: [app], remove } = createApps(['eclipsa'], modules)
const file = join(app.root, module)
const original = readFileSync(file, 'utf8')
const save = (version) => writeFileSync(file, original.replace('connection.onClose(() => {})', greeting(version)))

save(0)
const server = app.start()
let client
process.on('exit', () => client?.kill('SIGKILL'))
try {
  const base = await server.url
  const page = await fetch(base)
  if (page.status !== 200) throw new Error(`the page answers ${page.status}`)
  await page.text()
  client = fork(fileURLToPath(new URL('dev/session-client.mjs', import.meta.url)))
  const id = `${name}-${createHash('sha256').update(`${module}\0${name}`).digest('hex').slice(0, 10)}`
  const began = performance.now()
  client.send({ url: `${base.replace('http', 'ws')}/__eclipsa/realtime/${id}?url=%2F`, count: sessions })
  await nextMessage('the sessions to open', ({ version }) => version === 0)
  console.error(`${sessions} sessions open after ${milliseconds(performance.now() - began)} ms`)
  report(await editHandler())
  client.send({ end: true })
  await once(client, 'exit')
} catch (error) {
  console.error(`dev-sessions: ${error.message}\n--- the server's output:\n${server.output()}`)
  process.exitCode = 1
} finally {
  await server.stop()
  remove()
}
process.exit()

/** The next message that `accept` takes; a failure of the sessions rejects. */
function nextMessage(what, accept) {
  return new Promise((resolve, reject) => {
    const settle = (action, value) => {
      clearTimeout(timer)
      client.off('message', look)
      client.off('exit', gone)
      action(value)
    }
    const look = (message) => {
      if (message.failed) settle(reject, new Error(`while waiting for ${what}: ${message.failed}`))
      else if (accept(message)) settle(resolve, message)
    }
    const gone = () => settle(reject, new Error(`the sessions' process ended while waiting for ${what}`))
    const timer = setTimeout(() => settle(reject, new Error(`waited in vain for ${what}`)), PATIENCE)
    client.on('message', look)
    client.on('exit', gone)
  })
}

/** For each edit, the milliseconds from before the write until each session had its message, sorted. */
async function editHandler() {
  const all = []
  for (let version = 1; version <= edits; version++) {
    await new Promise((resolve) => setTimeout(resolve, pause))
    const arrived = nextMessage(`version ${version} in every session`, (message) => message.version === version)
    const began = process.hrtime.bigint()
    save(version)
    const { times } = await arrived
    all.push(times.map((time) => Number(BigInt(time) - began) / 1e6).sort((a, b) => a - b))
  }
  return all
}

function report(all) {
  const row = (title, values) => [title, `${milliseconds(median(values))} ms`, `${milliseconds(p95(values))} ms`, `${milliseconds(quantile(values, 1))} ms`]
  const usage = server.usage()
  console.log(markdown([
    [`${sessions.toLocaleString('en')} open sessions, ${edits} edits of their handler, ${modules.toLocaleString('en')} modules`, 'median', 'p95', 'longest'],
    row('save → first message of the new handler, each session', all.flat()),
    row('the first session', all.map((times) => times[0])),
    row('the last session', all.map((times) => times.at(-1))),
  ]))
  console.log(`\nNo session closed. Peak memory of server and worker: ${Math.round(usage.peakMiB)} MiB; CPU: ${usage.cpuSeconds.toFixed(1)} s.`)
}
