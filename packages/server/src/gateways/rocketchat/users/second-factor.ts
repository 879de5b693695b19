// The second factor (rocketchat.md section 2): a call that could give an account away wants a proof beyond the token. Who
// has no other one proves it by the password: the code is the hex SHA-256 of its text. A proof is remembered for a while
// for the token and the client that brought it; whoever has just been registered has shown theirs already.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import type { Token } from '../../../store/store.ts'
import { MeteorError, tooMany } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { bypassesSecondFactor } from './personal-tokens.ts'
import { checkTotp, hasTotp } from './totp.ts'

const KIND = 'rocketchat.second-factor'

/** What a call asks for. */
export interface SecondFactor {
  /** `false`: every time anew. */
  readonly remember: boolean
  /** Also of who has nothing but a password, whatever the settings say. */
  readonly required?: boolean
}

export interface Proof {
  readonly code: string
  readonly method: string
}

/** Who brings the proof, and with what client. */
export interface Prover {
  readonly account: Account
  readonly token: Token | null
  readonly address: string
  /** The client's own name for itself. */
  readonly agent: string
}

const options = z.looseObject({ twoFactorCode: z.string().min(1).max(256), twoFactorMethod: z.string().min(1).max(32) })

/** A proof as DDP clients bring it: the last of the arguments, which is none of the method's own. */
export function proofIn(params: unknown): { readonly params: unknown; readonly proof: Proof | null } {
  if (!Array.isArray(params)) return { params, proof: null }
  const last = options.safeParse(params.at(-1))
  if (!last.success) return { params, proof: null }
  const { twoFactorCode: code, twoFactorMethod: method } = last.data
  return { params: params.slice(0, -1), proof: { code, method } }
}

/** As REST clients bring it, in headers. */
export function proofOf(code: string | undefined, method: string | undefined): Proof | null {
  return code && method ? { code, method } : null
}

/** null when the call may go on. */
export async function checkSecondFactor(
  gate: Gate,
  prover: Prover,
  wanted: SecondFactor,
  proof: Proof | null,
): Promise<MeteorError | null> {
  if (!gate.settings.get('Accounts_TwoFactorAuthentication_Enabled')) return null
  if (!wanted.required && (await isAuthorized(gate, prover, wanted))) return null
  const method = await methodFor(gate, prover.account, wanted)
  if (method === null) return null
  const details = {
    method,
    codeGenerated: false,
    availableMethods: method === 'totp' ? ['totp'] : [],
    emailOrUsername: prover.account.username,
  }
  if (!proof) return new MeteorError('totp-required', 'TOTP Required', details)
  const invalid = new MeteorError('totp-invalid', 'TOTP Invalid', details)
  const proven =
    method === 'totp'
      ? await checkTotp(gate, prover.account.id, proof.code, prover.address)
      : await provesPassword(gate, prover, proof)
  if (proven === 'limited') return tooMany(60_000)
  if (!proven) return invalid
  if (wanted.remember && prover.token) await remember(gate, prover.token, prover)
  return null
}

/** A log-in of who has a second factor beyond the password; whoever has none has shown all they have. */
export async function checkLoginFactor(
  gate: Gate,
  account: Account,
  code: string | undefined,
  address: string,
): Promise<MeteorError | null> {
  if (!gate.settings.get('Accounts_TwoFactorAuthentication_Enabled') || !(await hasTotp(gate, account.id))) return null
  const details = {
    method: 'totp',
    codeGenerated: false,
    availableMethods: ['totp'],
    emailOrUsername: account.username,
  }
  if (code === undefined) return new MeteorError('totp-required', 'TOTP Required', details)
  const proven = await checkTotp(gate, account.id, code, address)
  if (proven === 'limited') return tooMany(60_000)
  return proven ? null : new MeteorError('totp-invalid', 'TOTP Invalid', details)
}

async function provesPassword(
  { parts }: Gate,
  { account, address }: Prover,
  { code }: Proof,
): Promise<boolean | 'limited'> {
  if (!/^[0-9a-fA-F]{64}$/.test(code)) return false
  // Counted as log-ins are: a stolen token must not open a way to guess the password.
  const found = await parts.identity.login.byPassword({ id: account.id }, { digest: code.toLowerCase() }, address)
  return found.login === 'limited' || found.login === 'busy' ? 'limited' : found.login === 'ok'
}

async function methodFor(gate: Gate, account: Account, wanted: SecondFactor): Promise<'totp' | 'password' | null> {
  if (await hasTotp(gate, account.id)) return 'totp'
  if (wanted.required) return 'password'
  if (!gate.settings.get('Accounts_TwoFactorAuthentication_Enforce_Password_Fallback')) return null
  return (await gate.parts.identity.hasPassword(account.id)) ? 'password' : null
}

async function isAuthorized(gate: Gate, prover: Prover, wanted: SecondFactor): Promise<boolean> {
  const { parts, people } = gate
  if (prover.token && (await bypassesSecondFactor(gate, prover.token))) return true
  const lasts = lifetime(gate)
  if (!wanted.remember || lasts === 0) return false
  const now = parts.clock.now()
  if ((await people.about(prover.account)).createdAt + lasts > now) return true
  if (!prover.token) return false
  const document = await parts.reading.document(KIND, prover.token.id)
  if (!document || (document.dueAt ?? 0) <= now) return false
  return document.body === JSON.stringify(fingerprintOf(prover))
}

async function remember(gate: Gate, token: Token, prover: Prover): Promise<void> {
  const lasts = lifetime(gate)
  if (lasts === 0) return
  const { parts } = gate
  const document = {
    kind: KIND,
    key: token.id,
    owner: prover.account.id,
    body: JSON.stringify(fingerprintOf(prover)),
    dueAt: parts.clock.now() + lasts,
  }
  await parts.write({ guards: [], append: null, rows: [{ put: 'document', document }] })
}

/** Proofs whose time has ended are forgotten, some at a time. */
export async function forgetProofs({ parts }: Pick<Gate, 'parts'>): Promise<void> {
  const due = await parts.reading.dueDocuments(KIND, parts.clock.now(), TOGETHER)
  if (due.length === 0) return
  const rows = due.map(({ key }) => ({ drop: 'document', kind: KIND, key }) as const)
  await parts.write({ guards: [], append: null, rows })
}

const TOGETHER = 256

/** ms. */
function lifetime({ settings }: Gate): number {
  return Math.max(0, settings.get('Accounts_TwoFactorAuthentication_RememberFor')) * 1_000
}

function fingerprintOf({ address, agent }: Prover): string {
  return createHash('sha256').update(`${address}\n${agent}`, 'utf8').digest('base64url')
}
