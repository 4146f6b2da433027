import type { ComponentChildren } from 'preact'
import './room.css'

export default function Layout({ children }: { children: ComponentChildren }) {
  return (
    <main>
      <nav>
        <a href="/">Room</a>
        <a href="/presence">Presence</a>
        <a href="/middleware">Middleware</a>
      </nav>
      {children}
    </main>
  )
}
