/** Module hooks (Node runs them in a thread of their own): what packages import of React is found in Preact. */
interface Data {
  /** The specifiers of Preact by those of React. */
  to: Readonly<Record<string, string>>
  /** The module whose Preact it is. */
  from: string
}

interface Context {
  parentURL?: string
}

type Resolve = (specifier: string, context: Context) => unknown

let to: Data['to'] = {}
let from = ''

export function initialize(data: Data): void {
  ;({ to, from } = data)
}

export function resolve(specifier: string, context: Context, next: Resolve): unknown {
  if (!Object.hasOwn(to, specifier) || !context.parentURL?.includes('/node_modules/')) return next(specifier, context)
  return next(to[specifier]!, { ...context, parentURL: from })
}
