/**
 * 500 edits under open tabs and talking sessions: after each all is as the files say, and at the end nothing has piled up.
 * The environment may choose other edits: TORTURE_SEED another order, TORTURE_ONLY kinds ("handler,burst"); TORTURE_VERBOSE tells of each.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { launch } from '../harness/browser.mjs'
import { copyApp, startDev, until } from '../harness/servers.mjs'
import { kinds } from './torture/edits.mjs'
import { Files } from './torture/files.mjs'
import { planEdits, randomNumbers } from './torture/plan.mjs'
import { children, handles, memory } from './torture/processes.mjs'
import { feed, room, talk } from './torture/sessions.mjs'
import { Tab } from './torture/tab.mjs'

const SEED = Number(process.env.TORTURE_SEED ?? 1)
const SESSIONS = 20
/** How much more memory is no leak. The worker is measured later: at first V8 optimises what runs often. */
const GROWTH = { server: 1.35, worker: 1.25 }

let browser, app, server, talking
before(async () => {
  browser = await launch()
  app = copyApp('testdata/fixtures/apps/torture')
  // What is no longer needed is collected soon, so that memory tells what is kept.
  server = await startDev(app.root, [], { NODE_OPTIONS: '--expose-gc', GOMEMLIMIT: '40MiB' })
})
after(async () => {
  talking?.stop()
  await Promise.all(talking?.sessions.map((session) => session.leave()) ?? [])
  await browser?.close()
  await server?.stop()
  app?.remove()
})

