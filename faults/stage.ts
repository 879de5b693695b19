// Who takes part, where, and how each fault gets a plain room and an X group of its own.
import { type RoomId, uuidOf } from '@conclave/wire'
import { enroll, type Group, type Hand, makeGroup } from '../conformance/xchat/hand.ts'
import { subscribe } from '../conformance/xchat/listener.ts'
import { tokenOf } from '../conformance/xchat/start.ts'
import type { Load, Node } from './load.ts'
import { dino } from './wires/dino.ts'
import { rocketchat } from './wires/rocketchat.ts'
import type { Person, Place, Wire } from './wires/wire.ts'
import { xchat } from './wires/xchat.ts'

/** Whether everything lasts as long as it is to be proved for; else it is short, for every run of the tests. */
export const FULL = process.env.CONCLAVE_TEST_FAULTS === 'full'

export const WIRES: readonly Wire[] = [dino, rocketchat, xchat]

function person(number: number): Person {
  const id = String(5_000 + number)
  return { id, username: `user${id}`, token: tokenOf(id) }
}

/** Members of every place: three that write over each wire, three that read. */
export const PEOPLE: readonly Person[] = Array.from({ length: 12 }, (_, number) => person(number))
/** Members of none, to be added. */
export const OTHERS: readonly Person[] = Array.from({ length: 60 }, (_, number) => person(100 + number))

/** May ban from the whole server; a member of nothing. */
export const CHIEF: Person = person(99)

export const EVERYBODY: readonly Person[] = [...PEOPLE, ...OTHERS, CHIEF]

/** A world with so many plain rooms, by the refs `r0`, `r1` and so on. */
export function worldOf(rooms: number) {
  const users = EVERYBODY.map(each => ({
    id: each.id,
    username: each.username,
    name: each.username,
    tokens: [each.token],
    roles: each === CHIEF ? ['superuser'] : [],
  }))
  return {
    users,
    channels: [{ ref: 'c', name: 'faults', owners: [PEOPLE[0]?.id] }],
    rooms: Array.from({ length: rooms }, (_, number) => ({
      ref: `r${number}`,
      channel: 'c',
      name: `room ${number}`,
      kind: 'public',
      owners: [PEOPLE[0]?.id],
      members: PEOPLE.map(({ id }) => id),
    })),
  }
}

/** Settings that the loads need. */
export const CONFIG = { limits: { flood: 100_000 } }

/** Public keys for everybody who writes or reads over X, and the subscriptions of who reads. */
export async function introduce(url: string): Promise<readonly Hand[]> {
  const hands = await Promise.all(PEOPLE.map(({ id }) => enroll(url, id)))
  for (const { id, token } of PEOPLE.slice(9))
    for (const type of ['chat.received', 'chat.sent']) await subscribe(url, token, type, id)
  return hands
}

export function plainPlace(id: RoomId): Place {
  return { id, uuid: uuidOf(id), group: null }
}

export function groupPlace(group: Group): Place {
  const id = group.id.slice(1) as RoomId
  return { id, uuid: uuidOf(id), group }
}

/** Of everybody; the first writer over X made it. */
export async function newGroup(url: string, hands: readonly Hand[]): Promise<Place> {
  return groupPlace(await makeGroup(url, hands[6] as Hand, hands))
}

/** A writer and a reader of every wire on every node. Resolves when the readers listen. */
export async function populate(
  load: Load,
  nodes: readonly Node[],
  places: readonly Place[],
  hands: readonly Hand[],
  pace?: number,
): Promise<void> {
  const readers: Promise<void>[] = []
  for (const place of places) {
    for (const [at, wire] of WIRES.entries()) {
      for (const [i, node] of nodes.entries()) {
        const reader = 9 + (i % 3)
        const role = { wire, node, place }
        if (wire.hears(place))
          readers.push(load.read({ ...role, person: PEOPLE[reader] as Person, hand: hands[reader] as Hand }))
      }
      await Promise.all(readers)
      for (const [i, node] of nodes.entries()) {
        const writer = at * 3 + (i % 3)
        if (wire.sends(place))
          load.write({ wire, node, place, person: PEOPLE[writer] as Person, hand: hands[writer] as Hand }, pace)
      }
    }
  }
}
