/** The kinds of edits. Each makes its change; where the effect is not on the pages, it waits for it. */
import { choose } from './plan.mjs'

const components = [['app/+page.tsx', 'page'], ['app/second/+page.tsx', 'second'], ['app/counter.tsx', 'counter'], ['app/+layout.tsx', 'layout']]
const handlers = [['app/+page.tsx', 'room'], ['app/second/+page.tsx', 'feed']]

/**
 * What an edit may do besides changing words: `swaps` names the words of the handlers that begin anew,
 * `reloads` says that the tabs are loaded again, `restarts` that the worker is another one.
 */
export const kinds = {
  handler({ files, random }) {
    const [file, word] = choose(random, handlers)
    files.edit(file, word)
    return { swaps: [word] }
  },

  component({ files, random, badge }) {
    files.edit(...choose(random, [...components, [badge.file, 'badge']]))
  },

  shared({ files }) {
    files.edit('app/greeting.ts', 'greeting')
    return { swaps: ['room', 'feed'] }
  },

  constant({ files }) {
    files.edit('app/label.ts', 'label')
  },

  style({ files }) {
    files.edit('app/style.css', 'style')
  },

  middleware({ files }) {
    files.edit('app/+middleware.ts', 'middleware')
  },

  /** The last good code goes on under a mistake. */
  async mistake({ files, random, broken }) {
    const [file, word, swaps] = choose(random, [...components, ...handlers.map((one) => [...one, [one[1]]]), ['app/greeting.ts', 'greeting', ['room', 'feed']]])
    const text = files.read(file)
    const mistaken = choose(random, [() => `${text}\nconst = 1\n`, () => `${text}\nimport './nowhere'\n`, () => text.slice(0, Math.floor(text.length / 2)) + '}{('])
    files.save(file, mistaken())
    await broken(file)
    files.save(file, files.next(text, word))
    return { swaps }
  },

  /** A file that others import is gone for a while. */
  async absence({ files, random, broken }) {
    const [file, word, importer, swaps] = choose(random, [
      ['app/greeting.ts', 'greeting', '', ['room', 'feed']], ['app/label.ts', 'label'], ['app/counter.tsx', 'counter'],
    ])
    const text = files.read(file)
    files.remove(file)
    await broken(importer ?? 'app/words.tsx')
    files.save(file, files.next(text, word))
    return { swaps }
  },

  /** A component gets another file, and its importer another import. */
  fileRename({ files, badge }) {
    const [from, to] = [badge.file, `app/badge-${++badge.number}.tsx`]
    files.rename(from, to)
    files.save('app/words.tsx', files.read('app/words.tsx').replace(/badge-\d+/, `badge-${badge.number}`))
    badge.file = to
    files.edit(to, 'badge')
  },

  /** A folder with a route: the one is there, the other isn't. */
  async folderRename({ files, place, answers }) {
    const [from, to] = [place.number, ++place.number]
    files.rename(`app/place-${from}`, `app/place-${to}`)
    await answers(`/place-${to}`, 200, /place 0/)
    await answers(`/place-${from}`, 404, /./)
    return { reloads: true }
  },

  /** As many files as a checkout changes. */
  burst({ files, random }) {
    for (let i = 0; i < 30; i++) if (random() < 0.7) files.edit(`app/parts/part-${i}.ts`, `p${i}`)
    for (const [file, word] of components) files.edit(file, word)
    files.edit('app/style.css', 'style')
    files.edit('app/+page.tsx', 'room')
    return { swaps: ['room'] }
  },

  environment({ files }) {
    files.edit('.env', 'env')
    return { restarts: true, reloads: true }
  },

  compilerOptions({ files }) {
    files.definesFields = !files.definesFields
    files.save('tsconfig.json', files.read('tsconfig.json').replace(/(useDefineForClassFields": )\w+/, `$1${files.definesFields}`))
  },
}