const probe = async () => (await fetch(`${server.url}/probe?gc`)).json()
const output = () => server.output().replace(/\x1b\[[0-9;]*m/g, '')

test(`500 edits (seed ${SEED})`, { timeout: 400_000 }, async (t) => {
  const random = randomNumbers(SEED)
  const files = new Files(app.root, random)
  const badge = { file: 'app/badge-0.tsx', number: 0 }
  const place = { number: 0 }

  if (process.env.TORTURE_VERBOSE) server.child.stderr.on('data', (text) => process.stdout.write(text))
  const empty = handles(server.child.pid)
  const tabs = [await Tab.open(browser, server.url), await Tab.open(browser, `${server.url}/second`)]
  talking = await talk(server, [room, room, feed], SESSIONS)
  const { sessions } = talking
  await until(() => sessions.every(({ answered }) => answered > 0), 'the first answers')

  /** What a page shows, and what its session says there. */
  const common = () => Object.fromEntries([
    ...['layout', 'env', 'counter', 'badge', 'label'].map((word) => [word, files.word(word)]),
    ['fields', `fields ${files.definesFields}`],
    ['parts', Array.from({ length: 30 }, (_, i) => files.word(`p${i}`)).join(' ')],
  ])
  const pages = [['/', 'page', 'room'], ['/second', 'second', 'feed']]
  const expected = (i) => ({ ...common(), ...Object.fromEntries([pages[i][1], pages[i][2], 'greeting', 'style'].map((word) => [word, files.word(word)])) })

  const checkSessions = () => sessions.forEach((session) => session.check())
  const isCurrent = ({ latest, word }) => latest.handler === files.word(word) && latest.greeting === files.word('greeting')
  const isRendered = async ([url, word]) => {
    const answer = await fetch(server.url + url)
    const html = await answer.text()
    const words = Object.values({ ...common(), [word]: files.word(word) })
    return answer.headers.get('x-stamp') === files.word('middleware') && words.every((one) => html.includes(`>${one}<`))
  }
  const context = {
    files, random, badge, place,
    /** Until the tabs show an error of a file; sessions go on. */
    async broken(file) {
      const before = sessions.map((session) => session.sent)
      await until(() => output().slice(mark).includes(`${file}:`), `an error of ${file}`)
      for (const tab of tabs) await tab.page.locator('eclipsa-error-overlay').waitFor({ state: 'attached' })
      await until(() => (checkSessions(), sessions.every((session, i) => session.answered > before[i])), 'answers under an error')
      for (const tab of tabs) await tab.isFilledIn()
    },
    answers: (url, status, text) => until(async () => {
      const answer = await fetch(server.url + url)
      return answer.status === status && text.test(await answer.text())
    }, `${status} from ${url}`),
  }

  let mark = 0
  /** One edit, and all of its effects. */
  async function edit(kind) {
    mark = output().length
    const loads = tabs.map((tab) => tab.loads)
    const handlers = sessions.map((session) => session.handlers)
    const { pid } = sessions[0].latest
    const { swaps = [], reloads = false, restarts = false } = (await kinds[kind](context)) ?? {}
    if (restarts) await until(() => (checkSessions(), sessions.every(({ latest }) => latest.pid !== pid)), 'all sessions in the new worker')
    if (reloads) await until(() => tabs.every((tab, i) => tab.loads > loads[i]), 'the reload of both tabs')
    await Promise.all(tabs.map((tab, i) => tab.shows(expected(i))))
    await until(() => (checkSessions(), sessions.every(isCurrent)), 'the newest handler in all sessions')
    for (const page of pages) await until(() => isRendered(page), `the server's ${page[0]}`)
    for (const [i, { name, handlers: now, word }] of sessions.entries()) {
      assert.equal(now - handlers[i], restarts || swaps.includes(word) ? 1 : 0, `handlers that ${name} got`)
    }
    for (const tab of tabs) await (reloads ? tab.begin() : tab.isFilledIn())
  }

  const isLive = ({ live }) => Object.keys(live).length === SESSIONS + tabs.length && Object.values(live).every((count) => count === 1)
  /** What there is when nothing is under way. */
  async function measure() {
    await until(async () => isLive(await probe()), 'one handler instance per session')
    const { heapUsed, rss, pid, collected } = await probe()
    assert.ok(collected, 'the worker has no gc()')
    assert.deepEqual(children(server.child.pid), [pid], 'exactly one worker')
    return { server: memory(server.child.pid), worker: rss / 2 ** 20, heap: heapUsed / 2 ** 20, pid, handles: handles(server.child.pid), ofWorker: handles(pid) }
  }

  const began = Date.now()
  const measured = {}
  const only = process.env.TORTURE_ONLY?.split(',')
  const plan = planEdits(random).filter((kind) => !only || only.includes(kind))
  for (const [i, kind] of plan.entries()) {
    const at = Date.now()
    try {
      await edit(kind)
    } catch (error) {
      throw new Error(`edit ${i + 1} (${kind}): ${error.message}\n${output().slice(mark)}`, { cause: error })
    }
    if (process.env.TORTURE_VERBOSE) console.log(`${i + 1} ${kind} ${Date.now() - at} ms`)
    if ((i + 1) % 100 === 0) {
      measured[i + 1] = await measure()
      if (process.env.TORTURE_VERBOSE) console.log(measured[i + 1])
    }
  }
  const took = Date.now() - began

  talking.stop()
  await until(() => (checkSessions(), sessions.every(({ sent, answered }) => sent === answered)), 'an answer to every message')
  const late = await measure()
  const early = measured[100]
  const messages = sessions.reduce((sum, { answered }) => sum + answered, 0)
  t.diagnostic(
    `${plan.length} edits in ${Math.round(took / 1000)} s, ${messages} messages; server ${Math.round(early.server)} → ${Math.round(late.server)} MB, ` +
      `heap of the worker ${measured[200].heap.toFixed(1)} → ${measured[400].heap.toFixed(1)} MB, handles of the server ${JSON.stringify(late.handles)}`,
  )

  assert.equal(measured[400].pid, measured[200].pid, 'the worker was another one between the measurements of its memory')
  assert.ok(late.server < early.server * GROWTH.server, `memory of the server: ${early.server} MB after 100 edits, ${late.server} MB after all`)
  assert.ok(measured[400].heap < measured[200].heap * GROWTH.worker, `heap of the worker: ${measured[200].heap} MB after 200 edits, ${measured[400].heap} MB after 400`)
  assert.equal(late.handles.watches, early.handles.watches, 'watched folders')
  for (const [what, few] of Object.entries({ sockets: 8, others: 4, threads: 8 })) {
    assert.ok(late.handles[what] <= early.handles[what] + few, `${what} of the server: ${early.handles[what]}, then ${late.handles[what]}`)
    assert.ok(late.ofWorker[what] <= early.ofWorker[what] + few, `${what} of the worker: ${early.ofWorker[what]}, then ${late.ofWorker[what]}`)
  }

  await Promise.all([...sessions.map((session) => session.leave()), ...tabs.map((tab) => tab.close())])
  await until(async () => Object.keys((await probe()).live).length === 0, 'the end of all handlers')
  await until(() => handles(server.child.pid).sockets <= empty.sockets + 8, 'the end of all sockets')
  await server.stop()
  assert.ok(!existsSync(`/proc/${late.pid}`), 'the worker outlived its server')
})
