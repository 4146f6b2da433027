/** 1,000 talking sessions under edits: each gets the new handler once, none closes, no message is lost or doubled. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { copyApp, startDev, until } from '../harness/servers.mjs'
import { Files } from './torture/files.mjs'
import { randomNumbers } from './torture/plan.mjs'
import { feed, room, talk } from './torture/sessions.mjs'

const SESSIONS = 1000
/** Milliseconds between two messages of one session. */
const EVERY = 400

let app, server, talking, sessions, files
before(async () => {
  app = copyApp('testdata/fixtures/apps/torture')
  files = new Files(app.root, randomNumbers(1))
  server = await startDev(app.root)
  talking = await talk(server, [room, feed], SESSIONS, EVERY)
  sessions = talking.sessions
  await until(() => everyone(({ answered }) => answered > 0), 'the first answers')
})
after(async () => {
  talking?.stop()
  await Promise.all(sessions?.map((session) => session.leave()) ?? [])
  await server?.stop()
  app?.remove()
})

/** Whether it holds for all sessions; throws when anything is wrong with one of them. */
const everyone = (holds) => sessions.every((session) => (session.check(), holds(session)))
const ledger = async () => (await fetch(`${server.url}/probe`)).json()
const isUpToDate = ({ latest, word }) => latest.handler === files.word(word) && latest.greeting === files.word('greeting')

/** Makes a change, waits until all is as the files say, and until every session was answered after that. */
async function change(make, { swaps = [], done = () => true } = {}) {
  const before = sessions.map(({ handlers }) => handlers)
  make()
  await until(done, 'the effect of the change')
  await until(() => everyone(isUpToDate), 'the newest handler in all sessions')
  const sent = sessions.map((session) => session.sent)
  await until(() => everyone((session) => session.answered > sent[session.index]), 'answers after the change')
  for (const { index, name, word, handlers } of sessions) {
    assert.equal(handlers - before[index], swaps.includes(word) ? 1 : 0, `handlers that ${name} got`)
  }
  const { live } = await ledger()
  assert.equal(Object.keys(live).length, SESSIONS, 'sessions in the worker')
  assert.ok(Object.values(live).every((count) => count === 1), 'one handler a session')
}

const rendered = (word) => async () => (await (await fetch(server.url)).text()).includes(files.word(word))

test('an edit of a handler is for its own sessions', () => change(() => files.edit('app/+page.tsx', 'room'), { swaps: ['room'] }))

test('an edit of a component or of a stylesheet is for none', async () => {
  const { pid } = await ledger()
  await change(() => (files.edit('app/counter.tsx', 'counter'), files.edit('app/style.css', 'style')), { done: rendered('counter') })
  assert.equal((await ledger()).pid, pid)
})

test('an edit of a shared server module is for all', () => change(() => files.edit('app/greeting.ts', 'greeting'), { swaps: ['room', 'feed'] }))

test('a mistake leaves the last good code', async () => {
  const text = files.read('app/+page.tsx')
  await change(() => files.save('app/+page.tsx', `${text}\nconst = 1\n`), { done: () => server.output().includes('app/+page.tsx:') })
  await change(() => files.save('app/+page.tsx', files.next(text, 'room')), { swaps: ['room'] })
})

test('another worker takes them over', async () => {
  const { pid } = await ledger()
  const moved = () => everyone(({ latest }) => latest.pid !== pid)
  await change(() => files.edit('.env', 'env'), { swaps: ['room', 'feed'], done: moved })
})

test('a killed worker is followed by another one', async () => {
  talking.stop() // what it had taken dies with it
  await until(() => everyone(({ sent, answered }) => sent === answered), 'an answer to every message')
  const before = sessions.map(({ handlers }) => handlers)
  const { pid } = await ledger()
  process.kill(pid, 'SIGKILL')
  await until(() => everyone(({ index, latest, handlers }) => latest.pid !== pid && handlers === before[index] + 1), 'all sessions in another worker')
  for (const session of sessions) session.send()
  await until(() => everyone(({ sent, answered }) => sent === answered), 'answers of the new worker')
})

test('those that the new middleware refuses close with 1008', async () => {
  const { pid } = await ledger()
  const middleware = files.read('app/+middleware.ts')
  files.save('app/+middleware.ts', middleware.replace('await next()', "if (c.req.path.includes('realtime')) return c.text('not any more', 401)\n  await next()"))
  await until(async () => (await fetch(`${server.url}/__eclipsa/realtime/${room.symbol}?url=%2F`)).status === 401, 'the middleware')
  process.kill(pid, 'SIGKILL')
  const codes = await Promise.all(sessions.map(({ closed }) => closed))
  assert.deepEqual([...new Set(codes)], [1008])
})
