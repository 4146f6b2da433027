/**
 * Whether an update costs more in a larger app: save → DOM of a leaf component under `eclipsa dev`, apps of two sizes,
 * rounds that alternate, medians.
 *
 *     node bench/dev-scale.mjs [small large] [--rounds=3] [--edits=30] [--pause=100]
 */
import { flag, numbers } from './dev/arguments.mjs'
import { measure } from './dev/measure.mjs'
import { createApps } from './dev/sides.mjs'
import { markdown, median, milliseconds, p95 } from './dev/statistics.mjs'

const sizes = numbers([100, 5000])
const rounds = Number(flag('rounds', 3))
const edits = Number(flag('edits', 30))
const pause = Number(flag('pause', 100))

const made = sizes.map((modules) => createApps(['eclipsa'], modules))
const took = sizes.map(() => [])
try {
  for (let round = 0; round < rounds; round++) {
    for (const [index, { apps: [app] }] of made.entries()) {
      const { updates } = await measure(app, { cold: false, edits, pause })
      took[index].push(...updates.flatMap(({ took }) => took ?? []))
      console.error(`round ${round + 1}, ${app.modules} modules: save to DOM ${milliseconds(median(updates.flatMap(({ took }) => took ?? [])))} ms`)
    }
  }
} finally {
  for (const { remove } of made) remove()
}
console.log(markdown([
  [`${rounds} rounds of ${edits} edits`, 'save → DOM, median', 'p95', 'ratio of medians'],
  ...sizes.map((modules, index) => [`${modules.toLocaleString('en')} modules`, `${milliseconds(median(took[index]))} ms`, `${milliseconds(p95(took[index]))} ms`, (median(took[index]) / median(took[0])).toFixed(2)]),
]))
