/**
 * What a page tells the driver. The same script runs in every side's page, in front of the page's own; it
 * reports through a binding of the browser. All times are of the driver's clock: that at which a report came,
 * or, where milliseconds count, that at which the page made it (see `clock`).
 */
import { launch } from '../../tests/harness/browser.mjs'
import { processTree, Usage } from './processes.mjs'

/** Longest wait for a report of the page, in milliseconds. */
const PATIENCE = 60_000

const BINDING = '__benchReport'

/**
 * Runs in the page. Rendered: the first frame that shows the leaf is over, styles, layout and paint included (frames
 * wait for style sheets in the head). Interactive: the leaf's text follows a click; the first page of a tab clicks
 * once a frame until then.
 */
function watchLeaf(leafClass, binding) {
  const report = (event) => globalThis[binding]?.(JSON.stringify({ ...event, at: performance.timeOrigin + performance.now() }))
  let leaf // kept, so that looking costs the same in small and large pages
  const child = (name) => {
    if (!leaf?.isConnected) leaf = document.getElementsByClassName(leafClass)[0]
    return leaf?.querySelector(`:scope > ${name}`)
  }
  const clicks = () => Number(/, (\d+) times$/.exec(child('h3')?.textContent ?? '')?.[1] ?? 0)
  let text
  let interactive = sessionStorage.getItem(binding) !== null
  new MutationObserver(() => {
    const button = child('button')
    if (!button) return
    if (!interactive && clicks() > 0) {
      interactive = true
      sessionStorage.setItem(binding, 'interactive')
      report({ type: 'interactive' })
    }
    if (button.textContent === text) return
    text = button.textContent
    report({ type: 'text', text, clicks: clicks() })
  }).observe(document, { subtree: true, childList: true, characterData: true })
  let rendered = false
  const afterFrame = new MessageChannel()
  afterFrame.port1.onmessage = () => {
    const [{ responseStart, responseEnd }] = performance.getEntriesByType('navigation')
    report({ type: 'rendered', responseStart, responseEnd })
  }
  requestAnimationFrame(function frame() {
    const button = child('button')
    if (button && !rendered) {
      rendered = true
      afterFrame.port2.postMessage(null)
    }
    if (rendered && interactive) return
    button?.click()
    requestAnimationFrame(frame)
  })
}

/** A browser goes on starting for a while after its first page; nobody's server should be measured beside that. */
async function quiet(pids) {
  const enough = 0.02 // seconds of CPU in a quarter of a second
  for (let tries = 0, before = Infinity; tries < 40; tries++) {
    const usage = new Usage()
    usage.sample(pids())
    if (usage.cpuSeconds - before <= enough) return
    before = usage.cpuSeconds
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** A browser with a profile of its own, one page in it, and the reports of that page. */
export async function openProbe(leaf) {
  const browser = await launch()
  const page = await (await browser.newContext()).newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(String(error)))
  const devtools = await page.context().newCDPSession(page)
  const reports = []
  let waiting = []
  devtools.on('Runtime.bindingCalled', ({ name, payload }) => {
    if (name !== BINDING) return
    reports.push({ ...JSON.parse(payload), received: performance.now() })
    waiting = waiting.filter((look) => !look())
  })
  await devtools.send('Runtime.enable')
  await devtools.send('Runtime.addBinding', { name: BINDING })
  await page.addInitScript(`(${watchLeaf})(${JSON.stringify(`component-${leaf}`)}, ${JSON.stringify(BINDING)})`)
  await quiet(() => processTree(process.pid).slice(1))
  return {
    page,
    /**
     * What turns the page's time into the driver's: as NTP does it, from the quickest of a few questions. A report
     * itself is on its way for 1 ms, and now and then for 5, while the browser paints.
     */
    async clock() {
      let best = { took: Infinity, offset: 0 }
      for (let i = 0; i < 20; i++) {
        const asked = performance.now()
        const theirs = await page.evaluate(() => performance.timeOrigin + performance.now())
        const took = performance.now() - asked
        if (took < best.took) best = { took, offset: theirs - asked - took / 2 }
      }
      return ({ at }) => at - best.offset
    },
    /** The first report, from now or before, that `accept` takes. */
    wait(what, accept, patience = PATIENCE) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = reports.find(accept)
          if (found) {
            clearTimeout(timer)
            resolve(found)
          }
          return found
        }
        const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}; the page's errors: ${problems.join('; ') || 'none'}`)), patience)
        if (!look()) waiting.push(look)
      })
    },
    close: () => browser.close(),
  }
}
