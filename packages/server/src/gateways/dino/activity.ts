// What a client sent, checked in the order of the real server (dino.md 1.1): an object, bounded in depth, number and
// size, the known fields of the right type. Unknown fields are kept for the echo; `id`, `published` and the actor's id
// and name are the server's own. Nothing here trusts or throws.
import { ACTIVITY_CHARS, ACTIVITY_DEPTH, ACTIVITY_VALUES, ECHO } from './limits.ts'

export type Fields = Readonly<Record<string, unknown>>

/** An actor, object, target or attachment. A blank text counts as absent. */
export interface Part {
  readonly id?: string | undefined
  readonly url?: string | undefined
  readonly content?: string | undefined
  readonly summary?: string | undefined
  readonly objectType?: string | undefined
  readonly displayName?: string | undefined
  readonly attachments?: readonly Part[] | undefined
  /** All fields as they were sent, for the echo. */
  readonly fields: Fields
}

export interface Activity {
  readonly verb: string
  /** RFC 3339. */
  readonly updated?: string | undefined
  readonly actor?: Part | undefined
  readonly object?: Part | undefined
  readonly target?: Part | undefined
  readonly fields: Fields
}

export type Read = { readonly ok: true; readonly activity: Activity } | { readonly ok: false; readonly fault: string }

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** A payload that is not even an object is refused before anything else. */
export function isFields(payload: unknown): payload is Record<string, unknown> {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload) && isPlain(payload)
}

export function readActivity(payload: unknown): Read {
  if (!isFields(payload)) return { ok: false, fault: 'the activity is not an object' }
  try {
    check(payload, 1, { values: 0, chars: 0 })
    const fields: Fields = payload
    const part = readPart(fields)
    const verb = textOf(fields.verb)
    if (verb === undefined) return { ok: false, fault: 'param verb is required but is None' }
    const activity = {
      verb,
      updated: typeof fields.updated === 'string' ? fields.updated : undefined,
      actor: partOf(fields.actor, 'actor'),
      object: partOf(fields.object, 'object'),
      target: partOf(fields.target, 'target'),
      fields: part.fields,
    }
    // Checked and not used.
    partOf(fields.provider, 'provider')
    partOf(fields.generator, 'generator')
    return { ok: true, activity }
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

/** Afterwards it holds nothing but plain objects, lists and JSON's own values, and no key that could be a prototype: such a
 * key is taken out of what was sent, which is nobody else's. */
function check(value: unknown, depth: number, budget: Budget): void {
  if (++budget.values > ACTIVITY_VALUES) throw new Fault(`more than ${ACTIVITY_VALUES} values`)
  if (typeof value === 'string') {
    spend(budget, value.length)
    return
  }
  if (typeof value !== 'object' || value === null) {
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return
    throw new Fault('a value is not JSON')
  }
  if (depth > ACTIVITY_DEPTH) throw new Fault(`nested deeper than ${ACTIVITY_DEPTH}`)
  if (Array.isArray(value)) {
    for (const element of value) check(element, depth + 1, budget)
    return
  }
  if (!isPlain(value)) throw new Fault('a value is binary')
  const fields = value as Record<string, unknown>
  for (const key of Object.keys(fields)) {
    spend(budget, key.length)
    if (key === '__proto__') delete fields[key]
    else check(fields[key], depth + 1, budget)
  }
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

function partOf(value: unknown, name: string): Part | undefined {
  return value === undefined || value === null ? undefined : readPart(value, name)
}

function readPart(value: unknown, name = 'activity'): Part {
  if (!isFields(value)) throw new Fault(`param ${name} is not an object`)
  const part = {
    id: checkText(value.id, 'id'),
    url: checkText(value.url, 'url'),
    content: checkText(value.content, 'content'),
    summary: checkText(value.summary, 'summary'),
    objectType: checkText(value.objectType, 'objectType'),
    displayName: checkText(value.displayName, 'displayName'),
    attachments: undefined as Part[] | undefined,
    fields: value,
  }
  // Checked and not used.
  checkText(value.title, 'title')
  checkText(value.verb, 'verb')
  checkDate(value.published, 'published')
  checkDate(value.updated, 'updated')
  checkImage(value.image)
  const { attachments } = value
  if (attachments === undefined || attachments === null) return part
  if (!Array.isArray(attachments)) throw new Fault(`param attachments of ${name} is not a list`)
  if (attachments.length > 0) part.attachments = attachments.map(each => readPart(each, 'attachment'))
  return part
}

function checkDate(date: unknown, field: string): void {
  if (date === undefined || date === null || date === '') return
  if (typeof date !== 'string' || !RFC3339.test(date) || Number.isNaN(Date.parse(date)))
    throw new Fault(`param ${field} is not a valid RFC3339 date`)
}

function checkText(text: unknown, field: string): string | undefined {
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
