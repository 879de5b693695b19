// Passwords: argon2id of the hex SHA-256 of the text, so that Rocket.Chat's digest and plain log-ins both work
// (rocketchat.md 2). Hashing runs in one worker behind a bounded queue: a storm of log-ins waits there and never
// holds up messages.
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { ARGON2, PASSWORD, WAITING_PASSWORDS } from './limits.ts'
import type { IdentityRejection } from './rejection.ts'

/** A password as it came: the text itself, or the hex SHA-256 that Rocket.Chat's clients send. */
export type PasswordText = { readonly plain: string } | { readonly digest: string }

type Task = { readonly id: number; readonly digest: string; readonly against: string | null }
type Reply = { readonly id: number; readonly hash: string | null; readonly matches: boolean }

/** What is verified where a user or their password does not exist, so that it takes as long as a wrong password. */
const NOBODY = [
  `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}`,
  'o5GQafoMML3DqvizkMcwdg',
  'bfrmISCv2icnGdHq3gir2A0EJrcMhp/UurIgcolbtmk',
].join('$')

export class Passwords {
  #worker: Worker | null = null
  #next = 0
  #closed = false
  readonly #waiting = new Map<number, (reply: Reply | null) => void>()

  async hash(password: PasswordText): Promise<{ readonly hash: string } | IdentityRejection> {
    const digest = digestOf(password)
    if (digest === undefined) return { rejected: 'password.malformed', text: `must have 1 to ${PASSWORD} characters` }
    const reply = await this.#ask(digest, null)
    return reply?.hash ? { hash: reply.hash } : { rejected: 'busy' }
  }

  /** `hash` null: nobody has this password, found out no faster. */
  async verify(password: PasswordText, hash: string | null): Promise<boolean | 'busy'> {
    const digest = digestOf(password)
    if (digest === undefined) return false
    const reply = await this.#ask(digest, hash ?? NOBODY)
    if (!reply) return 'busy'
    return reply.matches && hash !== null
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
    this.#fail()
  }

  #ask(digest: string, against: string | null): Promise<Reply | null> {
    if (this.#closed || this.#waiting.size >= WAITING_PASSWORDS) return Promise.resolve(null)
    const id = this.#next++
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      const worker = this.#start()
      // The process stays for who waits, and for nobody else.
      worker.ref()
      worker.postMessage({ id, digest, against } satisfies Task)
    })
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./password-worker.ts', import.meta.url), { execArgv: process.execArgv })
    worker.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply)
      this.#waiting.delete(reply.id)
      if (this.#waiting.size === 0) worker.unref()
    })
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = null
      this.#fail()
    }
    worker.on('error', gone)
    worker.on('exit', gone)
    worker.unref()
    this.#worker = worker
    return worker
  }

  #fail(): void {
    for (const resolve of this.#waiting.values()) resolve(null)
    this.#waiting.clear()
  }
}

function digestOf(password: PasswordText): string | undefined {
  if ('digest' in password) return /^[0-9a-fA-F]{64}$/.test(password.digest) ? password.digest.toLowerCase() : undefined
  if (password.plain.length === 0 || password.plain.length > PASSWORD) return undefined
  return createHash('sha256').update(password.plain, 'utf8').digest('hex')
}
