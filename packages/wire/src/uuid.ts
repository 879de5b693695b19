/**
 * Dino shows rooms, channels and messages as UUIDs; this is the pure, reversible mapping of a 63-bit id into one
 * (design section 3, "Ids"). Version nibble 4 and variant bits 10, because clients test for them with common regexes;
 * the id's 16 hex digits come first and in order, so UUIDs sort like ids; the remaining 56 bits are a checksum of the
 * id, so that a UUID from elsewhere is unknown instead of being taken for an id.
 */

const ID = /^\d{1,19}$/
const LARGEST = '9223372036854775807'
/** An id is two numbers here, for a BigInt costs ten times as much: its last nine digits and those before, or two words. */
const PART = 1e9
const PART_DIGITS = 9
const WORD = 2 ** 32
const HALF = 2 ** 16

const DASH = 45
const DASHES = [8, 13, 18, 23]
/** Ids have 63 bits. */
const HIGH_LIMIT = 2 ** 31
const HEX = '0123456789abcdef'
const DIGITS = [...HEX].map(digit => digit.charCodeAt(0))
/** What a character is worth, by its code: NaN where it is no hex digit. */
const VALUES = Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16))
/** The characters of the UUID at hand, with what is the same in all. */
const codes = [...'00000000-0000-4000-8000-000000000000'].map(character => character.charCodeAt(0))

/** Lower-case UUID of a decimal id below 2^63. Throws on anything else: ids from outside are tested before. */
export function uuidOf(id: string): string {
  if (!ID.test(id) || (id.length === LARGEST.length && id > LARGEST))
    throw new RangeError('an id is a decimal below 2^63')
  const split = Math.max(0, id.length - PART_DIGITS)
  const before = Number(id.slice(0, split))
  // before * PART + the rest, in steps that stay below 2^53.
  const upper = Math.floor(before / HALF) * PART
  const lower = (upper % HALF) * HALF + (before % HALF) * PART + Number(id.slice(split))
  const high = Math.floor(upper / HALF) + Math.floor(lower / WORD)
  const low = lower % WORD
  const [first, second] = [firstCheck(high, low), secondCheck(high, low)]
  put(high, 7, 8)
  put(low >>> 16, 12, 4)
  put(low >>> 4, 17, 3)
  put(low, 20, 1)
  put(first >>> 24, 22, 2)
  put(first, 29, 6)
  put(second, 35, 6)
  return String.fromCharCode(...codes)
}

/** Digits of a word, its last one at that place. */
function put(word: number, last: number, digits: number): void {
  for (let at = last; at > last - digits; at--) {
    codes[at] = DIGITS[word & 15] as number
    word >>>= 4
  }
}

/** The decimal id inside a UUID that `uuidOf` made, in either case of letters; undefined for every other text. */
export function idOfUuid(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length !== codes.length) return undefined
  for (const at of DASHES) if (text.charCodeAt(at) !== DASH) return undefined
  if (text[14] !== '4' || text[19] !== '8') return undefined
  const high = read(text, 0, 8)
  const low = read(text, 9, 13) * HALF + read(text, 15, 18) * 16 + read(text, 20, 21)
  if (!(high < HIGH_LIMIT) || Number.isNaN(low)) return undefined
  const [first, second] = [firstCheck(high, low), secondCheck(high, low)]
  const fits = read(text, 21, 23) * 2 ** 24 + read(text, 24, 30) === first && read(text, 30, 36) === second
  return fits ? decimal(high, low) : undefined
}

/** NaN where something is no hex digit. */
function read(text: string, from: number, to: number): number {
  let word = 0
  for (let at = from; at < to; at++) word = word * 16 + (VALUES[text.charCodeAt(at)] ?? Number.NaN)
  return word
}

/** high * WORD + low, in steps that stay below 2^53. */
function decimal(high: number, low: number): string {
  const upper = (high % PART) * HALF + Math.floor(low / HALF)
  const lower = (upper % PART) * HALF + (low % HALF)
  const before = Math.floor(high / PART) * WORD + Math.floor(upper / PART) * HALF + Math.floor(lower / PART)
  const last = `${lower % PART}`
  return before === 0 ? last : before + last.padStart(PART_DIGITS, '0')
}

/** They keep strangers apart, they are no secret: whoever reads this file can make a valid UUID. */
function firstCheck(high: number, low: number): number {
  return scramble(scramble(high ^ 0x436f6e63) ^ low)
}

/** 6 digits of it. */
function secondCheck(high: number, low: number): number {
  return scramble(scramble(low ^ 0x6c617665) ^ high) & 0xffffff
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with a chance of one half. */
function scramble(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
