/** What eclipsa needs of Vite's settings; the user's own win where they may differ. */
import { fileURLToPath } from 'node:url'
import type { Plugin, UserConfig } from 'vite'
import { CLIENT, SERVER, slashed } from './ids.js'
import { checkPlugins, checkUserConfig, checkVersion, checkWatch, PLUGIN_NAME } from './misuse.js'
import type { EclipsaOptions } from './options.js'
import { PREACT } from './preact.js'
import type { Project } from './project.js'
import { SourcePackages } from './source-packages.js'

/** Exist once on each side, whoever imports them. */
const SHARED = ['eclipsa', 'preact', '@preact/signals', 'preact-render-to-string', 'hono']

/** What pages import from the first moment: found late, they would load the page again. */
const BUNDLED_IN_DEV = ['eclipsa', 'eclipsa/client', 'eclipsa/jsx-runtime', 'eclipsa/atom', 'eclipsa/dev/refresh', 'eclipsa/dev/vite']

export function configPlugin(project: Project, options: EclipsaOptions): Plugin {
  return {
    name: PLUGIN_NAME,
    api: { options },
    config(config, { command, isPreview }) {
      const major = checkVersion(this?.meta?.viteVersion)
      checkUserConfig(config)
      const root = slashed(config.root ?? process.cwd())
      const packages = new SourcePackages(root)
      return { ...shared(packages), ...jsx(major), ...inVitest(), ...(command === 'build' || isPreview ? inBuild(config.build ?? {}) : inDev(packages)) }
    },
    configResolved(config) {
      checkPlugins(config)
      checkWatch(config)
      project.configure(config)
    },
  }
}

/** Never the development transform: its line numbers change the code of everything below an edit. */
function jsx(major: number): UserConfig {
  if (major < 8) return { esbuild: { jsx: 'automatic', jsxImportSource: 'eclipsa', jsxDev: false } }
  return { oxc: { jsx: { runtime: 'automatic', importSource: 'eclipsa', development: false } } }
}

function shared(packages: SourcePackages): UserConfig {
  return {
    appType: 'custom',
    resolve: {
      alias: Object.entries(PREACT).map(([react, replacement]) => ({ find: new RegExp(`^${react}$`), replacement })),
      dedupe: [...SHARED, ...packages.source],
    },
    builder: { sharedConfigBuild: true, sharedPlugins: true },
  }
}

function inDev(packages: SourcePackages): UserConfig {
  return {
    environments: {
      client: { optimizeDeps: { include: BUNDLED_IN_DEV, exclude: packages.source } },
      ssr: { resolve: { external: SHARED, noExternal: packages.source } },
    },
  }
}

/** Vitest reads Vite's settings, and says in its environment that it does. */
function inVitest(): object {
  return process.env['VITEST'] ? { test: { setupFiles: [fileURLToPath(new URL('./dev/vitest.js', import.meta.url))] } } : {}
}

function inBuild({ outDir = 'dist', rollupOptions }: NonNullable<UserConfig['build']>): UserConfig {
  const onwarn = withoutDirectives(rollupOptions?.onwarn)
  const names = { assetFileNames: 'assets/[name]-[hash][extname]', chunkFileNames: 'assets/[name]-[hash].js', entryFileNames: 'assets/[name]-[hash].js' }
  return {
    environments: {
      client: {
        build: { outDir: `${slashed(outDir)}/client`, emptyOutDir: true, rollupOptions: { onwarn, input: { client: CLIENT }, output: names } },
      },
      ssr: {
        resolve: { noExternal: true },
        build: {
          outDir: `${slashed(outDir)}/server`, emptyOutDir: true, ssr: true, copyPublicDir: false, sourcemap: true,
          rollupOptions: {
            onwarn,
            input: { index: SERVER },
            output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs', format: 'es' },
          },
        },
      },
    },
  }
}

type OnWarn = NonNullable<NonNullable<NonNullable<UserConfig['build']>['rollupOptions']>['onwarn']>

/** Many packages for React begin with "use client", of which bundlers tell file by file; it means nothing here. */
function withoutDirectives(onwarn: OnWarn | undefined): OnWarn {
  return (warning, warn) => {
    if (warning.code === 'MODULE_LEVEL_DIRECTIVE' && warning.message.includes('use client')) return
    if (onwarn === undefined) warn(warning)
    else onwarn(warning, warn)
  }
}
