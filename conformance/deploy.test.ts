// What `deploy/` hands to operators is right: every number that the dashboard shows is one that the server has, and every
// setting of the compose files is one that it knows.
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../packages/server/src/config.ts'
import { startServer, type TestServer } from './server.ts'

const DEPLOY = new URL('../deploy/', import.meta.url).pathname

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] }
}

describe('the dashboard', () => {
  let server: TestServer
  let metrics: Map<string, string>
  const dashboard = JSON.parse(readFileSync(join(DEPLOY, 'grafana', 'conclave.json'), 'utf8')) as Dashboard
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
  ]
  const shown = new Set(
    expressions.flatMap(expression => expression.match(/\b(?:conclave|process|nodejs)_[a-z0-9_]+\b/g) ?? []),
  )

  beforeAll(async () => {
    server = await startServer()
    const text = await (await fetch(`${server.url}/metrics`)).text()
    metrics = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]))
  })
  afterAll(() => server.remove())

  test('shows nothing that the server has not', () => {
    const known = [...metrics].flatMap(([name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    )
    expect(shown.size).toBeGreaterThan(20)
    expect([...shown].filter(name => !known.includes(name))).toEqual([])
  })

  test('shows everything that the server counts of itself', () => {
    const all = [...shown].map(name => name.replace(/_(?:bucket|sum|count)$/, ''))
    const own = [...metrics.keys()].filter(name => name.startsWith('conclave_'))
    expect(own.filter(name => !all.includes(name))).toEqual([])
  })

  test('has a title and an expression in every panel, and each in its own place', () => {
    for (const { title, targets } of dashboard.panels) {
      expect(title).not.toBe('')
      expect(targets.length).toBeGreaterThan(0)
      for (const { expr } of targets) expect(brackets(expr)).toBe(0)
    }
  })
})

function brackets(text: string): number {
  return [...text].reduce((sum, char) => sum + ('([{'.includes(char) ? 1 : ')]}'.includes(char) ? -1 : 0), 0)
}

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image?: string; readonly build?: unknown; readonly environment?: Record<string, string> }>
  >
}

describe.each(globSync('*/compose.yaml', { cwd: DEPLOY }))('%s', path => {
  const { services } = parse(readFileSync(join(DEPLOY, path), 'utf8'), { merge: true }) as Compose
  const nodes = Object.entries(services).filter(([, { environment }]) => environment?.CONCLAVE_DATA !== undefined)
  // What an operator writes into `.env` beside it.
  const given: Record<string, string> = {
    PEERS_SECRET: 'p'.repeat(64),
    POSTGRES_PASSWORD: 'secret',
    NATS_PASSWORD: 'secret',
    DOMAIN: 'chat.example.org',
  }
  const filled = (text: string): string =>
    text.replace(/\$\{([A-Z_]+)(?:(?::-([^}]*))|:\?[^}]*)?\}/g, (_, name: string, other = '') => given[name] ?? other)

  test('sets what the server knows, to what it may be set', () => {
    expect(nodes.length).toBeGreaterThan(0)
    for (const [name, { environment = {} }] of nodes) {
      const settings = Object.entries(environment).filter(([key]) => key.startsWith('CONCLAVE_'))
      const read = (): unknown =>
        readConfig(Object.fromEntries(settings.map(([key, value]) => [key, filled(String(value))])))
      expect(read, `${basename(dirname(path))}: ${name}`).not.toThrow()
    }
  })

  test('gives each node a number of its own, and an address by which the others reach it', () => {
    const numbers = nodes.map(([, { environment }]) => environment?.CONCLAVE_NODE)
    expect(new Set(numbers).size).toBe(nodes.length)
    if (nodes.length === 1) return
    for (const [name, { environment }] of nodes) expect(environment?.CONCLAVE_PEERS_ADDRESS).toBe(`http://${name}:4200`)
  })
})
