/**
 * `eclipsa dev` against other dev servers on one generated app: start of the process → page rendered and
 * interactive, cold and warm; save → DOM of a leaf component; memory. Rounds alternate, medians count.
 *
 *     node bench/dev.mjs [modules] [--rounds=5] [--edits=30] [--pause=100] [--only=eclipsa,vite-client,vite-ssr,bun] [--json=file]
 */
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { flag, numbers } from './dev/arguments.mjs'
import { measure } from './dev/measure.mjs'
import { createApps, eclipsaBinary, isInstalled, sideNames } from './dev/sides.mjs'
import { markdown, median, milliseconds, p95 } from './dev/statistics.mjs'

const [modules] = numbers([1000])
const rounds = Number(flag('rounds', 5))
const edits = Number(flag('edits', 30))
const pause = Number(flag('pause', 100))
const names = flag('only', sideNames.join(',')).split(',')

if (!existsSync(eclipsaBinary)) throw new Error(`${eclipsaBinary} is missing: run make build`)
for (const name of names) if (!sideNames.includes(name)) throw new Error(`there is no side ${name}: ${sideNames.join(', ')}`)
const { apps, remove } = createApps(names.filter(isInstalled), modules)
const results = new Map(apps.map((app) => [app.name, { cold: [], warm: [] }]))
try {
  for (let round = 0; round < rounds; round++) {
    for (const phase of ['cold', 'warm']) {
      for (const app of apps) {
        const result = await measure(app, { cold: phase === 'cold', edits: phase === 'warm' ? edits : 0, pause })
        results.get(app.name)[phase].push(result)
        const { rendered, interactive, ready, firstByte, html, cpu, browserCpu } = result.start
        console.error(`round ${round + 1} ${phase} ${app.name}: ready ${Math.round(ready)}, first byte +${Math.round(firstByte)}, html +${Math.round(html)}, rendered ${Math.round(rendered)}, ` +
          `interactive ${Math.round(interactive)} ms; CPU server ${cpu.toFixed(2)}, browser ${browserCpu.toFixed(2)} s; ${Math.round(result.peakMiB)} MiB` +
          (result.updates.length > 0 ? `; save to DOM ${milliseconds(median(result.updates.flatMap(({ took }) => took ?? [])))} ms` : ''))
      }
    }
  }
} finally {
  remove()
}

/** A side's figures, medians over the rounds (edits: over all of them). */
function summary(name) {
  const { cold, warm } = results.get(name)
  const of = (list, key) => median(list.map(({ start }) => start[key]))
  const edited = warm.flatMap(({ updates }) => updates)
  const updates = edited.filter(({ missed }) => !missed)
  const took = updates.map(({ took }) => took)
  return {
    coldRendered: of(cold, 'rendered'), coldInteractive: of(cold, 'interactive'),
    warmRendered: of(warm, 'rendered'), warmInteractive: of(warm, 'interactive'),
    ...(took.length > 0 && { update: median(took), updateP95: p95(took), kept: updates.filter(({ kept }) => kept).length / updates.length, missed: edited.length - updates.length }),
    cpu: of(warm, 'cpu'), browserCpu: of(warm, 'browserCpu'),
    coldPeakMiB: median(cold.map(({ peakMiB }) => peakMiB)), peakMiB: median(warm.map(({ peakMiB }) => peakMiB)),
  }
}

const summaries = new Map(apps.map(({ name }) => [name, summary(name)]))
const state = ({ kept, missed }) => (kept === undefined ? '–' : (kept === 1 ? 'kept' : kept === 0 ? 'lost' : `kept in ${Math.round(kept * 100)} %`) + (missed > 0 ? `, ${missed} edits never shown` : ''))
console.log(markdown([
  [`${modules} modules, ${rounds} rounds, medians`, 'rendered, cold', 'interactive, cold', 'rendered, warm', 'interactive, warm', 'save → DOM, median / p95', 'signals after an edit', 'CPU of a warm start, server / browser', 'peak memory, cold / warm with edits'],
  ...apps.map(({ name, title }) => {
    const s = summaries.get(name)
    return [title, ...[s.coldRendered, s.coldInteractive, s.warmRendered, s.warmInteractive].map((ms) => `${milliseconds(ms)} ms`),
      s.update === undefined ? '–' : `${milliseconds(s.update)} / ${milliseconds(s.updateP95)} ms`, state(s), `${s.cpu.toFixed(1)} / ${s.browserCpu.toFixed(1)} s`, `${Math.round(s.coldPeakMiB)} / ${Math.round(s.peakMiB)} MiB`]
  }),
]))
const ours = summaries.get('eclipsa')
const others = apps.filter(({ name }) => name !== 'eclipsa')
if (ours && others.length > 0) {
  const ratio = (theirs, key) => (ours[key] === undefined ? '–' : (ours[key] / theirs[key]).toFixed(2))
  const keys = ['coldRendered', 'coldInteractive', 'warmRendered', 'warmInteractive', 'update', 'updateP95', 'coldPeakMiB', 'peakMiB']
  console.log(`\n${markdown([
    ['eclipsa dev, ratio to', 'rendered, cold', 'interactive, cold', 'rendered, warm', 'interactive, warm', 'save → DOM, median', 'p95', 'peak memory, cold', 'warm'],
    ...others.map(({ name, title }) => [title, ...keys.map((key) => ratio(summaries.get(name), key))]),
  ])}`)
}

const json = flag('json')
if (json) {
  const about = { date: new Date().toISOString(), node: process.version, cpus: cpus().length, modules, rounds, edits, titles: Object.fromEntries(apps.map(({ name, title }) => [name, title])) }
  writeFileSync(json, `${JSON.stringify({ ...about, summaries: Object.fromEntries(summaries), results: Object.fromEntries(results) }, null, 2)}\n`)
}
