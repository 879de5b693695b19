// Whom a message names: in a plain one by its text, in an encrypted one by what its client says beside it. Names that
// nobody has are none.
import { MENTIONED } from '../../../limits.ts'
import type { Mentions } from '../../../room/events.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import type { Caller, Gate } from '../gate.ts'
import { MESSAGE_CHANNELS } from '../limits.ts'
import { ridOf, typeOf } from '../names.ts'

const USER = /(?:^|[\s.,:;!?"'([{>*_~|/-])@([\p{L}\p{N}_.-]{1,128})/gu
const CHANNEL = /(?:^|[\s.,:;!?"'([{>*_~|/-])#([\p{L}\p{N}_.-]{1,128})/gu

/** undefined where nobody is named. */
export function mentionsInText(
  gate: Gate,
  caller: Caller,
  room: RoomState,
  text: string,
): Promise<Mentions | undefined> | undefined {
  return text.includes('@') ? mentionsOf(gate, caller, room, namesIn(text, USER)) : undefined
}

/** `names`: as clients write them, `@alice`. */
export function mentionsNamed(
  gate: Gate,
  caller: Caller,
  room: RoomState,
  names: unknown,
): Promise<Mentions | undefined> | undefined {
  if (!Array.isArray(names)) return undefined
  const texts = names.filter(name => typeof name === 'string').map(name => name.replace(/^@/, ''))
  return texts.length > 0 ? mentionsOf(gate, caller, room, texts) : undefined
}

async function mentionsOf(
  { parts, permissions }: Gate,
  { account }: Caller,
  room: RoomState,
  names: readonly string[],
): Promise<Mentions | undefined> {
  const users = new Map<string, Mentions['users'][number]>()
  const groups = new Set<'all' | 'here'>()
  for (const name of new Set(names)) {
    if (name === 'all' || name === 'here') {
      if (permissions.may(account, `mention-${name}`, room)) groups.add(name)
      continue
    }
    if (users.size >= MENTIONED) break
    const stop = END_OF_SENTENCE.exec(name)?.index ?? name.length
    const named =
      (await accountNamed(parts, name)) ??
      (stop < name.length ? await accountNamed(parts, name.slice(0, stop)) : undefined)
    if (named) users.set(named.id, { id: named.id, username: named.username, name: named.name })
  }
  if (users.size === 0 && groups.size === 0) return undefined
  return { users: [...users.values()], groups: [...groups] }
}

/** May be part of a name, and be none of it. */
const END_OF_SENTENCE = /[.-]+$/

async function accountNamed({ identity }: Gate['parts'], username: string) {
  const account = username === '' ? undefined : await identity.users.find({ username })
  return account?.active ? account : undefined
}

/** Public rooms that the text names and that its sender may see. */
export async function channelsIn({ parts }: Gate, { account }: Caller, text: string): Promise<Document[]> {
  if (!text.includes('#')) return []
  const channels: Document[] = []
  for (const name of [...new Set(namesIn(text, CHANNEL))].slice(0, MESSAGE_CHANNELS)) {
    for (const { id } of await parts.reading.named(name)) {
      const found = await parts.reading.room(id)
      if (!found || typeOf(found.room) !== 'c' || !parts.reading.mayList(account, found.room, found.channel)) continue
      channels.push({ _id: ridOf(found.room), name, fname: found.room.name ?? name })
      break
    }
  }
  return channels
}

/** At most as many as are looked up. */
function namesIn(text: string, pattern: RegExp): string[] {
  const names: string[] = []
  for (const [, name] of text.matchAll(pattern)) {
    if (names.length >= MENTIONED) break
    names.push(name as string)
  }
  return names
}
