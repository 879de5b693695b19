// protocol/transparency.md against recorded answers of a server, and what each kind of lie in them is called. The hashes
// are computed here a second time, from the page's words alone.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../vectors/transparency.json' with { type: 'json' }
import { canonicalBytes } from './canonical.ts'
import { type ChainHead, type Link, linkOf, NO_HEAD, startHash, toHex } from './chain.ts'
import { webCrypto } from './crypto.ts'
import type { Fault, FaultKind } from './fault.ts'
import { KeyLogCheck, type ServedKey } from './key-log.ts'
import { RoomCheck, type ServedRoom } from './room-chain.ts'

type User = keyof typeof vectors.users
const [ann, bob, cat] = Object.keys(vectors.users) as [User, User, User]
const { room } = vectors
const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const oneShot = (bytes: Uint8Array): Uint8Array => sha256(bytes)

// biome-ignore lint/suspicious/noExplicitAny: changed at will
type Changed = any
interface View {
  links: Changed[]
  head: ChainHead
}
const copy = <T>(value: T): T => structuredClone(value)
const logOf = (user: User): View => copy({ links: vectors.users[user].links, head: vectors.users[user].head })
const chainOf = (view: keyof typeof room.views): View => copy({ links: room.views[view], head: room.head })
const servedOf = (user: User): ServedKey[] => copy(vectors.users[user].public_keys)
const resource = (): ServedRoom =>
  copy({ suite: 'xchat', members: room.members, admins: room.admins, epoch: room.epoch })

/** The links made anew over what was changed, as a server does that lies with care. */
function rechained(kind: 'key log' | 'room chain', id: string, view: View): View {
  let last = startHash(kind, id, oneShot)
  for (const [index, link] of view.links.entries()) {
    link.number = index + 1
    link.entry = { ...link.entry, number: index + 1 }
    const { digest, hash } = linkOf(kind, last, link.entry, oneShot)
    last = hash
    if (link.digest) link.digest = toHex(digest)
    link.hash = toHex(hash)
  }
  const newest = view.links.at(-1)
  view.head = { number: newest.number, hash: newest.hash }
  return view
}

async function keyFaults(user: User, view: View, served = servedOf(user), remembered = NO_HEAD): Promise<Fault[]> {
  const check = new KeyLogCheck(user, webCrypto, remembered)
  const faults: Fault[] = []
  for (const link of view.links) faults.push(...(await check.take(link)))
  return [...faults, ...check.end(view.head), ...check.compare(served)]
}

async function roomFaults(
  view: View,
  served: ServedRoom = resource(),
  remembered = NO_HEAD,
  reader: User = ann,
): Promise<Fault[]> {
  const logs = new Map<string, KeyLogCheck>()
  for (const user of [ann, bob, cat]) {
    const log = new KeyLogCheck(user, webCrypto)
    for (const link of logOf(user).links) await log.take(link)
    logs.set(user, log)
  }
  const check = new RoomCheck(room.id, user => logs.get(user)?.keys, webCrypto, remembered, reader)
  const faults: Fault[] = []
  for (const link of view.links) faults.push(...(await check.take(link)))
  return [...faults, ...check.end(view.head), ...check.compare(served)]
}

const kinds = (faults: readonly Fault[]): FaultKind[] => [...new Set(faults.map(({ fault }) => fault))]

