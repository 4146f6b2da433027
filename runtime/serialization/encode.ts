/**
 * Values to text. A message of plain JSON values, by far the most common, is only looked at and then
 * given to `JSON.stringify`; anything else is first copied into its tagged form (see `tags.ts`).
 */
import { toBase64 } from './base64.js'
import { MAX_BIGINT_DIGITS, MAX_DEPTH, MAX_NODES, SerializationError, isForbiddenKey, typedArrays } from './tags.js'
import type { PathStep } from './tags.js'

/**
 * The text of a value. `root` is what the value is called in errors (`message`, `input`).
 * Symbol keys and properties that aren't enumerable don't travel, as in JSON.
 *
 * @throws SerializationError (a `TypeError`) naming the path of a function, symbol, class instance or
 *   cycle, of a forbidden key, or of what lies over the limits in `tags.ts`.
 */
export function encode(value: unknown, root = 'value'): string {
  nodesLeft = MAX_NODES
  if (isPlain(value, 0)) return JSON.stringify(value)
  return JSON.stringify(new Encoder(root).toJSON(value))
}

/** Of the encode under way; nothing here is asynchronous. */
let nodesLeft = 0

/** Whether `JSON.stringify` gives exactly this value back; false as well for what can't travel at all. */
function isPlain(value: unknown, depth: number): boolean {
  if (--nodesLeft < 0) return false
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return value - value === 0 && (value !== 0 || 1 / value > 0)
    case 'object':
      return value === null || (depth < MAX_DEPTH && isPlainContainer(value, depth + 1))
    default:
      return false
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth)) return false
    return true
  }
  if (!isPlainObject(value)) return false
  let count = 0
  let looksTagged = false
  for (const key in value) {
    if (count++ === 0 && key === '$') looksTagged = true
    if (isForbiddenKey(key) || !isPlain((value as Record<string, unknown>)[key], depth)) return false
  }
  return !(looksTagged && count === 1)
}

/** Object literals, `Object.create(null)`, and literals of another realm (Node's `vm`). */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

class Encoder {
  readonly #root: string
  readonly #steps: PathStep[] = []
  readonly #parents: object[] = []
  #nodesLeft = MAX_NODES

  constructor(root: string) {
    this.#root = root
  }

  toJSON(value: unknown): unknown {
    if (--this.#nodesLeft < 0) this.#fail(`it holds more than ${MAX_NODES} values`)
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return isPlainNumber(value) ? value : tag('number', Object.is(value, -0) ? '-0' : String(value))
      case 'undefined':
        return { $: ['undefined'] }
      case 'bigint':
        return tag('bigint', this.#digits(value))
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        return this.#fail(`a ${typeof value} can't travel`)
    }
  }

  #digits(value: bigint): string {
    const digits = String(value)
    return digits.length > MAX_BIGINT_DIGITS ? this.#fail(`a bigint has at most ${MAX_BIGINT_DIGITS} digits`) : digits
  }

  #object(value: object): unknown {
    if (this.#parents.length >= MAX_DEPTH) {
      this.#fail(this.#parents.includes(value) ? 'it contains itself' : `it is nested deeper than ${MAX_DEPTH} levels`)
    }
    this.#parents.push(value)
    const json = this.#container(value)
    this.#parents.pop()
    return json
  }

  #container(value: object): unknown {
    if (Array.isArray(value)) return this.#items(value)
    if (isPlainObject(value)) return this.#properties(value as Record<string, unknown>)
    if (value instanceof Date) {
      const time = value.getTime()
      return tag('Date', Number.isNaN(time) ? null : time)
    }
    if (value instanceof URL) return tag('URL', value.href)
    if (value instanceof Map) return tag('Map', Array.from(value, (entry, i) => this.#at(i, () => this.#items(entry))))
    if (value instanceof Set) return tag('Set', this.#items(Array.from(value)))
    return this.#bytes(value)
  }

  #bytes(value: object): unknown {
    if (value instanceof ArrayBuffer) return tag('ArrayBuffer', toBase64(new Uint8Array(value)))
    // A Buffer of Node travels as the Uint8Array that it is.
    const name = ArrayBuffer.isView(value) ? Object.prototype.toString.call(value).slice(8, -1) : ''
    if (!typedArrays.has(name)) {
      const type = (value.constructor as { name?: string } | undefined)?.name || 'an unnamed class'
      this.#fail(`an instance of ${type} can't travel; send its data as a plain object`)
    }
    const { buffer, byteOffset, byteLength } = value as ArrayBufferView
    return tag(name, toBase64(new Uint8Array(buffer, byteOffset, byteLength)))
  }

  #items(items: readonly unknown[]): unknown[] {
    // Not map(): it would skip holes, and a hole travels as undefined.
    const json: unknown[] = []
    for (let i = 0; i < items.length; i++) json.push(this.#at(i, () => this.toJSON(items[i])))
    return json
  }

  #properties(value: Record<string, unknown>): unknown {
    const json: Record<string, unknown> = {}
    const keys = Object.keys(value)
    for (const key of keys) {
      json[key] = this.#at(key, () => {
        if (isForbiddenKey(key)) this.#fail(`a key named ${key} can't travel; use a Map`)
        return this.toJSON(value[key])
      })
    }
    return keys.length === 1 && keys[0] === '$' ? tag('$', json['$']) : json
  }

  #at<T>(step: PathStep, visit: () => T): T {
    this.#steps.push(step)
    const result = visit()
    this.#steps.pop()
    return result
  }

  #fail(problem: string): never {
    throw new SerializationError('send', this.#root, this.#steps, problem)
  }
}

function isPlainNumber(value: number): boolean {
  return value - value === 0 && !Object.is(value, -0)
}

function tag(name: string, data: unknown): unknown {
  return { $: [name, data] }
}
