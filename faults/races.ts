// Many who change the same thing at the same time, from different nodes and over different wires.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  additionBody,
  enroll,
  type Group,
  type Hand,
  keysBody,
  makeGroup,
  makeHand,
  nextVersion,
  registration,
} from '../conformance/xchat/hand.ts'
import { Load } from './load.ts'
import type { Proof } from './proof.ts'
import type { Run } from './run.ts'
import { CHIEF, FULL, groupPlace, OTHERS, PEOPLE, populate } from './stage.ts'
import { openDino } from './wires/dino.ts'
import { openDdp } from './wires/rocketchat.ts'
import type { Connection, Person, Place } from './wires/wire.ts'
import { request, xchat } from './wires/xchat.ts'

const CHANGES = 25
/** How much a ban and a new key race against. */
const MANY = FULL ? 1_000 : 240
/** Of them, under way at the same time. */
const WINDOW = 24
/** ms by which the database is further away from the nodes that race, each way. */
const SLOW = 25

const good = ({ wrong }: Proof): void => expect(wrong).toEqual([])

export function races(run: () => Run): void {
  const node = (number: number): { readonly url: string } => run().cluster.node(number % run().cluster.nodes.length)

  test('25 change the members of one group at once, from all nodes and over all wires: one addition wins', async () => {
    const { hands } = run()
    const [maker, kicked] = [hands[6] as Hand, PEOPLE[3] as Person]
    const place = groupPlace(await makeGroup(node(0).url, maker, hands))
    const group = place.group as Group
    const added = await Promise.all(OTHERS.slice(0, CHANGES).map(({ id }) => enroll(node(1).url, id)))
    const owner = PEOPLE[6] as Person
    const onDino = await openDino(node(1).url, owner)
    const onRocketchat = await openDdp(node(2).url, owner)
    const add = (hand: Hand, i: number): Promise<number> =>
      request(
        node(i).url,
        owner.token,
        'POST',
        `/2/chat/conversations/${group.id}/members`,
        additionBody(group, maker, [hand]),
      ).then(({ status }) => status)
    const kick = async (): Promise<number> => {
      const object = { id: kicked.id }
      const answer = await onDino.ask('kick', { verb: 'kick', target: { id: place.uuid }, object })
      return answer.status_code
    }
    const remove = async (): Promise<number> => {
      const { error } = await onRocketchat.call('removeUserFromRoom', { rid: place.uuid, username: kicked.username })
      return error ? 400 : 200
    }
    const additions = Promise.all(added.map(add))
    const removals = Promise.all([remove(), kick()])
    const [answers, removed] = await Promise.all([additions, removals])
    onDino.close()
    onRocketchat.close()
    const won = answers.filter(status => status === 200).length
    // A removal that came first makes all additions wrong: they name a member who is none.
    expect(won).toBeLessThanOrEqual(1)
    expect(removed).toContain(200)
    expect(answers.filter(status => status !== 200).filter(status => status !== 400 && status !== 409)).toEqual([])
    const { logs } = await run().logs([place])
    const events = logs.get(place.id) ?? []
    const count = (type: string): number => events.filter(({ body }) => body.type === type).length
    expect([count('members.added'), count('epoch.opened'), count('members.removed')]).toEqual([won, 1 + won, 1])
    good(await run().prove(new Load('changes'), [place]))
  })

  test('of 25 additions at once from all nodes exactly one wins', async () => {
    const maker = run().hands[6] as Hand
    const owner = PEOPLE[6] as Person
    const place = groupPlace(await makeGroup(node(0).url, maker, run().hands))
    const group = place.group as Group
    const added = await Promise.all(OTHERS.slice(25, 25 + CHANGES).map(({ id }) => enroll(node(1).url, id)))
    const path = `/2/chat/conversations/${group.id}/members`
    const bodies = added.map(hand => additionBody(group, maker, [hand]))
    const answers = await Promise.all(bodies.map((body, i) => request(node(i).url, owner.token, 'POST', path, body)))
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses[0]).toBe(200)
    expect(statuses.slice(1).filter(status => status !== 400 && status !== 409)).toEqual([])
    good(await run().prove(new Load('additions'), [place]))
  })

  test('a new public key of a member races key changes on other nodes: none after it is made for the old one', async () => {
    const { hands } = run()
    const maker = hands[6] as Hand
    const member = await enroll(node(0).url, (OTHERS[59] as Person).id)
    const next = makeHand(member.id, nextVersion())
    const place = groupPlace(await makeGroup(node(0).url, maker, [maker, member]))
    const path = `/2/chat/conversations/${place.group?.id}/keys`
    let registered = false
    let left = MANY
    const late: number[] = []
    const rotating = async (number: number): Promise<void> => {
      while (left-- > 0) {
        const after = registered
        const hand = after && left % 2 === 0 ? next : member
        const { token } = PEOPLE[6] as Person
        const body = keysBody(maker, place.group?.id as string, [maker, hand])
        const { status } = await request(node(number).url, token, 'POST', path, body)
        if (after && hand === member) late.push(status)
      }
    }
    // Between a decision and its commit there is time for something to come in between.
    for (const number of [1, 2]) run().cluster.node(number).database.slow(SLOW)
    const all = Array.from({ length: 6 }, (_, number) => rotating(1 + (number % 2)))
    await sleep(600)
    const { token } = OTHERS[59] as Person
    const answer = await request(node(0).url, token, 'POST', `/2/users/${member.id}/public_keys`, registration(next))
    registered = true
    expect(answer.status).toBe(200)
    await Promise.all(all)
    expect(late.length).toBeGreaterThan(0)
    expect(late).not.toContain(200)
    const opened = ((await run().logs([place])).logs.get(place.id) ?? []).flatMap(({ sequence, body }) => {
      if (body.type !== 'epoch.opened') return []
      return [{ sequence, version: body.wraps.find(({ user }) => user === member.id)?.publicKeyVersion }]
    })
    const versions = opened.map(({ version }) => version)
    const change = versions.indexOf(next.version)
    expect(change).toBeGreaterThan(0)
    expect(new Set(versions.slice(0, change))).toEqual(new Set([member.version]))
    expect(new Set(versions.slice(change))).toEqual(new Set([next.version]))
    const row = `conclave.public_keys r WHERE r."user" = ${member.id} AND r.version = '${next.version}'`
    const stale = opened.filter(({ version }) => version === member.version).map(({ sequence }) => sequence)
    expect(await run().committedAfter(row, place.id, `e.sequence IN (${stale.join()})`)).toEqual([])
    good(await run().prove(new Load('keys'), [place], { witness: PEOPLE[6] as Person }))
  })

  test('a ban from the server races messages of the banned on other nodes: none is there that was sent after it', async () => {
    const { cluster, hands } = run()
    const { plain, group } = await run().places()
    const [banned, hand] = [PEOPLE[7] as Person, hands[7] as Hand]
    const load = new Load('ban')
    let over = false
    try {
      await populate(load, cluster.nodes, [plain], hands, 50)
      const forbidden: { room: Place['id']; name: string }[] = []
      const tell = sending(load, forbidden, () => over)
      for (const number of [1, 2]) cluster.node(number).database.slow(SLOW)
      const racers = [
        tell(await openDino(node(1).url, banned), plain, MANY / 3),
        tell(await openDdp(node(2).url, banned), plain, MANY / 3),
        tell(await xchat.connect(node(0).url, banned, hand), group, MANY / 3),
      ]
      await sleep(300)
      const chief = await openDino(node(0).url, CHIEF)
      const answer = await chief.ask('ban', {
        verb: 'ban',
        target: { objectType: 'global' },
        object: { id: banned.id, summary: '1h' },
      })
      over = true
      expect(answer.status_code).toBe(200)
      const row = `conclave.accounts r WHERE r.id = ${banned.id}`
      const written = `e.class = 'm' AND e.actor = ${banned.id}`
      const acked = await Promise.all(racers)
      expect(acked.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0)
      for (const { id } of [plain, group]) expect(await run().committedAfter(row, id, written)).toEqual([])
      for (const number of [1, 2]) cluster.node(number).database.heal()
      // Nobody has it easier afterwards, at any node and on any wire.
      for (const each of cluster.nodes) {
        await expect(openDino(each.url, banned)).rejects.toThrow(/refused|ended|not open/)
        await expect(openDdp(each.url, banned)).rejects.toThrow(/refused|ended/)
        const message = (await xchat.connect(each.url, banned, hand)).message(group, '')
        const refused = await request(
          each.url,
          banned.token,
          'POST',
          `/2/chat/conversations/${group.group?.id}/messages`,
          message.body as object,
        )
        expect([401, 403]).toContain(refused.status)
      }
      chief.close()
      await load.quiet()
      good(await run().prove(load, [plain, group], { forbidden }))
      await lift(banned)
    } finally {
      await load.end()
    }
  })

  async function lift({ id }: Person): Promise<void> {
    const body = { user_id: id, global: true }
    const answer = await request(node(0).url, CHIEF.token, 'DELETE', '/dino/ban', body)
    expect(answer.body).toMatchObject({ status_code: 200 })
  }
}

/** Sends so many messages, WINDOW at a time, as long as the connection lasts; resolves to how many were acked. Those that
 * begin when it is over are not to be there. */
function sending(load: Load, forbidden: { room: Place['id']; name: string }[], over: () => boolean) {
  return async (connection: Connection, place: Place, count: number): Promise<number> => {
    let acked = 0
    let left = count
    const one = async (): Promise<void> => {
      while (left-- > 0 && !connection.closed) {
        const message = connection.message(place, `ban ${randomBytes(6).toString('hex')}`)
        const record = load.record(place, message.name)
        if (over()) forbidden.push({ room: place.id, name: message.name })
        const answer = await connection.send(place, message).catch(() => null)
        if (!answer?.acked) continue
        Object.assign(record, answer)
        acked++
      }
    }
    await Promise.all(Array.from({ length: WINDOW }, one))
    connection.close()
    return acked
  }
}
