/**
 * Dino shows rooms, channels and messages as UUIDs; this is the pure, reversible mapping of a 63-bit id into one
 * (design section 3, "Ids"). Version nibble 4 and variant bits 10, because clients test for them with common regexes;
 * the id's 16 hex digits come first and in order, so UUIDs sort like ids; the remaining 56 bits are a checksum of the
 * id, so that a UUID from elsewhere is unknown instead of being taken for an id.
 */

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/
const ID_LIMIT = 1n << 63n

/** Lower-case UUID of a decimal id below 2^63. Throws on anything else: ids from outside are tested before. */
export function uuidOf(id: string): string {
  const value = BigInt(id)
  if (value < 0n || value >= ID_LIMIT) throw new RangeError('an id is a decimal below 2^63')
  const high = Number(value >> 32n)
  const low = Number(value & 0xffffffffn)
  const digits = hex8(high) + hex8(low)
  const check = checkDigits(high, low)
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(12, 15)}-8${digits.slice(15)}${check.slice(0, 2)}-${check.slice(2)}`
}

/** The decimal id inside a UUID that `uuidOf` made, in either case of letters; undefined for every other text. */
export function idOfUuid(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length !== 36) return undefined
  const uuid = text.toLowerCase()
  if (!FORM.test(uuid)) return undefined
  const high = Number.parseInt(uuid.slice(0, 8), 16)
  const low = Number.parseInt(uuid.slice(9, 13) + uuid.slice(15, 18) + uuid[20], 16)
  if (high >= 2 ** 31 || uuid.slice(21, 23) + uuid.slice(24) !== checkDigits(high, low)) return undefined
  return ((BigInt(high) << 32n) | BigInt(low)).toString()
}

/** 14 hex digits. It keeps strangers apart, it is no secret: whoever reads this file can make a valid UUID. */
function checkDigits(high: number, low: number): string {
  const first = scramble(scramble(high ^ 0x436f6e63) ^ low)
  const second = scramble(scramble(low ^ 0x6c617665) ^ high)
  return hex8(first) + hex8(second).slice(2)
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with a chance of one half. */
function scramble(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function hex8(word: number): string {
  return word.toString(16).padStart(8, '0')
}
