// What a client sent, checked in the order of the real server (dino.md 1.1): an object, bounded in depth, number and
// size, the known fields of the right type. Unknown fields are kept for the echo; `id`, `published` and the actor's id
// and name are the server's own. Nothing here trusts or throws.
import { ACTIVITY_CHARS, ACTIVITY_DEPTH, ACTIVITY_VALUES, ECHO } from './limits.ts'

export type Fields = Readonly<Record<string, unknown>>

/** An actor, object, target or attachment. A blank text counts as absent. */
export interface Part {
  readonly id?: string
  readonly url?: string
  readonly content?: string
  readonly summary?: string
  readonly objectType?: string
  readonly displayName?: string
  readonly attachments?: readonly Part[]
  /** All fields as they were sent, for the echo. */
  readonly fields: Fields
}

export interface Activity {
  readonly verb: string
  /** RFC 3339. */
  readonly updated?: string
  readonly actor?: Part
  readonly object?: Part
  readonly target?: Part
  readonly fields: Fields
}

export type Read = { readonly ok: true; readonly activity: Activity } | { readonly ok: false; readonly fault: string }

const TEXTS = ['id', 'url', 'content', 'summary', 'objectType', 'displayName'] as const
/** Texts that are checked and not used. */
const MORE_TEXTS = ['title', 'verb']
const PARTS = ['actor', 'object', 'target'] as const
const MORE_PARTS = ['provider', 'generator']
const DATES = ['published', 'updated']
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** A payload that is not even an object is refused before anything else. */
export function isFields(payload: unknown): payload is Record<string, unknown> {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload) && isPlain(payload)
}

export function readActivity(payload: unknown): Read {
  if (!isFields(payload)) return { ok: false, fault: 'the activity is not an object' }
  try {
    const fields = copy(payload, 1, { values: 0, chars: 0 }) as Fields
    const part = readPart(fields)
    const verb = textOf(fields.verb)
    if (verb === undefined) return { ok: false, fault: 'param verb is required but is None' }
    const activity: Record<string, unknown> = { verb, fields: part.fields }
    if (typeof fields.updated === 'string') activity.updated = fields.updated
    for (const name of PARTS) {
      const value = fields[name]
      if (value !== undefined && value !== null) activity[name] = readPart(value, name)
    }
    for (const name of MORE_PARTS) if (fields[name] !== undefined && fields[name] !== null) readPart(fields[name], name)
    return { ok: true, activity: activity as unknown as Activity }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: error.message }
    throw error
  }
}

/** For error texts: as much of a client's text as one wants to read again. */
export function echo(text: string | undefined): string {
  if (text === undefined) return 'None'
  return text.length > ECHO ? `${text.slice(0, ECHO)}…` : text
}

class Fault extends Error {}

interface Budget {
  values: number
  chars: number
}

/** A copy that holds nothing but plain objects, lists and JSON's own values, and no key that could be a prototype. */
function copy(value: unknown, depth: number, budget: Budget): unknown {
  if (++budget.values > ACTIVITY_VALUES) throw new Fault(`more than ${ACTIVITY_VALUES} values`)
  if (typeof value === 'string') {
    spend(budget, value.length)
    return value
  }
  if (typeof value !== 'object' || value === null) {
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
    throw new Fault('a value is not JSON')
  }
  if (depth > ACTIVITY_DEPTH) throw new Fault(`nested deeper than ${ACTIVITY_DEPTH}`)
  if (Array.isArray(value)) return value.map(element => copy(element, depth + 1, budget))
  if (!isPlain(value)) throw new Fault('a value is binary')
  const fields: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    spend(budget, key.length)
    if (key !== '__proto__') fields[key] = copy(member, depth + 1, budget)
  }
  return fields
}

function spend(budget: Budget, chars: number): void {
  budget.chars += chars
  if (budget.chars > ACTIVITY_CHARS) throw new Fault('too large')
}

/** Not a Buffer, which is how Socket.IO gives a binary attachment. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function readPart(value: unknown, name = 'activity'): Part {
  if (!isFields(value)) throw new Fault(`param ${name} is not an object`)
  const part: Record<string, unknown> = { fields: value }
  for (const field of TEXTS) {
    const text = checkText(value, field)
    if (text !== undefined) part[field] = text
  }
  for (const field of MORE_TEXTS) checkText(value, field)
  for (const field of DATES) {
    const date = value[field]
    if (date === undefined || date === null || date === '') continue
    if (typeof date !== 'string' || !RFC3339.test(date) || Number.isNaN(Date.parse(date)))
      throw new Fault(`param ${field} is not a valid RFC3339 date`)
  }
  checkImage(value.image)
  const { attachments } = value
  if (attachments === undefined || attachments === null) return part as unknown as Part
  if (!Array.isArray(attachments)) throw new Fault(`param attachments of ${name} is not a list`)
  if (attachments.length > 0) part.attachments = attachments.map(each => readPart(each, 'attachment'))
  return part as unknown as Part
}

function checkText(value: Fields, field: string): string | undefined {
  const text = value[field]
  if (text === undefined || text === null) return undefined
  if (typeof text !== 'string') throw new Fault(`param ${field} is not a string but a ${typeof text}`)
  return textOf(text)
}

function checkImage(image: unknown): void {
  if (!isFields(image)) return
  for (const field of ['width', 'height', 'duration']) {
    const value = image[field]
    if (value !== undefined && value !== null && !Number.isInteger(value))
      throw new Fault(`param ${field} is not an integer`)
  }
}

function textOf(text: unknown): string | undefined {
  return typeof text === 'string' && text.trim() !== '' ? text : undefined
}
