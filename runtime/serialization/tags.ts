/**
 * The public serialization (docs/design, section 6): one text form for realtime messages, `connect()`
 * input and the state in the HTML. Plain JSON travels as itself. What JSON lacks is *tagged*: an object
 * whose only key is `$` and whose value is `[name, data]`:
 *
 *     undefined            {"$":["undefined"]}
 *     NaN ±Infinity -0     {"$":["number","NaN"]}
 *     10n                  {"$":["bigint","10"]}
 *     Date                 {"$":["Date",1700000000000]}      an invalid date: null
 *     URL                  {"$":["URL","https://a.example/"]}
 *     Map, Set             {"$":["Map",[[key,value],…]]}  {"$":["Set",[value,…]]}
 *     bytes                {"$":["ArrayBuffer","base64"]}  {"$":["Uint8Array","base64"]}
 *     { $: value }         {"$":["$",value]}                 data that looks like a tag
 *
 * Typed arrays have the byte order of the machine, which is little-endian on every host we run on.
 */

/** Deepest nesting of objects, arrays, Maps and Sets, both ways. */
export const MAX_DEPTH = 64
/** Most values in one message, both ways: a quarter of the 1 MiB message limit. */
export const MAX_NODES = 262_144
/** Longest bigint in decimal digits: parsing is slower than linear in their number. */
export const MAX_BIGINT_DIGITS = 1_024

/** Keys that could reach a prototype when a later `Object.assign` or merge copies them. */
export function isForbiddenKey(key: string): boolean {
  const length = key.length
  return (length === 9 || length === 11) && (key === '__proto__' || key === 'prototype' || key === 'constructor')
}

interface TypedArrayConstructor {
  readonly name: string
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer): ArrayBufferView
}

/** By the name that stands in the tag. A Map, so that no name reaches an inherited property. */
export const typedArrays: ReadonlyMap<string, TypedArrayConstructor> = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((type) => [type.name, type as TypedArrayConstructor]),
)

/** A step into a value: a property's name or an array's (or Map's, or Set's) index. */
export type PathStep = string | number

/** A value that can't be encoded, or a text that can't be decoded. `path` names the place. */
export class SerializationError extends TypeError {
  readonly path: string

  constructor(verb: string, root: string, steps: readonly PathStep[], problem: string) {
    const path = formatPath(root, steps)
    super(`[eclipsa] can't ${verb} ${path}: ${problem}`)
    this.name = 'SerializationError'
    this.path = path
  }
}

const identifier = /^[A-Za-z_$][\w$]*$/

function formatPath(root: string, steps: readonly PathStep[]): string {
  let path = root
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`
    else if (identifier.test(step)) path += `.${step}`
    else path += `[${JSON.stringify(step.length > 40 ? `${step.slice(0, 40)}…` : step)}]`
  }
  return path
}
