// Lists of users with a query, an order and a part (rocketchat.md section 2, `query`, `fields`, `sort`). Queries are the few
// forms that clients write; a pattern in them is plain text with anchors, for one that runs long would hold up everybody.
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { type Document, globalRolesOf } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { QUERY_TERMS, QUERY_TEXT } from '../limits.ts'
import type { Page } from '../rest/page.ts'
import { documentFor, fullDocument, openDocument } from './documents.ts'
import { everybody } from './everybody.ts'
import { Foremost } from './foremost.ts'

export type Query = Readonly<Record<string, unknown>>

/** An object of a query string, as JSON text. */
export function parsed(text: string | undefined, name: string): Query | MeteorError {
  if (text === undefined || text === '') return {}
  const invalid = new MeteorError(
    `error-invalid-${name}`,
    `Invalid ${name} parameter provided: "${text.slice(0, 200)}"`,
  )
  if (text.length > QUERY_TEXT) return invalid
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Query) : invalid
  } catch {
    return invalid
  }
}

export interface Listing {
  readonly query: Query
  readonly sort: Query
  readonly page: Page
}

/** What a user's own account tells without a further look. */
function brief(account: Account): Document {
  const { id, username, name, active } = account
  return { _id: id, username, name, active, roles: globalRolesOf(account) }
}
const BRIEF: ReadonlySet<string> = new Set(['_id', 'username', 'name', 'active', 'roles'])
/** Fields that anybody may ask for. */
const OPEN: ReadonlySet<string> = new Set(
  '_id username name status active type statusText nickname bio utcOffset'.split(' '),
)

/** `viewer` sees, and asks by, only what they may know of others. */
export async function listUsers(
  gate: Gate,
  viewer: Account,
  { query, sort, page }: Listing,
): Promise<{ readonly users: readonly Document[]; readonly total: number } | MeteorError> {
  const all = gate.permissions.may(viewer, 'view-full-other-user-info')
  const isAsked = (path: string): boolean => all || OPEN.has(path) || path.startsWith('customFields.')
  const test = matcherOf(query, isAsked)
  if (test instanceof MeteorError) return test
  // An order by what they do not see would tell of it.
  const given = Object.entries(sort).filter(([path]) => isAsked(path))
  const order = given.length > 0 ? given : Object.entries({ username: 1 })
  const paths = [...test.paths, ...order.map(([path]) => path)]
  const light = paths.every(path => BRIEF.has(path))
  const turns = order.map(([, direction]) => (direction === -1 ? -1 : 1))
  const found = new Foremost<{ readonly account: Account; readonly keys: readonly string[] }>(
    page.offset + page.count,
    (a, b) => compare(a.keys, b.keys, turns),
  )
  for await (const account of everybody(gate, viewer.id)) {
    const shown = light ? brief(account) : await shownTo(gate, all, account)
    if (test.fits(shown)) found.add({ account, keys: order.map(([path]) => keyOf(at(shown, path))) })
  }
  const part = found.first().slice(page.offset)
  const users = await Promise.all(
    part.map(async ({ account }) => documentFor(gate, viewer, await gate.people.about(account))),
  )
  return { users, total: found.total }
}

/** What somebody sees is also what they can ask by. */
async function shownTo(gate: Gate, all: boolean, account: Account): Promise<Document> {
  const person = await gate.people.about(account)
  return all ? fullDocument(gate, person) : openDocument(gate, person)
}

/** Only what is asked for, and always the id. `fields`: `{name: 1}` or `{name: 0}`. */
export function picked(document: Document, fields: Query, usual: readonly string[]): Document {
  const wanted = Object.entries(fields).filter(([, on]) => on === 1 || on === true)
  const names = new Set([...usual, ...wanted.map(([name]) => name.split('.', 1)[0] as string), '_id'])
  const left = new Set(
    Object.entries(fields)
      .filter(([, on]) => on === 0 || on === false)
      .map(([name]) => name),
  )
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.has(name) && !left.has(name)))
}

function compare(a: readonly string[], b: readonly string[], turns: readonly number[]): number {
  for (const [at, turn] of turns.entries()) {
    const [x, y] = [a[at] as string, b[at] as string]
    if (x !== y) return x < y ? -turn : turn
  }
  return 0
}