describe('canonical JSON (RFC 8785)', () => {
  test.each(vectors.canonical)('$text', ({ value, text, sha256: digest }) => {
    expect(Buffer.from(canonicalBytes(value)).toString()).toBe(text)
    expect(sha256(text).toString('hex')).toBe(digest)
  })

  const names = fc.oneof(fc.nat().map(String), fc.constantFrom('__proto__', 'constructor', '01', '-1', ''))
  /** As plainly as it can be said. */
  const written = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(written)}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const own = value as Record<string, unknown>
    const ordered = Object.keys(own).sort((a, b) => (a < b ? -1 : 1))
    return `{${ordered.map(name => `${JSON.stringify(name)}:${written(own[name])}`)}}`
  }

  test('the order of names is that of their UTF-16 units, whatever order they were written in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.string({ unit: 'grapheme' }), names), fc.jsonValue()), value => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        const text = Buffer.from(canonicalBytes(value)).toString()
        expect(Buffer.from(canonicalBytes(turned)).toString()).toBe(text)
        expect(text).toBe(written(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('the example of RFC 8785, section 3.2.2', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    )
    expect(Buffer.from(canonicalBytes(value)).toString()).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('what is absent is not there, what JSON cannot hold is refused', () => {
    expect(Buffer.from(canonicalBytes({ a: undefined, b: 1 })).toString()).toBe('{"b":1}')
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => {}, [Symbol('a')]])
      expect(() => canonicalBytes(value)).toThrow('a value that JSON cannot hold')
    let deep: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    expect(() => canonicalBytes(deep)).toThrow('nested too deeply')
  })
})

describe('the recorded chains', () => {
  test.each([ann, bob, cat])("follow from the page's rule: the key log of %s", user => {
    const { start, links, head } = vectors.users[user]
    let last = sha256('conclave key log 1', Buffer.from([0]), user)
    expect(last.toString('hex')).toBe(start)
    for (const link of links) {
      last = sha256('conclave key log 1', Buffer.from([0]), last, sha256(canonicalBytes(link.entry)))
      expect(link.hash).toBe(last.toString('hex'))
    }
    expect(head).toEqual({ number: links.length, hash: last.toString('hex') })
  })

  test.each(['member', 'added again'] as const)("follow from the page's rule: the room as a %s sees it", view => {
    let last = sha256('conclave room chain 1', Buffer.from([0]), room.id)
    expect(last.toString('hex')).toBe(room.start)
    for (const link of room.views[view] as Link[]) {
      const digest = link.entry === undefined ? link.digest : sha256(canonicalBytes(link.entry)).toString('hex')
      expect(link.digest).toBe(digest)
      last = sha256('conclave room chain 1', Buffer.from([0]), last, Buffer.from(digest as string, 'hex'))
      expect(link.hash).toBe(last.toString('hex'))
    }
    expect(room.head.hash).toBe(last.toString('hex'))
  })

  test('are in order', async () => {
    for (const user of [ann, bob, cat]) expect(await keyFaults(user, logOf(user))).toEqual([])
    expect(await roomFaults(chainOf('member'))).toEqual([])
    expect(room.views['added again'].some(link => !('entry' in link))).toBe(true)
    expect(await roomFaults(chainOf('added again'))).toEqual([])
  })

  test('of a user and of a room are not each other, nor those of another', async () => {
    const check = new KeyLogCheck(bob, webCrypto)
    expect(kinds(await check.take(logOf(ann).links[0]))).toEqual(['link'])
    const other = new RoomCheck('1', () => undefined, webCrypto)
    expect(kinds(await other.take(chainOf('member').links[0]))).toEqual(['link'])
  })
})

