// A client of a realm by hand, with its own arithmetic, for what the real SDK would never send.
import { createHash, randomBytes } from 'node:crypto'
import { ristretto255 } from '@noble/curves/ed25519.js'
import { decode, encode } from 'cborg'

const { Point } = ristretto255
export const ORDER = Point.Fn.ORDER

export const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
export const scalar = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse())
export const randomScalar = (): bigint => 1n + (number(randomBytes(64)) % (ORDER - 1n))
export const publicOf = (secret: bigint): Uint8Array => Point.BASE.multiply(secret).toBytes()
const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** What Register2 carries. */
export function registration({ guesses = 3, key = randomScalar() }: { guesses?: number; key?: bigint } = {}) {
  return {
    version: bytes(16),
    oprf_private_key: scalar(key),
    oprf_signed_public_key: { public_key: publicOf(key), verifying_key: bytes(32), signature: bytes(64) },
    unlock_key_commitment: bytes(32),
    unlock_key_tag: bytes(16),
    encryption_key_scalar_share: scalar(randomScalar()),
    encrypted_secret: bytes(145),
    encrypted_secret_commitment: bytes(16),
    policy: { num_guesses: guesses },
  }
}

export type Registered = ReturnType<typeof registration>

/** A blinded PIN. */
export const blinded = (): Uint8Array => publicOf(randomScalar())
export const recover2 = (version: Uint8Array, oprf_blinded_input = blinded()) => ({
  Recover2: { version, oprf_blinded_input },
})
export const recover3 = (version: Uint8Array, unlock_key_tag: Uint8Array) => ({ Recover3: { version, unlock_key_tag } })

export const cbor = (value: unknown): Uint8Array<ArrayBuffer> => new Uint8Array(encode(value))
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
export const read = (body: Uint8Array): any => decode(body)

export interface Proof {
  readonly c: Uint8Array
  readonly beta_z: Uint8Array
}

/** As a client checks it: both commitments are computed from the proof, and must give its challenge. */
export function proves(publicKey: Uint8Array, input: Uint8Array, result: Uint8Array, { c, beta_z }: Proof): boolean {
  const points = [input, publicKey, result].map(point => Point.fromBytes(point))
  const [u, v, w] = points as [typeof Point.BASE, typeof Point.BASE, typeof Point.BASE]
  const [challenge, beta] = [number(c), number(beta_z)]
  const commitments = [
    Point.BASE.multiply(beta).subtract(v.multiply(challenge)),
    u.multiply(beta).subtract(w.multiply(challenge)),
  ]
  const hash = createHash('sha512').update('Juicebox_DLEQ_2023_1;')
  for (const point of [u, v, w, ...commitments]) hash.update(point.toBytes())
  return number(hash.digest()) % ORDER === challenge
}