function keyOf(value: unknown): string {
  if (value instanceof Date) return String(value.getTime()).padStart(16, '0')
  if (typeof value === 'number') return String(value).padStart(16, '0')
  return typeof value === 'string' || typeof value === 'boolean' ? String(value).toLowerCase() : ''
}

interface Matcher {
  readonly paths: readonly string[]
  fits(document: Document): boolean
}

/** Values at a path; of a list those of its items. */
function valuesAt(document: Document, path: string): readonly unknown[] {
  let values: unknown[] = [document]
  for (const step of path.split('.'))
    values = values
      .flatMap(value => (Array.isArray(value) ? value : [value]))
      .flatMap(value => {
        const held = typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        return held ? [(value as Record<string, unknown>)[step]] : []
      })
  return values.flatMap(value => (Array.isArray(value) ? value : [value]))
}

function at(document: Document, path: string): unknown {
  return valuesAt(document, path)[0]
}

const termShape = z.union([
  z.null(),
  z.string().max(QUERY_TEXT),
  z.number(),
  z.boolean(),
  z.strictObject({ $regex: z.string().max(QUERY_TEXT), $options: z.string().max(8).optional() }),
  z.strictObject({ $in: z.array(z.union([z.string(), z.number(), z.boolean()])).max(1_000) }),
  z.strictObject({ $ne: z.union([z.null(), z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ $exists: z.boolean() }),
])

export function matcherOf(query: Query, isAllowed: (path: string) => boolean, depth = 0): Matcher | MeteorError {
  const invalid = (what: string): MeteorError => new MeteorError('error-invalid-query', `Invalid attribute: ${what}`)
  const entries = Object.entries(query)
  if (entries.length > QUERY_TERMS || depth > 4) return invalid('too many')
  const parts: Matcher[] = []
  for (const [path, term] of entries) {
    if (path === '$or' || path === '$and') {
      if (!Array.isArray(term) || term.length > QUERY_TERMS) return invalid(path)
      const inner: Matcher[] = []
      for (const one of term) {
        const matcher =
          typeof one === 'object' && one !== null ? matcherOf(one as Query, isAllowed, depth + 1) : invalid(path)
        if (matcher instanceof MeteorError) return matcher
        inner.push(matcher)
      }
      const fits = (document: Document): boolean =>
        path === '$or' ? inner.some(one => one.fits(document)) : inner.every(one => one.fits(document))
      parts.push({ paths: inner.flatMap(({ paths }) => paths), fits })
      continue
    }
    const read = termShape.safeParse(term)
    if (path.startsWith('$') || !isAllowed(path) || !read.success) return invalid(path)
    parts.push({ paths: [path], fits: document => isMet(valuesAt(document, path), read.data) })
  }
  return { paths: parts.flatMap(({ paths }) => paths), fits: document => parts.every(part => part.fits(document)) }
}

function isMet(values: readonly unknown[], term: z.output<typeof termShape>): boolean {
  if (typeof term !== 'object' || term === null) return values.includes(term) || (term === null && values.length === 0)
  if ('$exists' in term) return values.length > 0 === term.$exists
  if ('$in' in term) return values.some(value => (term.$in as unknown[]).includes(value))
  if ('$ne' in term) return !values.includes(term.$ne)
  return values.some(value => typeof value === 'string' && meets(value, term.$regex, term.$options))
}

/** Plain text, anywhere or at an end. */
function meets(value: string, pattern: string, options = ''): boolean {
  const fold = (text: string): string => (options.includes('i') ? text.toLowerCase() : text)
  const [starts, ends] = [pattern.startsWith('^'), pattern.endsWith('$') && !pattern.endsWith('\\$')]
  const wanted = fold(
    pattern
      .slice(starts ? 1 : 0, ends ? -1 : undefined)
      .replace(/\\(.)/g, '$1')
      .replace(/\.\*/g, ''),
  )
  const given = fold(value)
  if (starts && ends) return given === wanted
  return starts ? given.startsWith(wanted) : ends ? given.endsWith(wanted) : given.includes(wanted)
}