describe('a lie about keys is called', () => {
  test.each([
    ['link', 'a changed entry', (view: View) => Object.assign(view.links[0].entry, { at: 5 })],
    [
      'link',
      'a digest of something else',
      (view: View) => Object.assign(view.links[0], { digest: view.links[1].hash }),
    ],
    ['order', 'an entry left out', (view: View) => view.links.splice(1, 1)],
    ['order', 'entries exchanged', (view: View) => view.links.splice(0, 2, view.links[1], view.links[0])],
    ['order', 'an entry twice', (view: View) => view.links.splice(1, 0, view.links[0])],
    ['head', 'the last entry left out', (view: View) => view.links.pop()],
    ['head', 'a head with another hash', (view: View) => Object.assign(view.head, { hash: view.links[0].hash })],
    ['malformed', 'a hash that is none', (view: View) => Object.assign(view.links[0], { hash: 'x' })],
    ['malformed', 'no entry', (view: View): unknown => delete view.links[0].entry],
    [
      'malformed',
      'an entry of another number',
      (view: View) => {
        view.links[0].entry.number = 7
        const { digest, hash } = linkOf('key log', startHash('key log', ann, oneShot), view.links[0].entry, oneShot)
        Object.assign(view.links[0], { digest: toHex(digest), hash: toHex(hash) })
      },
    ],
  ] as const)('%s: %s', async (kind, _name, change) => {
    const view = logOf(ann)
    change(view)
    expect(kinds(await keyFaults(ann, view))).toContain(kind)
  })

  test('rollback and rewritten, when the head was seen earlier', async () => {
    const whole = logOf(ann)
    const { number, hash } = whole.head
    expect(await keyFaults(ann, whole, servedOf(ann), { number, hash })).toEqual([])
    const shorter = { links: whole.links.slice(0, -1), head: { number: number - 1, hash: whole.links.at(-2).hash } }
    const keys = servedOf(ann).slice(0, -1)
    expect(await keyFaults(ann, shorter, keys)).toEqual([])
    expect(kinds(await keyFaults(ann, shorter, keys, whole.head))).toEqual(['rollback'])
    const other = logOf(ann)
    other.links[1].entry.at += 1
    expect(kinds(await keyFaults(ann, rechained('key log', ann, other), servedOf(ann), whole.head))).toEqual([
      'rewritten',
    ])
  })

  test('key.unlogged, key.withheld, for what is served', async () => {
    const swapped = servedOf(ann)
    swapped[0] = { ...swapped[0], public_key: servedOf(bob)[0]?.public_key }
    expect(kinds(await keyFaults(ann, logOf(ann), swapped))).toEqual(['key.unlogged'])
    const stranger = [...servedOf(ann), { ...servedOf(bob)[0], public_key_version: '1' }]
    expect(kinds(await keyFaults(ann, logOf(ann), stranger))).toEqual(['key.unlogged'])
    const unbound = servedOf(ann).map(({ public_key: _, ...rest }) => rest)
    expect(kinds(await keyFaults(ann, logOf(ann), unbound))).toEqual(['key.unlogged'])
    expect(kinds(await keyFaults(ann, logOf(ann), servedOf(ann).slice(1)))).toEqual(['key.withheld'])
  })

  test('key.foreign, for whose log it is', async () => {
    const check = new KeyLogCheck(ann, webCrypto)
    for (const link of logOf(ann).links) expect(await check.take(link)).toEqual([])
    const own = [...check.keys.values()]
    expect(own.length).toBeGreaterThan(1)
    expect(check.compareOwn(own)).toEqual([])
    expect(check.compareOwn(own.slice(0, -1))).toMatchObject([
      { fault: 'key.foreign', text: `the key of version ${own.at(-1)?.version} was not registered by its user` },
    ])
    const mixed = [own[0]!, { ...own[0]!, identityKey: own[1]!.identityKey }]
    expect(kinds(check.compareOwn(mixed))).toEqual(['key.foreign'])
  })

  test('key.binding, key.order and malformed, however well it is chained', async () => {
    const other = logOf(bob).links[0].entry.key
    const swaps: readonly (readonly [FaultKind, object])[] = [
      ['key.binding', { signingKey: other.signingKey }],
      ['key.binding', { signingKeySignature: other.signingKeySignature }],
      ['key.binding', { identityKeySignature: 'AAAA' }],
      ['key.order', { version: '99999999999999' }],
      ['key.order', { identityKey: other.identityKey }],
      ['malformed', { identityKey: 'AAAA' }],
      ['malformed', { version: 'x' }],
      ['malformed', { signingKey: 5 }],
    ]
    for (const [kind, swap] of swaps) {
      const view = logOf(ann)
      Object.assign(view.links[0].entry.key, swap)
      expect([swap, kinds(await keyFaults(ann, rechained('key log', ann, view)))]).toEqual([
        swap,
        expect.arrayContaining([kind]),
      ])
    }
  })
})

