/**
 * Servers as processes: the time at which one prints its URL, what it and its descendants cost, and their end, by
 * their own ids, also when the benchmark itself fails.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Longest wait for a URL, in milliseconds: a bound against hanging. */
const PATIENCE = 60_000

/** How often the descendants of a server are looked for: short-lived ones count too. */
const SAMPLE = 100

/** Clock ticks a second in /proc: 100 on every Linux. */
const TICKS = 100

const running = new Set()
process.on('exit', () => running.forEach((server) => server.kill()))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** A process and everything below it. */
export function processTree(root) {
  const found = [root]
  for (const pid of found) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        found.push(...children.split(' ').filter(Boolean).map(Number))
      }
    } catch {
      // it ended while we looked
    }
  }
  return found
}

/** What one process has used until now; undefined when it is gone. */
function usageOf(pid) {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    // After the name, which may hold anything: fields 14 and 15 of proc(5).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return { peakKiB: Number(peak?.[1] ?? 0), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS }
  } catch {
    return undefined
  }
}

/** Peak resident memory and CPU time of processes, ended ones included. */
export class Usage {
  #byProcess = new Map()

  sample(pids) {
    for (const pid of pids) {
      const usage = usageOf(pid)
      if (usage) this.#byProcess.set(pid, usage)
    }
  }

  /** The sum of the processes' own peaks, which is never below the peak of the sum. */
  get peakMiB() {
    return [...this.#byProcess.values()].reduce((sum, { peakKiB }) => sum + peakKiB, 0) / 1024
  }

  get cpuSeconds() {
    return [...this.#byProcess.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  }

  get processes() {
    return this.#byProcess.size
  }
}

/** Starts a server. `url` resolves with the first URL that it prints. */
export function startServer(command, args, options = {}) {
  const started = performance.now()
  const child = spawn(command, args, { ...options, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const usage = new Usage()
  let output = ''
  let known = [child.pid]
  const sample = () => usage.sample((known = processTree(child.pid)))
  const timer = setInterval(sample, SAMPLE)
  const server = {
    started,
    pid: child.pid,
    output: () => output,
    /** Samples now. */
    usage() {
      sample()
      return usage
    },
    kill() {
      for (const pid of known) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // it ended before
        }
      }
    },
    async stop() {
      clearInterval(timer)
      if (!running.has(server)) return
      known = processTree(child.pid)
      child.kill('SIGTERM')
      const hard = setTimeout(server.kill, 10_000)
      await ended
      clearTimeout(hard)
    },
  }
  running.add(server)
  const ended = new Promise((resolve) => child.on('close', resolve)).then(() => {
    clearInterval(timer)
    running.delete(server)
  })
  server.url = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${command} ${args.join(' ')}: ${why}:\n${output}`))
    const patience = setTimeout(() => fail('no URL'), PATIENCE)
    const collect = (chunk) => {
      output += chunk
      const match = /https?:\/\/[^\s/]+:\d+/.exec(output)
      if (!match) return
      clearTimeout(patience)
      server.ready ??= performance.now()
      resolve(match[0])
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => fail(error.message))
    ended.then(() => fail('ended'))
  })
  server.url.catch(() => {})
  return server
}
