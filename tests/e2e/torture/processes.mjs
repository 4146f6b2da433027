/** What the system knows about the server and its worker: nothing is added to the product for it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Of what may end at any moment. */
function attempt(read, otherwise) {
  try {
    return read()
  } catch {
    return otherwise
  }
}

const text = (file) => attempt(() => readFileSync(file, 'utf8'), '')
const names = (folder) => attempt(() => readdirSync(folder), [])

/** The processes that it has started: any of its threads may have done it. */
export function children(pid) {
  return names(`/proc/${pid}/task`).flatMap((thread) => text(`/proc/${pid}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number))
}

/** Open file handles by kind, watches of the file system, threads. */
export function handles(pid) {
  const found = { sockets: 0, others: 0, watches: 0, threads: names(`/proc/${pid}/task`).length }
  for (const fd of names(`/proc/${pid}/fd`)) {
    const target = attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
    if (target.startsWith('socket:')) found.sockets++
    else if (target) found.others++
    if (target.includes('inotify')) found.watches += text(`/proc/${pid}/fdinfo/${fd}`).match(/^inotify /gm)?.length ?? 0
  }
  return found
}

/** Resident memory in MB. */
export const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(text(`/proc/${pid}/status`))[1]) / 1024