describe('a lie about a room is called', () => {
  const bodies = (view: View, type: string): Changed[] =>
    view.links.map(link => link.entry?.body).filter(body => body?.type === type)
  const drop = (view: View, type: string, which = 0): void => {
    const body = bodies(view, type)[which]
    view.links = view.links.filter(link => link.entry?.body !== body)
  }

  test.each([
    ['unsigned', 'an addition that nobody signed', view => (bodies(view, 'members.added')[0].signed = null)],
    ['unsigned', 'a key that nobody signed', view => (bodies(view, 'epoch.opened')[1].signed = null)],
    ['unsigned', 'a group that nobody signed', view => drop(view, 'group.signed')],
    ['unsigned', 'an admin that nobody signed', view => (bodies(view, 'roles.changed')[0].signed = null)],
    ['unsigned', 'one admin more than signed', view => (bodies(view, 'roles.changed')[1].user = ann)],
    ['signature', 'one member more than signed', view => bodies(view, 'members.added')[0].users.push('77')],
    ['signature', 'other founders than signed', view => bodies(view, 'room.created')[0].members.push('77')],
    [
      'signature',
      'other wraps than signed',
      view => (bodies(view, 'epoch.opened')[1].wraps[0].key = bodies(view, 'epoch.opened')[0].wraps[0].key),
    ],
    ['signature', 'another removed than signed', view => (bodies(view, 'members.removed')[0].users = [cat])],
    ['signature', 'another title than signed', view => (bodies(view, 'room.retitled')[0].title = 'x')],
    [
      'signature',
      'another actor',
      view => (view.links.find(link => link.entry.body.type === 'members.added').entry.actor = bob),
    ],
    [
      'signature',
      'no actor',
      view => (view.links.find(link => link.entry.body.type === 'members.added').entry.actor = null),
    ],
    [
      'signature',
      'a signature of another version',
      view => (bodies(view, 'members.added')[0].signed.signatureVersion = '6'),
    ],
    [
      'signature',
      'a key that was never registered',
      view => (bodies(view, 'members.added')[0].signed.publicKeyVersion = '6'),
    ],
    [
      'signature',
      'an addition signed in another room',
      view => (bodies(view, 'members.added')[0].signed = bodies(view, 'room.retitled')[0].signed),
    ],
    ['epoch.order', 'a key that goes back', view => (bodies(view, 'epoch.opened').at(-1).version = '5')],
    ['wraps', 'a key for one member too few', view => bodies(view, 'epoch.opened').at(-1).wraps.pop()],
    [
      'wraps',
      'a key for one too many',
      view => bodies(view, 'epoch.opened').at(-1).wraps.push({ user: '77', key: 'x', publicKeyVersion: '1' }),
    ],
    [
      'wraps',
      'a key for one member twice',
      view => bodies(view, 'epoch.opened').at(-1).wraps.push(bodies(view, 'epoch.opened').at(-1).wraps[0]),
    ],
    [
      'wraps',
      'a wrap at a key that was never registered',
      view => (bodies(view, 'epoch.opened').at(-1).wraps[0].publicKeyVersion = '5'),
    ],
    ['wraps', 'an addition without a key', view => drop(view, 'epoch.opened', 1)],
    ['order', 'an event of an older place', view => (view.links[3].entry.sequence = 1)],
    ['order', 'an event with an older id', view => (view.links[3].entry.id = '1')],
    ['malformed', 'a room made twice', view => view.links.splice(3, 0, copy(view.links[0]))],
    ['malformed', 'a room never made', view => view.links.shift()],
    ['malformed', 'an entry without a body', view => (view.links[3].entry.body = 'x')],
  ] satisfies [FaultKind, string, (view: View) => unknown][])('%s: %s', async (kind, _name, change) => {
    const view = chainOf('member')
    change(view)
    const faults = await roomFaults(rechained('room chain', room.id, view))
    expect(kinds(faults)).toContain(kind)
  })

  test('member.ghost, member.withheld, admin and epoch.served, for what is served', async () => {
    const view = chainOf('member')
    const served = resource()
    expect(await roomFaults(view, { ...served, members: [...served.members, '77'] })).toMatchObject([
      { fault: 'member.ghost', text: '77 is served as a member and no entry made them one' },
    ])
    expect(kinds(await roomFaults(view, { ...served, members: served.members.slice(1) }))).toEqual(['member.withheld'])
    expect(kinds(await roomFaults(view, { ...served, admins: [ann] }))).toEqual(['admin'])
    expect(kinds(await roomFaults(view, { ...served, suite: 'none' }))).toEqual(['link'])
    expect(kinds(await roomFaults(view, { ...served, pair: [ann, bob] }))).toEqual(['link'])
    expect(kinds(await roomFaults(view, { ...served, epoch: '5' }))).toEqual(['epoch.served'])
    expect(kinds(await roomFaults(view, { ...served, epoch: null }))).toEqual(['epoch.served'])
  })

  test('closed, where entries are kept from a member', async () => {
    const view = chainOf('member')
    for (const link of view.links) delete link.entry
    expect(kinds(await roomFaults(view))).toContain('closed')
    const last = chainOf('member')
    delete last.links.at(-1).entry
    expect(kinds(await roomFaults(last))).toEqual(['closed'])
  })

  test('rollback and rewritten, when the head was seen earlier', async () => {
    const whole = chainOf('member')
    expect(await roomFaults(whole, resource(), whole.head)).toEqual([])
    const links = whole.links.slice(0, -1)
    const shorter = { links, head: { number: links.length, hash: links.at(-1).hash } }
    expect(kinds(await roomFaults(shorter, { suite: 'xchat', members: room.members }, whole.head))).toEqual([
      'rollback',
    ])
    const other = chainOf('member')
    other.links[0].entry.at -= 1
    expect(kinds(await roomFaults(rechained('room chain', room.id, other), resource(), whole.head))).toEqual([
      'rewritten',
    ])
  })

  test('a ghost, when an entry of an unknown kind lets somebody in', async () => {
    const view = chainOf('member')
    const newest = view.links.at(-1).entry
    const body = { type: 'members.teleported', users: ['77'] }
    view.links.push({
      entry: { ...newest, sequence: newest.sequence + 1, id: String(BigInt(newest.id) + 1n), body },
      digest: 'x',
    })
    const served = resource()
    const faults = await roomFaults(rechained('room chain', room.id, view), {
      ...served,
      members: [...served.members, '77'],
    })
    expect(kinds(faults)).toEqual(['member.ghost'])
  })
})

