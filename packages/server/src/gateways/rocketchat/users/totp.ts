// One-time passwords by time (RFC 6238, as the real server makes them: SHA-1, six digits, half a minute) and the backup
// codes that go with them. A code is good once.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Gate } from '../gate.ts'
import { BACKUP_CODES, TOTP_STEP, TOTP_WINDOW } from '../limits.ts'

const KIND = 'rocketchat.totp'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

interface Secret {
  /** Base32. Until the user has shown a code of it, it opens and asks for nothing. */
  readonly secret: string
  readonly enabled: boolean
  /** Hex SHA-256 of each code that is left. */
  readonly backup: readonly string[]
  /** The newest step whose code was used: no code is taken twice. */
  readonly last: number
}

async function read({ parts }: Gate, user: UserId) {
  const document = await parts.reading.document(KIND, user)
  return document && { version: document.version, held: JSON.parse(document.body) as Secret }
}

/** False where somebody else has changed it meanwhile. */
async function write({ parts }: Gate, user: UserId, version: number, held: Secret | null): Promise<boolean> {
  const guards = [{ of: 'document', id: `${KIND}/${user}`, version } as const]
  const row = held
    ? ({
        put: 'document',
        document: { kind: KIND, key: user, owner: user, body: JSON.stringify(held), dueAt: null },
      } as const)
    : ({ drop: 'document', kind: KIND, key: user } as const)
  return (await parts.write({ guards, append: null, rows: [row] })).outcome === 'committed'
}

export async function hasTotp(gate: Gate, user: UserId): Promise<boolean> {
  if (!gate.settings.get('Accounts_TwoFactorAuthentication_By_TOTP_Enabled')) return false
  return (await read(gate, user))?.held.enabled === true
}

/** Codes of one user are tried as often as log-ins. */
export async function checkTotp(gate: Gate, user: UserId, code: string, address: string): Promise<boolean | 'limited'> {
  const { quota, config } = gate.parts
  const key = `totp:${user}:${address}`
  const allowance = { limit: config.limits.failedLogins, window: 60_000 }
  // Before it is looked at: of those that come together none goes uncounted.
  if (!(await quota.take(key, allowance)).allowed) return 'limited'
  const found = await read(gate, user)
  const after = found && used(gate, found.held, code)
  if (!found || !after || !(await write(gate, user, found.version, after))) return false
  await quota.clear(key)
  return true
}

/** What is left after the code; undefined where it is none. */
function used(gate: Gate, held: Secret, code: string): Secret | undefined {
  const step = stepOf(held.secret, code, gate.parts.clock.now())
  if (step !== undefined && step > held.last) return { ...held, last: step }
  const digest = digestOf(code)
  return held.backup.includes(digest) ? { ...held, backup: held.backup.filter(one => one !== digest) } : undefined
}

/** A new secret, which asks for nothing yet; undefined where one is in use. */
export async function beginTotp(gate: Gate, user: UserId): Promise<{ secret: string } | undefined> {
  const found = await read(gate, user)
  if (found?.held.enabled) return undefined
  const secret = base32(gate.parts.random.bytes(20))
  const held = { secret, enabled: false, backup: [], last: 0 }
  return (await write(gate, user, found?.version ?? 0, held)) ? { secret } : undefined
}

/** The user has shown a code of it: from now on it is asked for. Gives the backup codes, once. */
export async function enableTotp(gate: Gate, user: UserId, code: string): Promise<readonly string[] | undefined> {
  const found = await read(gate, user)
  if (!found || found.held.enabled) return undefined
  const step = stepOf(found.held.secret, code, gate.parts.clock.now())
  if (step === undefined) return undefined
  const codes = newCodes(gate)
  const held = { ...found.held, enabled: true, backup: codes.map(digestOf), last: step }
  return (await write(gate, user, found.version, held)) ? codes : undefined
}

export async function renewBackupCodes(gate: Gate, user: UserId): Promise<readonly string[] | undefined> {
  const found = await read(gate, user)
  if (!found?.held.enabled) return undefined
  const codes = newCodes(gate)
  return (await write(gate, user, found.version, { ...found.held, backup: codes.map(digestOf) })) ? codes : undefined
}

export async function codesRemaining(gate: Gate, user: UserId): Promise<number | undefined> {
  const found = await read(gate, user)
  return found?.held.enabled ? found.held.backup.length : undefined
}

export async function disableTotp(gate: Gate, user: UserId): Promise<void> {
  const found = await read(gate, user)
  if (found) await write(gate, user, found.version, null)
}

function newCodes({ parts }: Gate): string[] {
  return Array.from({ length: BACKUP_CODES }, () => base32(parts.random.bytes(5)))
}

function digestOf(code: string): string {
  return createHash('sha256').update(code.trim().toUpperCase(), 'utf8').digest('hex')
}

/** The step in the window around now whose code it is. */
function stepOf(secret: string, code: string, now: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const step = Math.floor(now / TOTP_STEP)
  for (let off = -TOTP_WINDOW; off <= TOTP_WINDOW; off++)
    if (timingSafeEqual(Buffer.from(totpOf(secret, step + off)), Buffer.from(code))) return step + off
  return undefined
}

/** For tests as for the check. */
export function totpOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', unbase32(secret)).update(counter).digest()
  const at = (mac.at(-1) as number) & 15
  const number = mac.readUInt32BE(at) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text
}

function unbase32(text: string): Buffer {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const letter of text) {
    held = (held << 5) | ALPHABET.indexOf(letter)
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
    held &= (1 << bits) - 1
  }
  return Buffer.from(bytes)
}
