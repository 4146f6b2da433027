/** Runs in Vitest's workers before the tests: the packages that Node loads there get Preact for React, too. */
import { leadReactToPreact } from './react.js'

await leadReactToPreact()
