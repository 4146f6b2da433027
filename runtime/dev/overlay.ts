/**
 * What is wrong with the app, over the page it spoils. The page's styles don't reach into the shadow
 * root; sources and messages only ever become text, never markup.
 */
import type { DevError } from './hot-messages.js'

const NAME = 'eclipsa-error-overlay'

/** Replaces what is shown. */
export function showErrors(errors: readonly DevError[]): void {
  if (!customElements.get(NAME)) customElements.define(NAME, ErrorOverlay)
  hideErrors()
  if (errors.length === 0) return
  const overlay = document.createElement(NAME) as ErrorOverlay
  overlay.show(errors)
  document.documentElement.append(overlay) // not in the body, which the app renders
}

export function hideErrors(): void {
  for (const overlay of document.querySelectorAll(NAME)) overlay.remove()
}

class ErrorOverlay extends HTMLElement {
  readonly #root = this.attachShadow({ mode: 'open' })

  constructor() {
    super()
    const sheet = new CSSStyleSheet() // allowed where a CSP forbids inline styles
    sheet.replaceSync(styles)
    this.#root.adoptedStyleSheets = [sheet]
  }

  show(errors: readonly DevError[]): void {
    const panel = element('section', 'panel', ...errors.map(errorView), footer(() => this.remove()))
    panel.setAttribute('role', 'alertdialog')
    panel.setAttribute('aria-label', 'Errors of the development server')
    this.#root.replaceChildren(panel)
  }

  connectedCallback(): void {
    addEventListener('keydown', this.#closeOnEscape, true)
  }

  disconnectedCallback(): void {
    removeEventListener('keydown', this.#closeOnEscape, true)
  }

  readonly #closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.remove()
  }
}

function errorView(error: DevError): HTMLElement {
  const view = element('article', error.severity === 1 ? 'warning' : 'error', element('h1', 'text', error.text))
  if (error.path) view.append(element('p', 'place', place(error)))
  if (error.lineText) view.append(codeFrame(error))
  if (error.hint) view.append(element('p', 'hint', error.hint))
  if (error.notes?.length) view.append(element('pre', 'notes', error.notes.join('\n')))
  return view
}

function place({ path, line, column }: DevError): string {
  return line > 0 ? `${path}:${line}:${Math.max(column, 1)}` : path
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
  const button = element('button', 'close', 'Close (Esc)') as HTMLButtonElement
  button.type = 'button'
  button.onclick = close
  return element('footer', 'footer', 'Save a fix, and this goes away by itself.', button)
}

/** Strings become text nodes. */
function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  made.append(...children)
  return made
}

const styles = `
:host { all: initial; position: fixed; inset: 0; z-index: 2147483647; overflow: auto; background: #0b0d12d9; color-scheme: dark;
  font: 15px/1.55 system-ui, sans-serif; color: #d7dce5; }
.panel { box-sizing: border-box; max-width: 60rem; margin: 6vh auto; padding: 0 1.75rem; background: #14171f;
  border: 1px solid #262b37; border-radius: 10px; box-shadow: 0 20px 60px #000a; }
article { padding: 1.5rem 0; border-bottom: 1px solid #262b37; }
.text { margin: 0; font: 600 17px/1.45 system-ui, sans-serif; color: #ff8080; white-space: pre-wrap; overflow-wrap: anywhere; }
.warning .text { color: #f2c46d; }
.place { margin: .5rem 0 0; font: 13px/1.5 ui-monospace, monospace; color: #7fc4ff; overflow-wrap: anywhere; }
pre { margin: 1rem 0 0; font: 13px/1.6 ui-monospace, monospace; tab-size: 2; overflow-x: auto; }
.frame { padding: .75rem 1rem; background: #0d0f15; border-radius: 6px; }
.number { color: #5c6577; }
.space { visibility: hidden; }
.caret { color: #ff8080; }
.hint { margin: 1rem 0 0; padding-left: .75rem; border-left: 3px solid #5fbf8f; white-space: pre-wrap; }
.notes { color: #8d97a8; white-space: pre-wrap; overflow-wrap: anywhere; }
.footer { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .9rem 0; font-size: 13px; color: #5c6577; }
.close { padding: .3rem .7rem; font: inherit; color: #d7dce5; background: #262b37; border: 0; border-radius: 5px; cursor: pointer; }
.close:hover, .close:focus-visible { background: #353c4c; outline: none; }
`
