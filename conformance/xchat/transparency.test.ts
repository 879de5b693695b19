// A client that checks the server (witness.ts) sees every lie that it was told: by something between it and an honest
// server, and by a server whose database somebody changed. People use X's own SDK; the witness is a client of ours.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { addTo, enroll, type Hand, makeGroup } from './hand.ts'
import { ask } from './http.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'
import { Witness } from './witness.ts'

let server: TestServer
let proxy: Server
let lying: string
let a: Person
let b: Person
let c: Person
let group: string

// biome-ignore lint/suspicious/noExplicitAny: changed at will
type Answer = any
/** What the proxy does to answers of this path. */
let lie: { path: RegExp; tell: (answer: Answer) => Answer } | null = null

beforeAll(async () => {
  server = await startXchatServer()
  proxy = createServer((request, response) => {
    void relay(request, response)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  lying = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  ;[a, b, c] = [A, B, C].map(user => new Person(server.url, user)) as [Person, Person, Person]
  for (const each of [a, b, c]) await each.register()
  group = (await a.createGroup([B])).id
  await a.add(group, [C])
  await c.say(group, [...c.keys.keys()].at(-1) ?? (await keyOf(c)), 'hello')
})
afterAll(async () => {
  proxy?.close()
  await server?.remove()
})

async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = { authorization: request.headers.authorization ?? '' }
  const answer = await fetch(server.url + request.url, { headers })
  const text = await answer.text()
  const told = lie?.path.test(request.url ?? '') ? JSON.stringify(lie.tell(JSON.parse(text))) : text
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(told)
}

async function keyOf(person: Person): Promise<string> {
  await person.read(group, [A, B, C])
  return [...person.keys.keys()].at(-1) as string
}

/** What a witness behind the proxy says, who has seen everything as it was. */
async function told(path: RegExp, tell: (answer: Answer) => unknown, who = B, of = group): Promise<string[]> {
  const witness = new Witness(lying, tokenOf(who), who)
  lie = null
  expect(await witness.look(of)).toEqual([])
  lie = { path, tell: answer => tell(answer) ?? answer }
  try {
    const found = (await witness.look(of)).map(({ fault }) => fault)
    return [...new Set(found)]
  } finally {
    lie = null
  }
}

describe('behind an honest server', () => {
  test('nothing is wrong, for those who were there and for those who came, and all see one head', async () => {
    const heads = []
    for (const who of [A, B, C]) {
      const witness = new Witness(server.url, tokenOf(who), who)
      expect(await witness.look(group)).toEqual([])
      heads.push(witness.remembered.get(group))
    }
    expect(heads[0]?.number).toBeGreaterThan(4)
    expect(new Set(heads.map(head => head?.hash)).size).toBe(1)
  })

  test('who came later reads no entry from before, nor the salts by which they could be guessed (L10)', async () => {
    const { links } = await new Witness(server.url, tokenOf(C), C).pages(`/chat/conversations/${group}/chain`)
    expect(links.slice(0, 3).map(link => Object.keys(link))).toEqual(Array(3).fill(['number', 'digest', 'hash']))
    expect(links.slice(3).every(link => link.entry)).toBe(true)
    const outside = await ask(server.url, tokenOf(D), 'GET', `/2/chat/conversations/${group}/chain`)
    expect(outside.status).toBe(403)
    expect((await ask(server.url, tokenOf(A), 'GET', '/2/chat/conversations/g1/chain')).status).toBe(404)
    expect((await ask(server.url, tokenOf(A), 'GET', '/2/users/5/key_log')).status).toBe(404)
    expect((await ask(server.url, tokenOf(A), 'GET', '/2/users/x/key_log')).status).toBe(400)
    const none = await ask(server.url, tokenOf(A), 'GET', `/2/users/${D}/key_log`)
    expect(none.body).toEqual({ data: [], meta: { id: D, result_count: 0, head: { number: 0, hash: '' } } })
  })

  test('nothing is wrong whatever members do with X’s SDK, in a group and in a one-to-one', async () => {
    const [witness, other] = [new Witness(server.url, tokenOf(A), A), new Witness(server.url, tokenOf(B), B)]
    const looked = async (of: string) => expect([...(await witness.look(of)), ...(await other.look(of))]).toEqual([])
    const { id } = await a.createGroup([B])
    await looked(id)
    await a.add(id, [C])
    await looked(id)
    await a.remove(id, [C])
    await looked(id)
    const admins = { user_ids: [B], action_signatures: [a.signed(id, { kind: 'adminAdd', ids: [B] })] }
    await a.request('POST', `${id}/admins`, admins)
    await looked(id)
    const ttl = { kind: 'durationChange', ttlMsec: '86400000' } as const
    await a.request('PUT', `${id}/ttl`, { ttl_msec: '86400000', action_signatures: [a.signedSetting(id, ttl)] })
    await looked(id)
    await b.register()
    await a.rotate(id, [A, B])
    await looked(id)
    await a.add(id, [C])
    await looked(id)
    await new Witness(server.url, tokenOf(C), C).look(id)
    await a.begin(B)
    await looked(`${A}-${B}`)
    await a.rotate(`${A}:${B}`, [A, B])
    await looked(`${A}-${B}`)
  })

  test('a page is at most what was asked for, and tokens are of this list alone', async () => {
    const path = `/2/chat/conversations/${group}/chain`
    const first = (await ask(server.url, tokenOf(A), 'GET', `${path}?max_results=2`)).body
    expect([first.data.length, first.meta.result_count]).toEqual([2, 2])
    const second = (
      await ask(server.url, tokenOf(A), 'GET', `${path}?max_results=100&pagination_token=${first.meta.next_token}`)
    ).body
    expect(second.data[0].number).toBe(3)
    expect(second.meta.next_token).toBeUndefined()
    const foreign = await ask(
      server.url,
      tokenOf(A),
      'GET',
      `/2/users/${A}/key_log?pagination_token=${first.meta.next_token}`,
    )
    expect([foreign.status, foreign.body.parameter]).toEqual([400, 'pagination_token'])
  })
})

describe('a client between whom and the server somebody stands notices', () => {
  const keys = new RegExp(`/users/${A}/public_keys`)
  const log = new RegExp(`/users/${A}/key_log`)
  const chain = /\/chain/
  const resource = /conversations\/g\d+$/
  const foreign = async (): Promise<Answer> =>
    (await ask(server.url, tokenOf(A), 'GET', `/2/users/${C}/public_keys`)).body.data[0]

  test('a swapped key', async () => {
    const { public_key, signing_public_key } = await foreign()
    expect(await told(keys, answer => void Object.assign(answer.data[0], { public_key }))).toEqual(['key.unlogged'])
    expect(await told(keys, answer => void Object.assign(answer.data[0], { signing_public_key }))).toEqual([
      'key.unlogged',
    ])
  })

  test('a key more, and one less', async () => {
    const one = await foreign()
    expect(await told(keys, answer => void answer.data.push({ ...one, public_key_version: '7' }))).toEqual([
      'key.unlogged',
    ])
    expect(await told(keys, () => ({}))).toEqual(['key.withheld'])
  })

  test('a log in which the swapped key stands', async () => {
    const { signing_public_key: signingKey } = await foreign()
    const found = await told(log, answer => void Object.assign(answer.data[0].entry.key, { signingKey }))
    expect(found).toEqual(expect.arrayContaining(['link', 'key.binding', 'key.unlogged']))
  })

  test('a ghost in the roster, and somebody taken out of it', async () => {
    expect(await told(resource, answer => void answer.data.member_ids.push(D))).toEqual(['member.ghost'])
    expect(await told(resource, answer => void answer.data.member_ids.pop())).toEqual(['member.withheld'])
    expect(await told(resource, answer => void answer.data.admin_ids.push(B))).toEqual(['admin'])
  })

  test('a ghost in the chain', async () => {
    const found = await told(/\/chain|conversations\/g\d+$/, answer => {
      if (answer.data.member_ids) answer.data.member_ids.push(D)
      for (const { entry } of answer.data.member_ids ? [] : answer.data)
        if (entry?.body.type === 'members.added') entry.body.users.push(D)
    })
    expect(found).toEqual(expect.arrayContaining(['link', 'signature', 'wraps']))
  })

  test('an epoch that was rolled back, in the events and in the chain', async () => {
    expect(await told(/\/events/, answer => void answer.data.splice(0, answer.data.length - 2))).toEqual([
      'epoch.served',
    ])
    const found = await told(chain, answer => {
      const kept = answer.data.filter((link: Answer) => link.number <= 3)
      return {
        data: kept,
        meta: { ...answer.meta, next_token: undefined, head: { number: 3, hash: kept.at(-1)?.hash } },
      }
    })
    expect(found).toEqual(expect.arrayContaining(['rollback', 'epoch.served', 'member.ghost']))
  })

  test('entries in another order, left out, and kept closed', async () => {
    expect(await told(chain, answer => void answer.data.reverse())).toContain('order')
    expect(await told(chain, answer => void answer.data.splice(0, 1))).toContain('order')
    expect(
      await told(chain, answer => {
        for (const link of answer.data) delete link.entry
      }),
    ).toContain('closed')
  })

  test('the last entry kept back, also by who lies about the head', async () => {
    const withoutLast = (answer: Answer, head: boolean): void => {
      if (answer.meta.next_token !== undefined) return
      answer.data.pop()
      const last = answer.data.at(-1)
      if (head && last) answer.meta.head = { number: last.number, hash: last.hash }
    }
    expect(await told(chain, answer => withoutLast(answer, false))).toContain('head')
    expect(await told(chain, answer => withoutLast(answer, true))).toContain('rollback')
    expect(await told(log, answer => withoutLast(answer, true))).toContain('key.unlogged')
  })

  test('another room’s chain', async () => {
    const other = (await a.createGroup([B])).id
    const { links, head } = await new Witness(server.url, tokenOf(B), B).pages(`/chat/conversations/${other}/chain`)
    expect(
      await told(chain, answer => ({ data: links, meta: { ...answer.meta, next_token: undefined, head } })),
    ).toContain('link')
    await a.begin(C)
    const pair = `${A}-${C}`
    await c.begin(B)
    const wrong = (await ask(server.url, tokenOf(C), 'GET', `/2/chat/conversations/${B}-${C}/chain?max_results=100`))
      .body
    expect(await told(chain, () => wrong, C, pair)).toContain('link')
  })
})

describe('a client of a server whose database somebody changed while it stood still notices', () => {
  /** Another server each time: people, a group, a witness who saw it, and then it is not the same any more. */
  async function changed(change: (database: DatabaseSync, room: string) => void): Promise<string[]> {
    const own = await startXchatServer()
    try {
      const [x, y] = [await enroll(own.url, A), await enroll(own.url, B)] as [Hand, Hand]
      const z = await enroll(own.url, CROWD[0] as string)
      const made = await makeGroup(own.url, x, [x, y])
      await addTo(own.url, made, x, [z])
      const witness = new Witness(own.url, tokenOf(A), A)
      expect(await witness.look(made.id)).toEqual([])
      await own.stop()
      const database = new DatabaseSync(join(own.data, 'conclave.sqlite'))
      change(database, made.id.slice(1))
      database.close()
      const again = await startServer({ data: own.data })
      try {
        const later = new Witness(again.url, tokenOf(A), A)
        for (const [id, head] of witness.remembered) later.remembered.set(id, head)
        return [...new Set((await later.look(made.id)).map(({ fault }) => fault))]
      } finally {
        await again.stop()
      }
    } finally {
      await own.remove()
    }
  }

  test('nothing where nothing was changed', async () => {
    expect(await changed(() => {})).toEqual([])
  })

  test('a swapped key', async () => {
    const found = await changed(database => {
      database.exec(`UPDATE public_keys SET body = json_set(body, '$.signingKey',
        (SELECT json_extract(body, '$.signingKey') FROM public_keys WHERE user = ${A})) WHERE user = ${B}`)
    })
    expect(found).toEqual(expect.arrayContaining(['link', 'key.binding']))
  })

  test('a ghost member', async () => {
    const found = await changed((database, room) => {
      database.exec(`UPDATE events SET body = json_insert(body, '$.users[#]', '${D}')
        WHERE room = ${room} AND json_extract(body, '$.type') = 'members.added'`)
    })
    expect(found).toEqual(expect.arrayContaining(['link', 'signature', 'wraps']))
  })

  test('an epoch and a member taken back, with everything that came of them', async () => {
    const found = await changed((database, room) => {
      database.exec(`DELETE FROM events WHERE room = ${room} AND sequence > 3; DELETE FROM chain WHERE room = ${room} AND sequence > 3;
        DELETE FROM spans WHERE room = ${room} AND opened > 3; DELETE FROM epochs WHERE room = ${room} AND sequence > 3;
        UPDATE rooms SET sequence = 3, control = 3, last_id = (SELECT max(id) FROM events WHERE room = ${room}) WHERE id = ${room}`)
    })
    expect(found).toEqual(['rollback'])
  })

  test('an entry of a key log dropped, with its key', async () => {
    const found = await changed(database => {
      database.exec(`DELETE FROM key_log WHERE user = ${B}; DELETE FROM public_keys WHERE user = ${B}`)
    })
    expect(found).toEqual(expect.arrayContaining(['rollback', 'wraps']))
  })

  test('entries exchanged', async () => {
    const found = await changed((database, room) => {
      database.exec(`UPDATE chain SET number = -number WHERE room = ${room} AND number IN (2, 3);
        UPDATE chain SET number = 5 + number WHERE room = ${room} AND number < 0`)
    })
    expect(found).toEqual(expect.arrayContaining(['link']))
  })
})
