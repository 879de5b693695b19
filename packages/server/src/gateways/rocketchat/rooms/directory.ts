// The directory: which channels there are, and who has an account, searched and sorted.
import type { Account } from '../../../room/facts.ts'
import type { Document } from '../encode.ts'
import { DIRECTORY_USERS } from '../limits.ts'
import type { Call } from '../method.ts'
import type { Page } from '../rest/page.ts'
import { emailsOf, openDocument } from '../users/documents.ts'
import { everybody } from '../users/everybody.ts'
import { compare, isNamed } from './members.ts'
import { may } from './room-acts.ts'
import { roomDocument } from './room-document.ts'
import { named, ownRooms, publicRooms, sorted } from './rooms-list.ts'
import { countOfRooms, visibleTeams } from './teams.ts'

export interface Browsed extends Page {
  readonly type: 'channels' | 'users' | 'teams'
  readonly text: string
  readonly sortBy: string
  readonly descending: boolean
}

export interface Found {
  readonly results: Document[]
  readonly total: number
}

/** null: the caller may not look at that. */
export async function browse(call: Call, asked: Browsed): Promise<Found | null> {
  if (asked.type === 'users') return users(call, asked)
  return asked.type === 'teams' ? teams(call, asked) : channels(call, asked)
}

async function channels(call: Call, { text, sortBy, descending, offset, count }: Browsed): Promise<Found | null> {
  if (!may(call, 'view-c-room')) return null
  const { gate, caller } = call
  const open = await publicRooms(gate, caller)
  const known = new Set(open.map(({ id }) => id))
  const own = (await ownRooms(gate, caller, 'p')).filter(({ id }) => !known.has(id))
  const whole = sorted(named([...open, ...own], text), JSON.stringify({ [sortBy]: descending ? -1 : 1 }))
  // A sort keeps the order of equals: featured ones first, and each half as it was.
  whole.sort((a, b) => Number(b.config.featured) - Number(a.config.featured))
  const part = whole.slice(offset, offset + count)
  return { results: await Promise.all(part.map(room => roomDocument(gate.parts, room))), total: whole.length }
}

/** Those that are open to everybody, and the caller's own. */
async function teams(call: Call, { text, sortBy, descending, offset, count }: Browsed): Promise<Found> {
  const { gate } = call
  const seen = await visibleTeams(call)
  const whole = sorted(named(seen, text), JSON.stringify({ [sortBy]: descending ? -1 : 1 }))
  const shown = whole.slice(offset, offset + count).map(async room => ({
    ...(await roomDocument(gate.parts, room)),
    roomsCount: await countOfRooms(gate, room),
  }))
  return { results: await Promise.all(shown), total: whole.length }
}

/** Addresses are shown, and searched, for those alone who may see everything of others. */
async function users(call: Call, { text, sortBy, descending, offset, count }: Browsed): Promise<Found | null> {
  if (!may(call, 'view-outside-room') || !may(call, 'view-d-room')) return null
  const { gate } = call
  const sees = may(call, 'view-full-other-user-info')
  const needle = text.toLowerCase()
  const found: { readonly account: Account; readonly key: string | number }[] = []
  for await (const account of everybody(gate, call.caller.account.id)) {
    if (!account.active) continue
    // What lies beside an account is read only where it is asked for: there may be very many.
    const byName = isNamed(account, needle)
    const known = byName || (sees && (await gate.people.about(account)).email?.toLowerCase().includes(needle))
    if (known && found.push({ account, key: await keyOf(account) }) >= DIRECTORY_USERS) break
  }
  async function keyOf(account: Account): Promise<string | number> {
    if (sortBy === 'createdAt') return (await gate.people.about(account)).createdAt
    if (sortBy === 'email' && sees) return (await gate.people.about(account)).email ?? ''
    return sortBy === 'name' ? account.name : account.username
  }
  const turn = descending ? -1 : 1
  found.sort(({ key: a }, { key: b }) => turn * (typeof a === 'number' ? a - (b as number) : compare(a, b as string)))
  const shown = found.slice(offset, offset + count).map(async ({ account }) => {
    const person = await gate.people.about(account)
    return {
      ...(await openDocument(gate, person)),
      createdAt: new Date(person.createdAt),
      ...(sees ? { emails: emailsOf(person) } : {}),
    }
  })
  return { results: await Promise.all(shown), total: found.length }
}