test('whatever comes instead of links is named, and nothing is thrown', async () => {
  const near = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(...(room.views.member as unknown[]), ...vectors.users[ann].links),
  )
  const bent = fc.record(
    {
      number: near,
      hash: near,
      digest: near,
      entry: fc.oneof(
        near,
        fc.record({
          number: fc.constant(1),
          body: near,
          sequence: near,
          id: near,
          actor: near,
          kind: fc.constantFrom('xchat.registered', 'x'),
          key: near,
        }),
      ),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          bent,
          near,
          bent.map(link => ({ ...link, number: 1 })),
        ),
        { maxLength: 5 },
      ),
      async links => {
        const keys = new KeyLogCheck(ann, webCrypto)
        const chain = new RoomCheck('1', () => undefined, webCrypto)
        for (const link of links) {
          await keys.take(link as unknown as Link)
          expect((await chain.take(link as unknown as Link)).length).toBeGreaterThan(0)
        }
        chain.end(NO_HEAD)
        chain.compare({ suite: 'xchat', members: [] })
        keys.compare([{}, null as unknown as ServedKey])
      },
    ),
    { numRuns: 500 },
  )
})

test('WebCrypto says no to what is no key and no signature', async () => {
  const nothing = new Uint8Array(0)
  expect(await webCrypto.verify(nothing, nothing, nothing)).toBe(false)
  expect(await webCrypto.verify(new Uint8Array(91), nothing, new Uint8Array(64))).toBe(false)
  expect(toHex(await webCrypto.sha256(nothing))).toBe(sha256('').toString('hex'))
})
