/** The other names of the package, as far as they exist, and JSX. */
import {
  Dynamic,
  For,
  Fragment,
  IS_BROWSER,
  IS_SSR,
  Link,
  Show,
  createContext,
  effect,
  onCleanup,
  onMount,
  resumeContainer,
  signal,
  useComputed,
  useContext,
  useLocation,
  useRouteParams,
  useSignal,
  useWatch,
} from 'eclipsa'
import type { AppContext, MetadataContext, RouteLocation, RouteMiddleware, SSRRootProps } from 'eclipsa'

declare module 'eclipsa' {
  interface AppVariables {
    user: { name: string }
  }
}

const middleware: RouteMiddleware<{ Variables: { count: number } }> = async (c, next) => {
  const name: string = c.var.user.name
  const count: number = c.var.count
  const room: string | undefined = c.var.page.params['room']
  const page: URL = c.var.page.url
  // @ts-expect-error: nobody declares it
  void c.var.nobody
  void [name, count, room, page]
  await next()
}
const plain: RouteMiddleware = (c, next) => (c.var.user ? next() : Promise.resolve(c.redirect('/login')))
export default middleware

export function answer(c: AppContext): Response {
  return c.json({ user: c.var.user.name, path: c.var.page.path })
}

export const metadata = ({ params, url }: MetadataContext) => ({ title: `${params['id']} ${url.pathname}` })

const Theme = createContext('light')
const shared = signal(0)

export function Root({ head, children }: SSRRootProps) {
  return (
    <html lang="en">
      <head>{head}</head>
      <body class="a">{children}</body>
    </html>
  )
}

export function Everything() {
  const count = useSignal(0)
  const doubled = useComputed(() => count.value * 2)
  const theme: string = useContext(Theme)
  const { pathname }: RouteLocation = useLocation()
  const id: string | undefined = useRouteParams()['id']
  useWatch(() => {
    const stop = effect(() => void shared.value)
    onCleanup(stop)
  })
  onMount(() => () => void plain)
  return (
    <Fragment>
      <p class={theme} className="x" data-id={id}>
        {count} {doubled} {shared}
      </p>
      <For arr={[1, 2]} fn={(item, index) => <b>{item + index}</b>} key={(item) => item} fallback={<i />} />
      <Show when={IS_BROWSER && !IS_SSR} fallback="server">
        <Link href={pathname}>here</Link>
      </Show>
      <Dynamic component="h1" id="x" />
    </Fragment>
  )
}

void resumeContainer
