// What clients ask a realm (x-chat.md 7), as CBOR: texts, byte strings of one length, small maps and one number.
// Nothing else that CBOR knows is read: no floats, lists, tags or null, no open ends, no key twice, nothing behind.
import { decode, encode, Tokenizer } from 'cborg'
import { z } from 'zod'
import { GUESSES_MOST, REQUEST_BYTES } from './limits.ts'
import { isKeyPair, isPoint, isScalar } from './oprf.ts'

/** Bytes of the members of requests. */
const LENGTH = { version: 16, tag: 16, secret: 145, secretCommitment: 16, key: 32, signature: 64 }

function bytes(length: number) {
  return z
    .instanceof(Uint8Array, { error: 'must be a byte string' })
    .refine(value => value.length === length, `must have ${length} bytes`)
}

const registration = z
  .strictObject({
    version: bytes(LENGTH.version),
    oprf_private_key: bytes(LENGTH.key),
    oprf_signed_public_key: z.strictObject({
      public_key: bytes(LENGTH.key),
      verifying_key: bytes(LENGTH.key),
      signature: bytes(LENGTH.signature),
    }),
    unlock_key_commitment: bytes(LENGTH.key),
    unlock_key_tag: bytes(LENGTH.tag),
    encryption_key_scalar_share: bytes(LENGTH.key).refine(isScalar, 'must be a canonical scalar'),
    encrypted_secret: bytes(LENGTH.secret),
    encrypted_secret_commitment: bytes(LENGTH.secretCommitment),
    policy: z.strictObject({
      num_guesses: z
        .int('must be a number')
        .min(1, 'must be at least 1')
        .max(GUESSES_MOST, `must be at most ${GUESSES_MOST}`),
    }),
  })
  .refine(sent => isKeyPair(sent.oprf_private_key, sent.oprf_signed_public_key.public_key), {
    path: ['oprf_private_key'],
    error: 'must be a canonical scalar other than 0, whose public key is public_key',
  })

const shape = z.union(
  [
    z.literal('Register1').transform(name => ({ name })),
    z.literal('Recover1').transform(name => ({ name })),
    z.literal('Delete').transform(name => ({ name })),
    z
      .strictObject({ Register2: registration })
      .transform(({ Register2 }) => ({ name: 'Register2' as const, Register2 })),
    z
      .strictObject({
        Recover2: z.strictObject({
          version: bytes(LENGTH.version),
          oprf_blinded_input: bytes(LENGTH.key).refine(isPoint, 'must be a point other than the identity'),
        }),
      })
      .transform(({ Recover2 }) => ({ name: 'Recover2' as const, ...Recover2 })),
    z
      .strictObject({
        Recover3: z.strictObject({ version: bytes(LENGTH.version), unlock_key_tag: bytes(LENGTH.tag) }),
      })
      .transform(({ Recover3 }) => ({ name: 'Recover3' as const, ...Recover3 })),
  ],
  { error: 'must be Register1, Register2, Recover1, Recover2, Recover3 or Delete with its members' },
)

export type Registration = z.infer<typeof registration>
export type RealmRequest = z.infer<typeof shape>

/** Why a body is no request: the member, and what it should be. */
export interface Malformed {
  readonly member: string
  readonly text: string
}

const READ = { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true, useMaps: false } as const
const TYPES = new Set(['uint', 'bytes', 'string', 'map'])

/** Gives what a request is made of and nothing else. */
class Tokens extends Tokenizer {
  override next() {
    const token = super.next()
    if (!TYPES.has(token.type.name)) throw new Error(`a request holds no ${token.type.name}`)
    return token
  }
}

export function readRequest(body: Uint8Array): RealmRequest | Malformed {
  if (body.length > REQUEST_BYTES) return { member: 'body', text: `must have at most ${REQUEST_BYTES} bytes` }
  let value: unknown
  try {
    value = decode(body, { ...READ, tokenizer: new Tokens(body, READ) })
  } catch {
    return { member: 'body', text: 'is no CBOR as a realm reads it' }
  }
  const result = shape.safeParse(value)
  return result.success ? result.data : malformed(value, result.error)
}

export function isMalformed(value: RealmRequest | Malformed): value is Malformed {
  return 'member' in value
}

/** The first thing that is wrong with the request that it begins to be. */
function malformed(value: unknown, { issues: [issue] }: z.ZodError): Malformed {
  const unlike =
    issue?.code === 'invalid_union' ? issue.errors.find(([first]) => isInside(value, first?.path[0])) : null
  const { path, message } = unlike?.[0] ?? { path: [], message: issue?.message ?? 'is no request' }
  return { member: path.length === 0 ? 'body' : path.join('.'), text: message }
}

function isInside(value: unknown, name: PropertyKey | undefined): boolean {
  return typeof value === 'object' && value !== null && name !== undefined && Object.hasOwn(value, name)
}

const OK = 'Ok'

export type Answer = Uint8Array

/** `{ name: "Ok" }`, or `{ name: { Ok: … } }`. */
export function ok(name: RealmRequest['name'], members?: object): Answer {
  return encode({ [name]: members === undefined ? OK : { [OK]: members } })
}

/** `{ name: why }`, or `{ name: { why: … } }`. */
export function not(name: RealmRequest['name'], why: string, members?: object): Answer {
  return encode({ [name]: members === undefined ? why : { [why]: members } })
}

/** A registration as it came, for the record. */
export function encodeRegistration(sent: Registration): Uint8Array {
  return encode({ Register2: sent })
}
