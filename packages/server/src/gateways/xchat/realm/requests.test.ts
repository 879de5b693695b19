import { encode, Token, Type } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../problem.ts'
import { readRequest } from './requests.ts'
import { blinded, cbor, ORDER, publicOf, randomScalar, recover2, recover3, registration, scalar } from './testing.ts'

const VERSION = new Uint8Array(16)
const TAG = new Uint8Array(16)

function why(body: Uint8Array): string {
  const request = readRequest(body)
  return request instanceof Refusal ? request.problem.detail : `read as ${request.name}`
}

/** Register2 with members of the registration replaced. */
function register2(changed: object): Uint8Array {
  return cbor({ Register2: { ...registration(), ...changed } })
}

describe('a request', () => {
  test('of each kind is read', () => {
    const bodies = [
      'Register1',
      'Recover1',
      'Delete',
      { Register2: registration() },
      recover2(VERSION),
      recover3(VERSION, TAG),
    ]
    expect(bodies.map(body => why(cbor(body)))).toEqual([
      'read as Register1',
      'read as Recover1',
      'read as Delete',
      'read as Register2',
      'read as Recover2',
      'read as Recover3',
    ])
  })

  test('of Register2 has the 663 bytes that the SDK sends', () => {
    expect(cbor({ Register2: registration() })).toHaveLength(663)
    expect(cbor(recover2(VERSION))).toHaveLength(89)
  })

  test('keeps what it said', () => {
    const sent = registration()
    expect(readRequest(cbor({ Register2: sent }))).toEqual({ name: 'Register2', members: sent })
  })

  test.each([
    ['no bytes', new Uint8Array()],
    ['a kind that is not known', cbor('Recover4')],
    ['a kind in other letters', cbor('recover1')],
    ['Register2 without members', cbor('Register2')],
    ['Recover1 with members', cbor({ Recover1: {} })],
    ['two requests at once', cbor({ ...recover2(VERSION), ...recover3(VERSION, TAG) })],
    ['a map with nothing', cbor({})],
    ['a number', cbor(7)],
    ['a list', cbor(['Recover1'])],
    ['null', cbor(null)],
    ['bytes that spell a kind', cbor(new TextEncoder().encode('Recover1'))],
    ['something behind', new Uint8Array([...cbor('Recover1'), 0])],
    ['two in a row', new Uint8Array([...cbor('Recover1'), ...cbor('Recover1')])],
    ['a text that is longer than the body', new Uint8Array([0x78, 0xff, 0x41])],
    ['a text of 2^63 bytes', new Uint8Array([0x7b, 0x7f, 255, 255, 255, 255, 255, 255, 255])],
    ['an indefinite text', new Uint8Array([0x7f, ...cbor('Recover1'), 0xff])],
    ['an indefinite map', new Uint8Array([0xbf, ...cbor(recover2(VERSION)).subarray(1), 0xff])],
    ['a text with a length in more bytes than it needs', new Uint8Array([0x78, 8, ...cbor('Recover1').subarray(1)])],
    ['a tag', new Uint8Array([0xc1, ...cbor('Recover1')])],
    ['JSON', new TextEncoder().encode('"Recover1"')],
    ['a map that is its own prototype', cbor(JSON.parse('{"__proto__":{"Recover2":{}}}'))],
    ['lists in lists', new Uint8Array(2_000).fill(0x81)],
    ['maps in maps', new Uint8Array(Array.from({ length: 1_000 }, () => [0xa1, 0x60]).flat())],
    ['more than the bytes of a request', cbor('R'.repeat(2_100))],
  ])('is not: %s', (_, body) => expect(why(body)).toMatch(/^(?:body|\$[^:]*): /))

  test('does not name a member twice', () => {
    const once = cbor({ version: VERSION, unlock_key_tag: TAG })
    const twice = new Uint8Array([
      0xa1,
      ...cbor('Recover3'),
      0xa3,
      ...once.subarray(1),
      ...cbor('version'),
      ...cbor(VERSION),
    ])
    expect(why(twice)).toMatch(/^body: /)
    expect(why(new Uint8Array([0xa1, ...cbor('Recover3'), ...once]))).toBe('read as Recover3')
  })

  test.each([
    ['a float for a number', { policy: { num_guesses: new Token(Type.float, 5) } }],
    ['a negative number', { policy: { num_guesses: -1 } }],
    ['true', { policy: { num_guesses: true } }],
    ['a list of numbers for bytes', { version: Array.from({ length: 16 }, () => 0) }],
  ])('holds no %s', (_, changed) => expect(why(register2(changed))).toMatch(/^body: /))

  test.each([
    ['version', new Uint8Array(15), '16 bytes'],
    ['version', new Uint8Array(17), '16 bytes'],
    ['version', 'a text of 16 byt', 'byte string'],
    ['oprf_private_key', new Uint8Array(33), '32 bytes'],
    ['unlock_key_commitment', new Uint8Array(31), '32 bytes'],
    ['unlock_key_tag', new Uint8Array(), '16 bytes'],
    ['encrypted_secret', new Uint8Array(146), '145 bytes'],
    ['encrypted_secret_commitment', new Uint8Array(17), '16 bytes'],
    ['encryption_key_scalar_share', scalar(ORDER), 'canonical scalar'],
    ['oprf_private_key', scalar(0n), 'other than 0'],
    ['oprf_private_key', scalar(randomScalar()), 'whose public key'],
  ])('of Register2 with another %s is refused by name', (member, value, text) => {
    expect(why(register2({ [member]: value }))).toMatch(new RegExp(`^\\$\\.Register2\\.${member}: .*${text}`))
  })

  test('names its key in one way', () => {
    const key = 5n
    const other = { ...registration({ key }), oprf_private_key: scalar(key + ORDER) }
    expect(why(cbor({ Register2: other }))).toMatch(/^\$\.Register2\.oprf_private_key: /)
    expect(why(cbor({ Register2: registration({ key }) }))).toBe('read as Register2')
    expect(publicOf(key)).toHaveLength(32)
  })

  test('asks for guesses within bounds', () => {
    const asked = (num_guesses: number) => why(register2({ policy: { num_guesses } }))
    expect([1, 100].map(asked)).toEqual(['read as Register2', 'read as Register2'])
    expect(asked(0)).toBe('$.Register2.policy.num_guesses: must be at least 1')
    expect(asked(101)).toBe('$.Register2.policy.num_guesses: must be at most 100')
  })

  test.each(['version', 'oprf_signed_public_key', 'policy', 'encrypted_secret'])('of Register2 needs %s', member => {
    const { [member]: _, ...rest } = registration() as Record<string, unknown>
    expect(why(cbor({ Register2: rest }))).toBe(`$.Register2.${member}: is missing but it is required`)
  })

  test('holds nothing beside', () => {
    expect(why(register2({ more: 1 }))).toMatch(/^\$\.Register2\.more: /)
    expect(why(cbor({ ...recover2(VERSION), furthermore: 1 }))).toMatch(/^\$\.furthermore: /)
    expect(why(cbor({ Recover2: { ...recover2(VERSION).Recover2, more: 1 } }))).toMatch(/^\$\.Recover2\.more: /)
  })

  test('of Recover2 holds a point', () => {
    expect(why(cbor(recover2(VERSION, new Uint8Array(32))))).toMatch(/^\$\.Recover2\.oprf_blinded_input: .*identity/)
    expect(why(cbor(recover2(VERSION, new Uint8Array(32).fill(255))))).toMatch(/^\$\.Recover2\.oprf_blinded_input: /)
    expect(why(cbor(recover2(VERSION, blinded().subarray(1))))).toMatch(/^\$\.Recover2\.oprf_blinded_input: .*32 bytes/)
  })
})

describe('whatever comes', () => {
  test('is read or refused, and never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), body => {
        readRequest(body)
      }),
      { numRuns: 2_000 },
    )
  })

  test('as any value of CBOR is no request', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: false }), value => {
        let body: Uint8Array
        try {
          body = encode(value)
        } catch {
          return
        }
        const request = readRequest(body)
        expect(request instanceof Refusal || ['Register1', 'Recover1', 'Delete'].includes(request.name)).toBe(true)
      }),
    )
  })

  test('of a request with some bytes changed is still a whole request, or none', () => {
    const whole = cbor({ Register2: registration() })
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const body = new Uint8Array(whole)
        for (const { at, to } of changes) body[at] = to
        const request = readRequest(body)
        if (request instanceof Refusal) return
        // Read only if it says, byte for byte, what was read.
        expect(request.name).toBe('Register2')
        if (request.name === 'Register2') expect(cbor({ Register2: request.members })).toHaveLength(body.length)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of a request cut short is none', () => {
    const whole = cbor({ Register2: registration() })
    for (let end = 0; end < whole.length; end++) expect(why(whole.subarray(0, end))).toMatch(/^body: /)
  })
})
