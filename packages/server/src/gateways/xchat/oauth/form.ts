// Forms and queries, read strictly (RFC 6749 section 3.1): each name once, in UTF-8. What two programs read differently
// (repetitions, broken escapes) is refused instead of guessed at.
import { FIELDS } from './limits.ts'

export type Fields = Readonly<Record<string, string>>

/** The fields, or a sentence that says what is wrong. Empty values count as left out (RFC 6749 section 3.1). */
export function readForm(text: string): Fields | string {
  const fields: Record<string, string> = Object.create(null)
  const seen = new Set<string>()
  const parts = text.split('&').filter(part => part !== '')
  if (parts.length > FIELDS) return 'too many fields'
  for (const part of parts) {
    const at = part.indexOf('=')
    const name = unescaped(at < 0 ? part : part.slice(0, at))
    const value = unescaped(at < 0 ? '' : part.slice(at + 1))
    if (name === undefined || value === undefined) return 'a field is not UTF-8'
    if (seen.has(name)) return `${clean(name)}: must not be repeated`
    seen.add(name)
    if (value !== '') fields[name] = value
  }
  return fields
}

export function isFields(form: Fields | string): form is Fields {
  return typeof form !== 'string'
}

export function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** A name as it may stand in an answer. */
function clean(name: string): string {
  return /^[a-z0-9_.-]{1,64}$/i.test(name) ? name : 'a field'
}
