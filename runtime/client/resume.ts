/** `resumeContainer`: brings the page that the server rendered alive. */
import { hydrate } from 'preact'
import { pageTree } from '../router/page-tree.js'
import { CONTAINER_ID, readPageState } from './page-state.js'
import { clientManifest } from './routes.js'

/**
 * Loads the modules of the page's route, hydrates the page, and then sets `data-e-resume="resumed"` on `<body>`.
 * Without a state in the document (a plain error page) it does nothing.
 */
export async function resumeContainer(document: Document): Promise<void> {
  const state = readPageState(document)
  const container = document.getElementById(CONTAINER_ID)
  if (state === undefined || container === null) return
  const entry = clientManifest().routes[state.route.id]
  if (entry === undefined) return
  const [page, ...layouts] = await Promise.all([entry.page(), ...entry.layouts.map((load) => load())])
  const { pathname, search, hash } = document.location
  hydrate(pageTree({ page, layouts }, { ...state.route, location: { pathname, search, hash } }), container)
  document.body.dataset['eResume'] = 'resumed'
}
