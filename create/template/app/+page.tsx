import { Show, onMount, realtime } from 'eclipsa'
import { type State, type Step, join } from './counter'
import './style.css'

/** The handler stays on the server; the browser gets the hook. */
const useCounter = realtime<undefined, Step, State>((connection) => join(connection))

export const metadata = {
  title: 'Counting together',
  description: 'One counter for everybody who has this page open.',
}

export default function CounterPage() {
  const counter = useCounter()
  const state = counter.lastMessage
  onMount(() => counter.connect())

  return (
    <main>
      <h1>Counting together</h1>
      <p class="count">
        <button aria-label="One less" disabled={!counter.isOpen} onClick={() => counter.send({ by: -1 })} type="button">
          −
        </button>
        <output>{state?.count ?? '…'}</output>
        <button aria-label="One more" disabled={!counter.isOpen} onClick={() => counter.send({ by: 1 })} type="button">
          +
        </button>
      </p>
      <p class="people">{state === undefined ? 'Connecting…' : peopleText(state.people)}</p>
      <Show when={counter.error !== undefined}>
        <p class="trouble" role="alert">
          The connection was lost. <button onClick={() => counter.connect()} type="button">Connect again</button>
        </p>
      </Show>
      <footer>
        Edit <code>app/+page.tsx</code> or <code>app/counter.ts</code>: the page and the connection stay open.
      </footer>
    </main>
  )
}

function peopleText(people: number): string {
  return people === 1 ? 'Only you are here. Open this page in a second window.' : `${people} windows are here.`
}
