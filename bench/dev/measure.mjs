/** One start of one side, and edits of its leaf component. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openProbe } from './probe.mjs'
import { processTree, Usage } from './processes.mjs'

/** The component with the highest number shows no others. */
export const leafOf = (modules) => modules - 1

/** After this many milliseconds an edit counts as missed: some servers lose one now and then. */
const MISSED = 10_000

function leafFile({ root, modules }) {
  const leaf = leafOf(modules)
  return join(root, 'src', `group-${String(Math.floor(leaf / 100)).padStart(2, '0')}`, `component-${leaf}.tsx`)
}

/**
 * Starts server and page; all times are milliseconds since the server's process was started.
 * @returns figures of the start, and of `edits` edits of the leaf
 */
export async function measure(app, { cold, edits = 0, pause = 100 }) {
  if (cold) app.forgetCaches()
  const probe = await openProbe(leafOf(app.modules))
  let server
  try {
    const before = new Usage()
    before.sample(processTree(process.pid).slice(1))
    server = await app.start()
    const url = await server.url
    await probe.page.goto(url, { waitUntil: 'commit' })
    const rendered = await probe.wait('the leaf', ({ type }) => type === 'rendered')
    const interactive = await probe.wait('a click to have an effect', ({ type }) => type === 'interactive')
    const start = {
      ready: server.ready - server.started,
      rendered: rendered.received - server.started,
      // Nobody clicks what isn't painted yet.
      interactive: Math.max(interactive.received, rendered.received) - server.started,
      firstByte: rendered.responseStart,
      html: rendered.responseEnd,
    }
    start.cpu = server.usage().cpuSeconds
    start.peakMiB = server.usage().peakMiB
    const browser = new Usage()
    const own = new Set(processTree(server.pid))
    browser.sample(processTree(process.pid).slice(1).filter((pid) => !own.has(pid)))
    start.browserCpu = browser.cpuSeconds - before.cpuSeconds
    const updates = edits > 0 ? await editLeaf(app, probe, edits, pause) : []
    const { peakMiB, cpuSeconds, processes } = server.usage()
    return { start, updates, peakMiB, cpuSeconds, processes }
  } catch (error) {
    throw new Error(`${app.title}: ${error.message}\n--- its output:\n${server?.output()}`, { cause: error })
  } finally {
    await server?.stop()
    await probe.close()
  }
}

/**
 * Changes a text in the leaf again and again; each time from before the write until the page has the new text. Then
 * comes a pause, so that servers finish what they do behind it.
 * @returns {Promise<({ took: number, kept: boolean, missed?: undefined } | { missed: true })[]>}
 */
async function editLeaf(app, probe, edits, pause) {
  const file = leafFile(app)
  const original = readFileSync(file, 'utf8')
  const updates = []
  const timeOf = await probe.clock()
  try {
    let clicks = (await probe.page.locator(`.component-${leafOf(app.modules)} > h3`).textContent()).match(/, (\d+) times$/)?.[1] ?? 0
    for (let edit = 1; edit <= edits; edit++) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      const label = `edit ${edit}`
      const source = original.replace('>more</button>', `>${label}</button>`)
      const began = performance.now()
      writeFileSync(file, source)
      const report = await probe.wait(`${label} to show`, ({ type, text }) => type === 'text' && text === label, MISSED).catch(() => undefined)
      if (!report) {
        updates.push({ missed: true })
        continue
      }
      updates.push({ took: timeOf(report) - began, kept: clicks > 0 && report.clicks >= clicks })
      clicks = report.clicks
    }
  } finally {
    writeFileSync(file, original)
  }
  return updates
}
