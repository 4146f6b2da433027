/**
 * Errors of components that an update renders again. Preact renders them in microtasks after the update, and what it
 * throws there is the page's: between the swap and the next task nothing else can fail.
 */
let collected: unknown[] | undefined

const note = (event: ErrorEvent): void => void collected?.push(event.error ?? event.message)

/** To be called before components are swapped. */
export function collectRenderErrors(): void {
  if (collected) return
  collected = []
  addEventListener('error', note)
}

/** The errors since, if any were collected; empty otherwise. */
export async function renderErrors(): Promise<unknown[]> {
  const errors = collected
  if (!errors) return []
  await new Promise((resolve) => setTimeout(resolve, 0))
  if (collected === errors) {
    collected = undefined
    removeEventListener('error', note)
  }
  return errors
}
