/** The samples that service/service_test.go runs, against the types of protocol.ts: each key, on both sides. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { encodeFrame, FrameReader } from './frames.js'
import type {
  Answers, AppDescription, Assets, Diagnostic, ErrorAnswer, ExternalAnswer, ImportRecord, ManifestData, ManifestSymbol, Part, PartDep, Reply, Request, RouteDescription,
  SymbolDescription, TransformAnswer, TransformedModule,
} from './protocol.js'

const samples = new URL('../../../testdata/fixtures/protocol/', import.meta.url)

type Check = (value: unknown, path: string) => void

/** One check for each key of T: tsc compares the keys with the type, a test with what Go wrote. */
type Shape<T> = { [K in keyof Required<T>]: Check }

type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : object extends Pick<T, K> ? K : never }[keyof T]

const is = (type: 'string' | 'number' | 'boolean'): Check => (value, path) => assert.equal(typeof value, type, path)
const [text, number, boolean] = [is('string'), is('number'), is('boolean')]
const oneOf = (...values: unknown[]): Check => (value, path) => assert.ok(values.includes(value), `${path} is ${value}`)
const list = (check: Check): Check => (value, path) => {
  assert.ok(Array.isArray(value), path)
  value.forEach((one, i) => check(one, `${path}[${i}]`))
}
const record = (check: Check): Check => (value, path) => {
  for (const [key, one] of Object.entries(value as object)) check(one, `${path}.${key}`)
}
function object<T>(shape: Shape<T>, ...optional: OptionalKeys<T>[]): Check {
  return (value, path) => {
    assert.ok(typeof value === 'object' && value !== null, path)
    for (const key of Object.keys(value)) assert.ok(key in shape, `${path}.${key} is in no type`)
    for (const [key, check] of Object.entries<Check>(shape)) {
      const one = (value as Record<string, unknown>)[key]
      if (one === undefined) assert.ok(optional.includes(key as OptionalKeys<T>), `${path}.${key} is missing`)
      else check(one, `${path}.${key}`)
    }
  }
}

const assets = object<Assets>({ scripts: list(text), preload: list(text), styles: list(text) })
const symbolInManifest = object<ManifestSymbol>({ id: text, kind: text, specifier: text })
const importRecord = object<ImportRecord>({ specifier: text, kind: oneOf('static', 'dynamic', 'require'), names: list(text), line: number, column: number })
const dep = object<PartDep>({ part: text, import: number, names: list(text), weak: boolean })
const part = object<Part>({ name: text, code: text, map: text, deps: list(dep), dynamic: list(importRecord) }, 'map')
const module = object<TransformedModule>({
  code: text, map: text, imports: list(importRecord), removed: list(importRecord), exports: list(text), exportStars: list(text),
  unchanged: boolean, acceptsHot: boolean, parts: list(part), exportParts: record(text),
}, 'map', 'parts', 'exportParts')
const symbol = object<SymbolDescription>({
  id: text, kind: oneOf('realtime', 'action', 'loader'), name: text, line: number, column: number, hash: text, reaches: list(dep),
})
const diagnostic = object<Diagnostic>({
  severity: oneOf(0, 1), text, hint: text, path: text, line: number, column: number, length: number, lineText: text, notes: list(text),
}, 'hint', 'notes')
const route = object<RouteDescription>({
  id: text, page: text, server: text, layouts: list(text), middlewares: list(text), notFound: text, error: text, loading: text, clientFiles: list(text),
})
const app = object<AppDescription>({
  root: text, project: text, package: text, base: text, serverEntry: text, ssrRoot: text, clientEntry: text, clientDevEntry: text, hooks: text,
  serverHooks: text, routes: list(route), linked: list(text), modules: record(text),
  settings: object<AppDescription['settings']>({
    external: list(text), allowedHosts: list(text), allowedOrigins: list(text), trustProxy: boolean, buildHost: text, sourcemap: boolean, compress: text,
  }),
})
const data = object<ManifestData>({
  symbols: list(symbolInManifest), routes: record(object<ManifestData['routes'][string]>({ symbols: list(text), assets })), assets, notFoundScripts: list(text),
})
const failure = object<ErrorAnswer>({ text, hint: text, path: text }, 'hint', 'path')

type Of<T extends Request['type']> = Extract<Request, { type: T }>

const requests = {
  hello: object<Of<'hello'>>({ type: text, protocol: number, version: text }),
  open: object<Of<'open'>>({ type: text, root: text, mode: oneOf('development', 'production'), base: text }),
  manifest: object<Of<'manifest'>>({ type: text, data }),
  transform: object<Of<'transform'>>({
    type: text, file: text, code: text, sides: oneOf('client', 'server', 'both'), dev: boolean, sourceMap: boolean, split: boolean, removable: list(text),
  }),
  external: object<Of<'external'>>({ type: text, specifier: text, folder: text }),
  format: object<Of<'format'>>({ type: text, diagnostics: list(diagnostic), color: boolean }),
} satisfies Record<Request['type'], Check>

const answers = {
  hello: object<Answers['hello']>({ protocol: number, version: text }),
  open: app,
  manifest: object<Answers['manifest']>({ text }),
  transform: object<TransformAnswer>({
    path: text, serverOnly: boolean, client: module, server: module, symbols: list(symbol), diagnostics: list(diagnostic),
  }, 'client', 'server'),
  external: object<ExternalAnswer>({ note: text }),
  format: object<Answers['format']>({ text }),
} satisfies Record<keyof Answers, Check>

/** What these show is a request that no type has. */
const noRequests = ['broken.json', 'unknown.json']

interface Sample {
  request: Request
  answer?: unknown
  error?: ErrorAnswer
}

describe('samples', () => {
  const answered = new Set<string>()
  for (const name of readdirSync(samples)) {
    test(name, () => {
      const { request, answer, error } = JSON.parse(readFileSync(new URL(name, samples), 'utf8')) as Sample
      const reply: Reply = error === undefined ? { id: 7, answer } : { id: 7, error }
      assert.deepEqual(new FrameReader().push(Buffer.concat([encodeFrame({ id: 7, request }), encodeFrame(reply)])), [{ id: 7, request }, reply])
      if (!noRequests.includes(name)) requests[request.type](request, 'request')
      if ('error' in reply) failure(reply.error, 'error')
      else {
        answers[request.type](reply.answer, 'answer')
        answered.add(request.type)
      }
    })
  }
  test('there is an answer to every request', () => assert.deepEqual([...answered].sort(), Object.keys(answers).sort()))
})
