import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeFrame, FrameReader, MAX_FRAME } from './frames.js'
import type { Message, TransformRequest } from './protocol.js'
import { ServiceError, startService } from './service.js'

/** From lib-test-vite/vite/service/. */
const repository = fileURLToPath(new URL('../../../', import.meta.url))
const samples = join(repository, 'testdata/fixtures/protocol')
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }

const folder = mkdtempSync(join(tmpdir(), 'eclipsa-service-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const inProc = { skip: !existsSync('/proc/self') && 'looks processes up in /proc', timeout: 30_000 }

test('frames come whole, however they are cut: every sample', () => {
  const messages: Message[] = readdirSync(samples).map((name, id) => ({ id, request: JSON.parse(readFileSync(join(samples, name), 'utf8')).request }))
  assert.ok(messages.length > 5)
  const bytes = Buffer.concat(messages.map(encodeFrame))
  for (const size of [1, 3, 1000, bytes.length]) {
    const reader = new FrameReader()
    const got: unknown[] = []
    for (let at = 0; at < bytes.length; at += size) got.push(...reader.push(bytes.subarray(at, at + size)))
    assert.deepEqual(got, messages)
  }
})

test('what is no frame is an error', () => {
  assert.throws(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1\r\n')), /longer than/)
  const head = Buffer.alloc(4)
  head.writeUInt32LE(MAX_FRAME + 1)
  assert.throws(() => new FrameReader().push(head), /longer than/)
  assert.throws(() => new FrameReader().push(Buffer.from([3, 0, 0, 0, 97, 98, 99])), SyntaxError)
})

test('the real program answers every sample as it is written down', async () => {
  const service = await startService({ root: join(repository, 'examples/room'), version })
  try {
    const app = await service.open({ mode: 'production', base: '/' })
    assert.ok(app.routes.some(({ id, clientFiles }) => id === '/' && clientFiles.includes('app/+page.tsx')))
    for (const name of readdirSync(samples).filter((name) => name.startsWith('transform'))) {
      const { request, answer } = JSON.parse(readFileSync(join(samples, name), 'utf8').replaceAll('$ROOT', app.root))
      assert.deepEqual(await service.transform(request), answer, name)
    }
  } finally {
    await service.close()
  }
})

test('another version is refused with the package to update', async () => {
  await assert.rejects(startService({ root: folder, version: '0.0.1' }), (error: Error) => error instanceof ServiceError && /npm install/.test(error.message))
})

test('a program that is not there, and one that is none of ours', async () => {
  await assert.rejects(startService({ root: folder, version, binary: join(folder, 'nothing') }), /could not be started/)
  await assert.rejects(startService({ root: folder, version, binary: program('other', "process.stdout.write('Usage: other [options]\\n')") }), /does not speak/)
})

/** A program that answers hello and open, and dies when it is asked to transform a file of that name. */
function mortal(name: string): string {
  return program(
    name,
    `
    const log = ${JSON.stringify(join(folder, `${name}.log`))}
    let pending = Buffer.alloc(0)
    const answer = (id, answer) => { const text = Buffer.from(JSON.stringify({ id, answer })); const head = Buffer.alloc(4); head.writeUInt32LE(text.length); process.stdout.write(Buffer.concat([head, text])) }
    process.stdin.on('end', () => process.exit(0))
    process.stdin.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE()) {
        const length = pending.readUInt32LE()
        const { id, request } = JSON.parse(pending.subarray(4, 4 + length))
        pending = pending.subarray(4 + length)
        fs.appendFileSync(log, request.type + ' ' + (request.file ?? '') + '\\n')
        if (request.file === 'always.tsx') process.exit(3)
        if (request.file === 'once.tsx' && fs.readFileSync(log, 'utf8').split('once.tsx').length === 2) process.exit(3)
        answer(id, { did: request.type })
      }
    })`,
  )
}

function program(name: string, text: string): string {
  const file = join(folder, `${name}.cjs`)
  writeFileSync(file, `#!${process.execPath}\nconst fs = require('node:fs')\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

const transform = (file: string): TransformRequest => ({ file, code: '', sides: 'both', dev: false, sourceMap: false, split: false, removable: [] })

/** The real program, whose processes are written down; `before` is a line of sh at each start. */
function recorded(name: string, before = ''): { binary: string; pids(): number[] } {
  const log = join(folder, `${name}.pids`)
  const binary = join(folder, name)
  writeFileSync(binary, `#!/bin/sh\necho $$ >> '${log}'\n${before}\nexec '${process.env['ECLIPSA_BINARY'] ?? join(repository, 'bin/eclipsa')}' "$@"\n`)
  chmodSync(binary, 0o755)
  return { binary, pids: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map(Number) : []) }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function later(): { promise: Promise<void>; resolve(): void } {
  let resolve!: () => void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

/** The program is stopped before the questions are asked, so that it is certain to have no answer when it dies. */
function crash<T>(pid: number, ask: () => T): T {
  process.kill(pid, 'SIGSTOP')
  while (!isStopped(pid)); // the signal reaches one thread after the other
  const asked = ask()
  process.kill(pid, 'SIGKILL')
  return asked
}

function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.every((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.startsWith('T'))
}

const room = join(repository, 'examples/room')
const page = join(room, 'app/+page.tsx')
const many = (count: number): TransformRequest[] =>
  Array.from({ length: count }, (_, i) => ({ ...transform(join(room, `app/file-${i}.ts`)), code: `export const a = ${i} as number`, sides: 'server', dev: true }))

test('a program that is killed is started again, and knows the app before it is asked: every answer comes, to whom it belongs', inProc, async () => {
  const { binary, pids } = recorded('killed')
  const said: string[] = []
  const service = await startService({ root: room, version, binary, onCrash: (message) => said.push(message) })
  await service.open({ mode: 'development', base: '/' })
  const answers = await crash(pids()[0]!, () => Promise.all(many(50).map((request) => service.transform(request))))
  answers.forEach(({ server }, i) => assert.match(server!.code, new RegExp(`a = ${i};`)))
  assert.equal(pids().length, 2)
  assert.equal(said.length, 1)
  assert.ok(said[0]!.includes(`ended (SIGKILL) while it transformed ${join(room, 'app/file-0.ts')}, `) && said[0]!.includes('and 45 more: it is started again'), said[0])

  const results = await crash(pids()[1]!, () => Promise.allSettled([service.transform(transform(page)), service.manifest({ data: { symbols: [], routes: {}, assets: { scripts: [], preload: [], styles: [] }, notFoundScripts: [] } })]))
  for (const result of results) assert.ok(result.status === 'rejected' && result.reason instanceof ServiceError && result.reason.message.includes(page), JSON.stringify(result))
  await assert.rejects(service.transform(transform('other.tsx')), (error: Error) => error instanceof ServiceError && error.message.includes(page))
  assert.deepEqual([pids().length, said.length], [2, 1])
  await service.close()
})

test('a question asked while the program starts again waits for it', inProc, async () => {
  const { binary, pids } = recorded('waits')
  const crashed = later()
  const service = await startService({ root: room, version, binary, onCrash: () => crashed.resolve() })
  await service.open({ mode: 'development', base: '/' })
  const vite = setInterval(() => {}, 1_000) // keeps the process alive; a service without questions doesn't
  process.kill(pids()[0]!, 'SIGKILL')
  await crashed.promise
  clearInterval(vite)
  assert.equal((await service.transform(transform(page))).path, 'app/+page.tsx')
  await service.close()
})

test('a program that does not come back is the answer, with the file', inProc, async () => {
  const { binary, pids } = recorded('gone', `[ "$(wc -l < '${join(folder, 'gone.pids')}')" -gt 1 ] && exit 5`)
  const service = await startService({ root: room, version, binary })
  await service.open({ mode: 'development', base: '/' })
  await assert.rejects(crash(pids()[0]!, () => service.transform(transform(page))), (error: Error) => /exit code 5/.test(error.message) && error.message.includes(page))
  await service.close()
})

test('an app that broke between crash and restart is reported as what it is, and may be mended', inProc, async () => {
  const root = mkdtempSync(join(folder, 'app-'))
  mkdirSync(join(root, 'app'))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'app/+page.tsx'), '')
  const { binary, pids } = recorded('broke')
  const service = await startService({ root, version, binary })
  await service.open({ mode: 'development', base: '/' })
  writeFileSync(join(root, 'package.json'), '{')
  await assert.rejects(crash(pids()[0]!, () => service.transform(transform(join(root, 'app/+page.tsx')))), /package\.json:1:2: is not valid JSON/)
  writeFileSync(join(root, 'package.json'), '{}')
  await service.open({ mode: 'development', base: '/' })
  assert.equal((await service.transform(transform(join(root, 'app/+page.tsx')))).path, 'app/+page.tsx')
  await service.close()
})

test('closing ends the process, also with questions under way, and twice', inProc, async () => {
  const { binary, pids } = recorded('closed')
  const said: string[] = []
  const service = await startService({ root: room, version, binary, onCrash: (message) => said.push(message) })
  await service.open({ mode: 'development', base: '/' })
  const asked = service.transform(transform(page))
  const refused = assert.rejects(asked, /the service was closed/)
  await Promise.all([service.close(), service.close()])
  await refused
  await assert.rejects(service.format({ diagnostics: [], color: false }), /the service was closed/)
  assert.deepEqual([pids().map(isAlive), said], [[false], []])
})

test('a mismatch starts one process, which ends, and is no crash', inProc, async () => {
  const { binary, pids } = recorded('mismatch')
  const said: string[] = []
  await assert.rejects(startService({ root: room, version: '0.0.1', binary, onCrash: (message) => said.push(message) }), (error: ServiceError) =>
    error instanceof ServiceError && error.message.includes(': update eclipsa') && error.hint!.includes('npm install eclipsa@'))
  assert.deepEqual([pids().map(isAlive), said], [[false], []])
})

test('a program that knows no "service" is of another version', async () => {
  await assert.rejects(startService({ root: folder, version, binary: program('old', 'process.exit(2)') }), (error: Error) =>
    error.message.includes('ended (exit code 2)') && error.message.includes(`eclipsa, which is ${version}`))
})

test('what is too long is refused where it is asked', async () => {
  const service = await startService({ root: room, version })
  await assert.rejects(service.transform({ ...transform('huge.ts'), code: 'x'.repeat(MAX_FRAME) }), /huge\.ts can't be sent/)
  assert.deepEqual(await service.format({ diagnostics: [], color: false }), { text: '' })
  await service.close()
})

/** Runs a module that has `startService`, and gives its output. */
async function runParent(body: string): Promise<string> {
  const script = join(folder, 'lonely.mjs')
  writeFileSync(script, `import { startService } from ${JSON.stringify(new URL('./service.js', import.meta.url).href)}\nconst service = await startService({ root: ${JSON.stringify(room)}, version: ${JSON.stringify(version)} })\n${body}`)
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  parent.stdout.on('data', (chunk: Buffer) => (text += chunk))
  const [code] = await once(parent, 'close')
  return `${text}exit ${code}`
}

test('the service keeps Node alive while it owes an answer, and no longer', { timeout: 30_000 }, async () => {
  assert.equal(await runParent(`console.log(Object.keys(await service.open({ mode: 'production', base: '/' })).includes('routes'))`), 'true\nexit 0')
})

test('after a crash the program is started again, knows its app, and answers what was asked', async () => {
  const said: string[] = []
  const service = await startService({ root: folder, version, binary: mortal('once'), onCrash: (message) => said.push(message) })
  await service.open({ mode: 'development', base: '/' })
  assert.deepEqual(await service.transform(transform('once.tsx')), { did: 'transform' })
  assert.equal(said.length, 1)
  assert.match(said[0]!, /while it transformed once\.tsx: it is started again/)
  assert.match(readFileSync(join(folder, 'once.log'), 'utf8'), /^hello \nopen \ntransform once\.tsx\nhello \nopen \ntransform once\.tsx\n$/)
  await service.close()
})

test('the second crash is the answer, and names the file', async () => {
  const said: string[] = []
  const service = await startService({ root: folder, version, binary: mortal('always'), onCrash: (message) => said.push(message) })
  await assert.rejects(service.transform(transform('always.tsx')), /always\.tsx/)
  await assert.rejects(service.transform(transform('fine.tsx')), /always\.tsx/)
  assert.equal(said.length, 1)
  await service.close()
})

test('the program ends when the service is closed, and when its parent dies', inProc, async () => {
  const childOf = (pid: number): number | undefined => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  }
  const script = join(folder, 'parent.mjs')
  const module = new URL('./service.js', import.meta.url).href
  writeFileSync(script, `import { startService } from ${JSON.stringify(module)}\nawait startService({ root: '.', version: ${JSON.stringify(version)} })\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n`)
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  const program = childOf(parent.pid!)
  assert.ok(program)
  parent.kill('SIGKILL')
  await once(parent, 'close')
  for (let tries = 0; tries < 500 && existsSync(`/proc/${program}`); tries++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(existsSync(`/proc/${program}`), false)
})
