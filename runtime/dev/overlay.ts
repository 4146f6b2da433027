/**
 * What is wrong with the app, over the page it spoils. The page's styles don't reach into the shadow
 * root; sources and messages only ever become text, never markup.
 */
import type { DevError } from './hot-messages.js'
import { styles } from './overlay-style.js'
import { type Place, placesIn } from './places.js'

const NAME = 'eclipsa-error-overlay'

/** Opens a file of the app in the author's editor; gives the reason where it can't. */
export type OpenFile = (file: string, line: number, column: number) => Promise<string | undefined>

/** Who found the errors: the server's go when it says so, the page's with its next good update. */
export type ErrorSource = 'server' | 'page'

const errorsBy: Record<ErrorSource, readonly DevError[]> = { server: [], page: [] }

/** Replaces what is shown of the same source. */
export function showErrors(source: ErrorSource, errors: readonly DevError[], open: OpenFile): void {
  errorsBy[source] = errors
  const all = [...errorsBy.server, ...errorsBy.page.filter((error) => !errorsBy.server.some((other) => isSame(error, other)))]
  const present = document.querySelector<ErrorOverlay>(NAME)
  if (all.length === 0) return present?.remove()
  if (!customElements.get(NAME)) customElements.define(NAME, ErrorOverlay)
  const overlay = present ?? (document.createElement(NAME) as ErrorOverlay)
  overlay.show(all, open)
  if (!present) document.documentElement.append(overlay) // not in the body, which the app renders
}

/** A module that runs on both sides fails on both. */
function isSame(a: DevError, b: DevError): boolean {
  return a.text === b.text && a.path === b.path && a.line === b.line
}

class ErrorOverlay extends HTMLElement {
  readonly #root = this.attachShadow({ mode: 'open' })
  /** What had the focus before: an input goes on where it was when the overlay goes. */
  #before: Element | null = null

  constructor() {
    super()
    const sheet = new CSSStyleSheet() // allowed where a CSP forbids inline styles
    sheet.replaceSync(styles)
    this.#root.adoptedStyleSheets = [sheet]
  }

  show(errors: readonly DevError[], open: OpenFile): void {
    const problem = element('p', 'problem')
    problem.setAttribute('role', 'status')
    const openFile = async ({ file, line, column }: Place) => {
      problem.textContent = (await open(file, line, column)) ?? ''
    }
    const panel = element('section', 'panel', ...errors.map((error) => errorView(error, openFile)), problem, footer(() => this.remove()))
    panel.setAttribute('role', 'alertdialog')
    panel.setAttribute('aria-modal', 'true')
    panel.setAttribute('aria-label', errors.length === 1 ? 'An error of the app' : `${errors.length} errors of the app`)
    panel.tabIndex = -1
    this.#root.replaceChildren(panel)
    if (this.isConnected) panel.focus()
  }

  connectedCallback(): void {
    this.#before = document.activeElement
    addEventListener('keydown', this.#onKey, true)
    ;(this.#root.firstElementChild as HTMLElement | null)?.focus({ preventScroll: true })
  }

  disconnectedCallback(): void {
    removeEventListener('keydown', this.#onKey, true)
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus({ preventScroll: true })
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.remove()
    else if (event.key === 'Tab') this.#keepFocus(event)
  }

  /** The page below is not to be used: focus goes round inside. */
  #keepFocus(event: KeyboardEvent): void {
    const buttons = [...this.#root.querySelectorAll('button')]
    const at = buttons.indexOf(this.#root.activeElement as HTMLButtonElement)
    const next = buttons.at((at + (event.shiftKey ? (at < 0 ? 0 : -1) : 1)) % buttons.length)
    event.preventDefault()
    next?.focus()
  }
}

type Open = (place: Place) => void

function errorView(error: DevError, open: Open): HTMLElement {
  const view = element('article', error.severity === 1 ? 'warning' : 'error', element('h1', 'text', error.text))
  if (error.path) view.append(element('p', 'place', ...placed(placeText(error), open)))
  if (error.lineText) view.append(codeFrame(error))
  if (error.hint) view.append(element('p', 'hint', error.hint))
  if (error.notes?.length) view.append(element('pre', 'notes', ...placed(error.notes.join('\n'), open)))
  return view
}

function placeText({ path, line, column }: DevError): string {
  return line > 0 ? `${path}:${line}:${Math.max(column, 1)}` : path
}

/** The text with a button for each place in a file of the app. */
function placed(text: string, open: Open): (Node | string)[] {
  const parts: (Node | string)[] = []
  let end = 0
  for (const place of placesIn(text)) {
    const shown = text.slice(place.start, place.end)
    parts.push(text.slice(end, place.start), button('file', shown, `Open ${shown} in the editor`, () => open(place)))
    end = place.end
  }
  parts.push(text.slice(end))
  return parts
}

/** The caret stands behind an invisible copy of what is before it: right below tabs and wide characters too. */
function codeFrame({ line, column, length, lineText }: DevError): HTMLElement {
  const number = `${line} │ `
  const before = lineText.slice(0, Math.max(column - 1, 0))
  const width = Math.max(1, Math.min(length, lineText.length - before.length))
  return element(
    'pre',
    'frame',
    element('span', 'number', number),
    `${lineText}\n`,
    element('span', 'space', number + before),
    element('span', 'caret', '^'.repeat(width)),
  )
}

function footer(close: () => void): HTMLElement {
  return element('footer', 'footer', 'Save a fix, and this goes away by itself.', button('close', 'Close (Esc)', 'Close', close))
}

function button(className: string, text: string, title: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', className, text) as HTMLButtonElement
  made.type = 'button'
  made.title = title
  made.onclick = onClick
  return made
}

/** Strings become text nodes. */
function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  made.append(...children)
  return made
}
