/** Debian's Chromium from the PATH, a fresh profile for each launch, driven by playwright-core. */
import { execFileSync } from 'node:child_process'
import { chromium } from 'playwright-core'

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

export function launch(more = []) {
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim()
  return chromium.launch({ executablePath, headless: true, args: [...args, ...more] })
}

/** A page in a context of its own that collects what went wrong in it. */
export async function openPage(browser, url) {
  const context = await browser.newContext()
  const page = await context.newPage()
  const problems = []
  const lines = [] // of the console
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    lines.push(message.text())
    // Chromium asks every site for this; an app without one is no problem.
    const favicon = message.location().url.endsWith('/favicon.ico')
    if (message.type() === 'error' && !favicon) problems.push(message.text())
  })
  await page.goto(url)
  await page.locator('body[data-e-resume="resumed"]').waitFor()
  return { page, problems, lines, close: () => closeContext(context) }
}

/**
 * Chromium now and then never answers (a page that loads again at that moment). The context then goes on until the
 * browser ends; nothing that a test says depends on it.
 */
async function closeContext(context) {
  let timer
  await Promise.race([context.close(), new Promise((resolve) => (timer = setTimeout(resolve, 10_000)))])
  clearTimeout(timer)
}
