// The realm's half of the OPRF on ristretto255 (x-chat.md 7): the blinded PIN times the record's key, and the proof
// that the key is the registered one. Scalars are little-endian. Nothing of a client is used that is not canonical.
import { createHash } from 'node:crypto'
import { ristretto255 } from '@noble/curves/ed25519.js'
import type { Random } from '../../../clock.ts'

const { Point } = ristretto255
const { Fn } = Point

type Point = InstanceType<typeof Point>

const DOMAIN = 'Juicebox_DLEQ_2023_1;'
/** Bytes from which a scalar is reduced: twice its own, so that no value comes more often than another. */
const WIDE = 64

export interface Evaluated {
  readonly result: Uint8Array
  readonly proof: { readonly c: Uint8Array; readonly beta_z: Uint8Array }
}

/** Whether it encodes a point, in the one way that it may be encoded, that is not the identity. */
export function isPoint(bytes: Uint8Array): boolean {
  try {
    return !Point.fromBytes(bytes).is0()
  } catch {
    return false
  }
}

/** Whether it encodes a number below the group's order. */
export function isScalar(bytes: Uint8Array): boolean {
  return bytes.length === Fn.BYTES && numberOf(bytes) < Fn.ORDER
}

/** Whether the public key is the private one's. */
export function isKeyPair(privateKey: Uint8Array, publicKey: Uint8Array): boolean {
  if (!isScalar(privateKey) || numberOf(privateKey) === 0n) return false
  return Buffer.from(Point.BASE.multiply(numberOf(privateKey)).toBytes()).equals(publicKey)
}

/** The key is one of a pair, and the input a point: see above. */
export function evaluate(privateKey: Uint8Array, input: Uint8Array, random: Random): Evaluated {
  const key = numberOf(privateKey)
  const blinded = Point.fromBytes(input)
  const result = blinded.multiply(key)
  const nonce = 1n + (numberOf(random.bytes(WIDE)) % (Fn.ORDER - 1n))
  const c = challenge([blinded, Point.BASE.multiply(key), result, Point.BASE.multiply(nonce), blinded.multiply(nonce)])
  const beta_z = Fn.add(nonce, Fn.mul(key, c))
  return { result: result.toBytes(), proof: { c: Fn.toBytes(c), beta_z: Fn.toBytes(beta_z) } }
}

function challenge(points: readonly Point[]): bigint {
  const hash = createHash('sha512').update(DOMAIN)
  for (const point of points) hash.update(point.toBytes())
  return numberOf(hash.digest()) % Fn.ORDER
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
