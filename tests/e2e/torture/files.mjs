/** The app's files: each has words with numbers ("page 7"), and an edit counts one of them up. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { choose } from './plan.mjs'

export class Files {
  /** useDefineForClassFields, as tsconfig.json has it. */
  definesFields = true
  #root
  #random
  #numbers = new Map()

  constructor(root, random) {
    this.#root = root
    this.#random = random
  }

  path(file) {
    return join(this.#root, file)
  }

  read(file) {
    return readFileSync(this.path(file), 'utf8')
  }

  /** What stands in the files now. */
  word(word) {
    return `${word} ${this.#numbers.get(word) ?? 0}`
  }

  /** Counts the word of a file up. */
  edit(file, word) {
    this.save(file, this.next(this.read(file), word))
  }

  /** The text with the word's next number. */
  next(text, word) {
    const before = this.word(word)
    if (text.split(before).length !== 2) throw new Error(`the text has not one ${JSON.stringify(before)}:\n${text}`)
    this.#numbers.set(word, (this.#numbers.get(word) ?? 0) + 1)
    return text.replace(before, this.word(word))
  }

  /** As editors do it: in place, by a new file that takes the name, or with a backup. */
  save(file, text) {
    const path = this.path(file)
    const way = existsSync(path) ? choose(this.#random, ['in place', 'renamed', 'backup']) : 'in place'
    if (way === 'in place') return writeFileSync(path, text)
    if (way === 'renamed') {
      writeFileSync(`${path}.tmp`, text)
      return renameSync(`${path}.tmp`, path)
    }
    renameSync(path, `${path}~`)
    writeFileSync(path, text)
    rmSync(`${path}~`)
  }

  rename(from, to) {
    renameSync(this.path(from), this.path(to))
  }

  remove(file) {
    rmSync(this.path(file))
  }
}
