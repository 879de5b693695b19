// Keys and signatures of the simulated clients: real ECDSA on P-256 that the server verifies, made from a few secrets that
// everybody knows, so that signing costs one multiplication and the same seed signs the same.
import { createECDH, createHash } from 'node:crypto'

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** A secret number and the point that belongs to it. */
interface Pair {
  readonly secret: bigint
  /** 65 bytes. */
  readonly point: Buffer
}

export interface SigningKey {
  /** Base64 SPKI. */
  readonly spki: string
  readonly secret: bigint
}

function pairOf(name: string): Pair {
  const secret = (BigInt(`0x${digest(name).toString('hex')}`) % (ORDER - 1n)) + 1n
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(bytesOf(secret))
  return { secret, point: ecdh.getPublicKey() }
}

/** What each signature needs of its own; here they are few, and used again. */
const ONCE = Array.from({ length: 16 }, (_, index) => {
  const { secret, point } = pairOf(`once ${index}`)
  const x = BigInt(`0x${point.subarray(1, 33).toString('hex')}`) % ORDER
  return { r: x, inverse: power(secret, ORDER - 2n) }
})

const KEYS = Array.from({ length: 48 }, (_, index): SigningKey => {
  const { secret, point } = pairOf(`key ${index}`)
  return { secret, spki: Buffer.concat([SPKI, point]).toString('base64') }
})
const BY_SPKI = new Map(KEYS.map(key => [key.spki, key]))

/** Points with which wraps begin. */
const POINTS = Array.from({ length: 4 }, (_, index) => pairOf(`wrap ${index}`).point)

export function keyNumber(number: number): SigningKey {
  return KEYS[number % KEYS.length] as SigningKey
}

/** Base64 r||s, without padding as X's clients write it. */
export function sign(key: SigningKey, data: string | Uint8Array): string {
  return signature(key, data).toString('base64').replaceAll('=', '')
}

/** Whether it is what the holder of that key signs; by who has all secrets, without verifying. */
export function isSignedBy(spki: string, text: string, signed: string): boolean {
  const key = BY_SPKI.get(spki)
  return key !== undefined && signature(key, text).equals(Buffer.from(signed, 'base64'))
}

function signature({ secret }: SigningKey, data: string | Uint8Array): Buffer {
  const hash = digest(data)
  const { r, inverse } = ONCE[(hash[0] as number) % ONCE.length] as (typeof ONCE)[number]
  const s = (inverse * ((BigInt(`0x${hash.toString('hex')}`) + r * secret) % ORDER)) % ORDER
  return Buffer.concat([bytesOf(r), bytesOf(s)])
}

/** 113 bytes that begin with a point: all that a server can tell of a wrap. */
export function wrapOf(bytes: Uint8Array): string {
  const point = POINTS[(bytes[0] ?? 0) % POINTS.length] as Buffer
  return Buffer.concat([point, bytes.subarray(0, 48)]).toString('base64')
}

function digest(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

function bytesOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex')
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % ORDER
    square = (square * square) % ORDER
  }
  return result
}

/** The secret of a key; of one that is none, anybody's. */
export function keyOf(spki: string | undefined): SigningKey {
  return BY_SPKI.get(spki ?? '') ?? keyNumber(0)
}
