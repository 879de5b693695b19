// What clients ask a realm (x-chat.md 7), as CBOR: texts, byte strings of one length, small maps and one number.
// Nothing else that CBOR knows is read: no floats, lists, tags or null, no open ends, no key twice, nothing behind.
import { decode, encode, Tokenizer } from 'cborg'
import { z } from 'zod'
import { invalidField, Refusal } from '../problem.ts'
import { parse } from '../schema.ts'
import { GUESSES_MOST, REQUEST_BYTES } from './limits.ts'
import { isKeyPair, isPoint, isScalar } from './oprf.ts'

/** Bytes of the members of requests. */
const LENGTH = { version: 16, tag: 16, secret: 145, secretCommitment: 16, key: 32, signature: 64 }

function bytes(length: number) {
  return z
    .instanceof(Uint8Array, {
      error: ({ input }) => (input === undefined ? 'is missing but it is required' : 'must be a byte string'),
    })
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

const guess = z.strictObject({
  version: bytes(LENGTH.version),
  oprf_blinded_input: bytes(LENGTH.key).refine(isPoint, 'must be a point other than the identity'),
})
const proof = z.strictObject({ version: bytes(LENGTH.version), unlock_key_tag: bytes(LENGTH.tag) })

const BARE = ['Register1', 'Recover1', 'Delete'] as const
const WITH_MEMBERS = {
  Register2: z.strictObject({ Register2: registration }),
  Recover2: z.strictObject({ Recover2: guess }),
  Recover3: z.strictObject({ Recover3: proof }),
} as const

export type Registration = z.infer<typeof registration>
export type Guess = z.infer<typeof guess>
export type Proof = z.infer<typeof proof>
export type RealmRequest =
  | { readonly name: (typeof BARE)[number] }
  | { readonly name: 'Register2'; readonly members: Registration }
  | { readonly name: 'Recover2'; readonly members: Guess }
  | { readonly name: 'Recover3'; readonly members: Proof }

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

/** The answer to what is no request names the member that is wrong. */
export function readRequest(body: Uint8Array): RealmRequest | Refusal {
  if (body.length > REQUEST_BYTES) return new Refusal(invalidField('body', `must have at most ${REQUEST_BYTES} bytes`))
  // A copy: parts of it are kept, and a Buffer would give Buffers, which are not the same values.
  const bytes = new Uint8Array(body)
  let value: unknown
  try {
    value = decode(bytes, { ...READ, tokenizer: new Tokens(bytes, READ) })
  } catch {
    return new Refusal(invalidField('body', 'is no CBOR as a realm reads it'))
  }
  return requestOf(value)
}

/** `"name"`, or `{ name: members }`. */
function requestOf(value: unknown): RealmRequest | Refusal {
  const bare = BARE.find(name => name === value)
  if (bare) return { name: bare }
  const name = typeof value === 'object' && value !== null ? Object.keys(value)[0] : undefined
  if (name !== 'Register2' && name !== 'Recover2' && name !== 'Recover3')
    return new Refusal(invalidField('body', 'is none of Register1, Register2, Recover1, Recover2, Recover3, Delete'))
  const read: Readonly<Record<string, unknown>> | Refusal = parse<z.ZodType<Record<string, unknown>>>(
    WITH_MEMBERS[name],
    value,
    '$.',
  )
  return read instanceof Refusal ? read : ({ name, members: read[name] } as RealmRequest)
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
