// Who may whisper to whom, where the embedding site decides that (dino.md section 10): one call of JSON-RPC to the
// configured address for each named user, signed as the real server signs it. Its answers are kept for a while, and calls
// are bounded in time, number and size.
import { hash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { CODE, type Code, type Refusal, refusal } from './errors.ts'
import { WHISPER_ANSWER, WHISPER_CALLS, WHISPER_NAME, WHISPER_VERDICT_AGE, WHISPER_VERDICTS } from './limits.ts'
import { Recent } from './recent.ts'

export interface WhisperCheckParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
}

/** null: allowed. */
type Verdict = Refusal | null

/** The site's error codes. */
const GENERIC = 50_000
const NOT_A_CONTACT = 50_001
const TURNED_OFF = 50_002
const SELF = 'whisper self'

export class WhisperCheck {
  readonly #parts: WhisperCheckParts
  readonly #known = new Recent<Verdict>(WHISPER_VERDICTS, WHISPER_VERDICT_AGE)
  readonly #asking = new Map<string, Promise<Verdict>>()
  readonly #closing = new AbortController()
  #failing = false
  #calls = 0

  constructor(parts: WhisperCheckParts) {
    this.#parts = parts
  }

  /** Whether anybody is asked. */
  get active(): boolean {
    const { validateWhispers, whisperCheck } = this.#parts.config.dino
    return validateWhispers && whisperCheck !== null
  }

  /** Why the sender may not whisper to one of these names; null where they may. */
  async refuses(sender: UserId, names: readonly string[]): Promise<Refusal | null> {
    if (!this.active) return null
    // The real server knows no other names.
    const asked = names.filter(({ length }) => length >= WHISPER_NAME.least && length <= WHISPER_NAME.most)
    const verdicts = await Promise.all(asked.map(name => this.#verdict(sender, name)))
    return verdicts.find(verdict => verdict !== null) ?? null
  }

  /** Calls that are on their way end as failed. */
  close(): void {
    this.#closing.abort()
  }

  #verdict(sender: UserId, name: string): Promise<Verdict> {
    const key = `${sender} ${name}`
    const known = this.#known.get(key, this.#parts.clock.now())
    if (known !== undefined) return Promise.resolve(known)
    const asking = this.#asking.get(key)
    if (asking) return asking
    if (this.#asking.size >= WHISPER_CALLS) return Promise.resolve(FAILED)
    const ask = this.#ask(sender, name, key).finally(() => this.#asking.delete(key))
    this.#asking.set(key, ask)
    return ask
  }

  async #ask(sender: UserId, name: string, key: string): Promise<Verdict> {
    const verdict = await this.#call(sender, name).catch(() => undefined)
    this.#tell(verdict === undefined)
    if (verdict === undefined) return FAILED
    this.#known.set(key, verdict, this.#parts.clock.now())
    return verdict
  }

  /** undefined for an answer that says nothing; rejects where none comes. */
  async #call(sender: UserId, name: string): Promise<Verdict | undefined> {
    const { whisperCheck } = this.#parts.config.dino
    if (!whisperCheck) return null
    this.#calls += 1
    // The id as the number that it is: as a number of this language a long one would be another.
    const params = `{"senderId":${sender},"receiverName":${JSON.stringify(name)}}`
    const body = `{"jsonrpc":"2.0","method":"whisper.validate","params":${params},"id":${this.#calls}}`
    const response = await fetch(whisperCheck.url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json-rpc',
        'X-RPC-SIGN': hash('md5', whisperCheck.key + body, 'hex'),
      },
      redirect: 'error',
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(whisperCheck.timeout)]),
    })
    if (!response.ok) {
      await response.body?.cancel()
      return undefined
    }
    const text = await readText(response)
    return text === undefined ? undefined : verdictOf(text)
  }

  /** Once when it begins to fail and once when it is well again. */
  #tell(failed: boolean): void {
    if (failed === this.#failing || this.#closing.signal.aborted) return
    this.#failing = failed
    if (failed) this.#parts.log.warn({ wire: 'dino' }, 'the address that is asked about whispers gives no answer')
    else this.#parts.log.info({ wire: 'dino' }, 'the address that is asked about whispers answers again')
  }
}

const FAILED: Refusal = refusal(CODE.REMOTE_ERROR, 'it cannot be found out now whether this user takes whispers')

function refusedWith(code: Code): Refusal {
  return refusal(code, 'not allowed to whisper this user')
}

/** undefined for what is too long. */
async function readText({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop closes the body.
    if (bytes > WHISPER_ANSWER) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** What an answer says; undefined for none. The real server's site puts its error into the result; JSON-RPC has a place of
 * its own for errors, and what stands there and is none of the site's means that nothing was found out. */
function verdictOf(text: string): Verdict | undefined {
  const { result, error } = fieldsOf(parsed(text))
  if (error !== undefined && error !== null) {
    const { code, message } = fieldsOf(error)
    return refusedBy(code, message)
  }
  if (typeof result === 'boolean') return result ? null : refusedWith(CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR)
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined
  const { success = 1, error: code, error_msg: message } = fieldsOf(result)
  const allowed = Number(success) === 1 ? null : refusedWith(CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR)
  return refusedBy(code, message) ?? allowed
}

/** undefined where the code is none of the site's. */
function refusedBy(code: unknown, message: unknown): Refusal | undefined {
  switch (Math.trunc(Number(code))) {
    case NOT_A_CONTACT:
      return refusedWith(CODE.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT)
    case TURNED_OFF:
      return refusedWith(CODE.NOT_ALLOWED_TO_WHISPER_TURNED_OFF)
    case GENERIC:
      return refusedWith(
        message === SELF ? CODE.NOT_ALLOWED_TO_WHISPER_SELF : CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR,
      )
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
