// Listens to everything that the tests' clients receive, and knows whose it is. A secret that reaches anybody but its owner
// fails the file of tests in which it happened: keys of a room, private keys, passwords and what is made of them, tokens.
// Whatever somebody has sent themselves is no secret to them.
import { createHash } from 'node:crypto'
import { IDS, type Name, passwordOf, tokenOf } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever came is looked through
type Any = any

/** A secret that carries its owner: it may be put anywhere, and is known wherever it turns up. */
export function planted(kind: string, owner: string): string {
  return `PLANTED-${kind}-of-${owner}-${createHash('sha256').update(`${kind}${owner}`).digest('hex').slice(0, 8)}`
}

const PLANTED = /PLANTED-[A-Za-z0-9]+-of-(\d+)-[0-9a-f]{8}/g
/** What no client ever gets, whoever they are. */
const NEVER = /\$argon2|\$2[aby]\$\d/
const NEVER_KEYS = new Set(['bcrypt', 'loginTokens', 'hashedToken', 'passwordHash', 'argon2id'])
/** Fields that hold keys of the user who is named beside them. */
const KEY_FIELDS = ['E2EKey', 'E2ESuggestedKey', 'oldRoomKeys', 'suggestedOldRoomKeys']
/** Shorter texts are no secrets: they turn up by chance. */
const SECRET_CHARS = 8
const DEPTH = 40

export interface Leak {
  readonly receiver: string | null
  readonly what: string
  readonly text: string
}

export class Tap {
  readonly leaks: Leak[] = []
  /** Secrets and their owners. */
  readonly #secrets = new Map<string, string>()
  readonly #sent = new Map<string, string>()

  constructor() {
    for (const [name, id] of Object.entries(IDS) as [Name, string][]) {
      this.own(tokenOf(name), id)
      this.own(`token-of-${id}`, id)
      this.own(passwordOf(name), id)
      this.own(createHash('sha256').update(passwordOf(name)).digest('hex'), id)
    }
  }

  own(secret: string, owner: string): void {
    if (secret.length >= SECRET_CHARS) this.#secrets.set(secret, owner)
  }

  /** `by`: who has logged in; null for nobody. */
  sent(by: string | null, text: string): void {
    if (by !== null) this.#sent.set(by, `${this.#sent.get(by) ?? ''}\n${text}`)
  }

  #knows(receiver: string | null, secret: string): boolean {
    const sent = receiver === null ? undefined : this.#sent.get(receiver)
    return sent !== undefined && (sent.includes(secret) || sent.includes(JSON.stringify(secret).slice(1, -1)))
  }

  /** A frame or a body, as it came. */
  received(receiver: string | null, text: string): void {
    const leak = (what: string): void => void this.leaks.push({ receiver, what, text: text.slice(0, 500) })
    if (NEVER.test(text)) leak('the hash of a password')
    for (const [secret, owner] of text.matchAll(PLANTED))
      if (owner !== receiver && !this.#knows(receiver, secret)) leak(secret)
    for (const [secret, owner] of this.#secrets)
      if (owner !== receiver && text.includes(secret) && !this.#knows(receiver, secret)) leak(`a secret of ${owner}`)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return
    }
    this.#look(value, receiver, leak, 0)
  }

  #look(value: Any, receiver: string | null, leak: (what: string) => void, depth: number): void {
    if (typeof value === 'string' && /^[[{]/.test(value)) {
      // Answers of method.call are JSON in JSON.
      try {
        this.#look(JSON.parse(value), receiver, leak, depth + 1)
      } catch {
        // a text that only looks like it
      }
      return
    }
    if (typeof value !== 'object' || value === null || depth > DEPTH) return
    for (const key of Object.keys(value)) if (NEVER_KEYS.has(key)) leak(`a field ${key}`)
    const { private_key, u, userId, _id } = value
    if (typeof private_key === 'string' && !this.#knows(receiver, private_key)) leak('a private key')
    const owner = u?._id ?? userId ?? _id
    for (const field of KEY_FIELDS) {
      if (value[field] === undefined || owner === undefined || owner === receiver || u === undefined) continue
      const held = typeof value[field] === 'string' ? value[field] : JSON.stringify(value[field])
      if (!this.#knows(receiver, held)) leak(`${field} of ${owner}`)
    }
    for (const inner of Object.values(value)) this.#look(inner, receiver, leak, depth + 1)
  }

  /** Throws where anything has leaked. */
  check(): void {
    const [first] = this.leaks
    if (!first) return
    const more = this.leaks.length === 1 ? '' : ` (and ${this.leaks.length - 1} more)`
    throw new Error(`${first.what} reached ${first.receiver ?? 'a stranger'}${more}: ${first.text}`)
  }
}
