/** Node processes that tests start, and end by the process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Child {
  process: ChildProcess
  output(): string
  /** Resolves with the first match in what it wrote; rejects when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  ended: Promise<{ code: number | null; signal: string | null }>
  kill(): Promise<void>
}

/** `script` is absolute, or relative to the compiled tests. */
export function startChild(script: string, args: string[], env: Record<string, string>, cwd = process.cwd()): Child {
  const file = resolve(fileURLToPath(new URL('..', import.meta.url)), script)
  const child = spawn(process.execPath, ['--unhandled-rejections=strict', file, ...args], { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
  let text = ''
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (const watcher of watchers) watcher()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as { code: number | null; signal: string | null })
  return {
    process: child,
    output: () => text,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text)
          if (!match) return
          watchers.delete(look)
          resolve(match)
        }
        watchers.add(look)
        look()
        void ended.then(({ code }) => reject(new Error(`ended with ${code} before it said ${pattern}:\n${text}`)))
      }),
    ended,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}
