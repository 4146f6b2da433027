/** An open tab: what it shows, how often it was loaded, and a form that somebody has begun to fill in. */
import assert from 'node:assert/strict'
import { openPage } from '../../harness/browser.mjs'

const DRAFT = 'half a sentence'

/** In the page: everything it shows, by name. */
function wordsOfPage() {
  const words = Object.fromEntries([...document.querySelectorAll('[data-word]')].map((element) => [element.dataset.word, element.textContent]))
  words.style = getComputedStyle(document.body).getPropertyValue('--style').trim()
  words.overlay = document.querySelector('eclipsa-error-overlay') !== null
  return words
}

export class Tab {
  loads = 0
  #began = 0

  static async open(browser, url) {
    const tab = new Tab()
    const opened = await openPage(browser, url)
    Object.assign(tab, opened)
    tab.page.on('load', () => tab.loads++)
    await tab.begin()
    return tab
  }

  /** Fills in a form, and makes the page count. */
  async begin() {
    await this.page.locator('.draft').fill(DRAFT)
    await this.page.locator('.count').click()
    this.#began = this.loads
  }

  /** Until it shows exactly these words. */
  async shows(expected, overlay = false) {
    const all = { ...expected, overlay }
    try {
      await this.page.waitForFunction(
        ([read, expected]) => {
          const words = (0, eval)(`(${read})`)()
          const names = new Set([...Object.keys(words), ...Object.keys(expected)])
          return [...names].every((name) => words[name] === expected[name])
        },
        [String(wordsOfPage), all],
        { polling: 10, timeout: 20_000 },
      )
    } catch (error) {
      assert.deepEqual(await this.page.evaluate(wordsOfPage), all, `in the tab ${this.page.url()}: ${error}`)
      throw error
    }
  }

  /** That nothing was lost since `begin`. */
  async isFilledIn() {
    assert.equal(this.loads, this.#began, `${this.page.url()} was loaded again`)
    const state = await this.page.evaluate(() => [document.querySelector('.draft').value, document.querySelector('.count').textContent.trim()])
    assert.deepEqual(state, [DRAFT, '1'])
  }
}
