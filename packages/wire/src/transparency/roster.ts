/** Who is in a room and under which key, as the entries of its chain leave it. `null`: entries that the reader may not see
 * came last, and nothing since has said it. An entry of a kind that is not known here changes nothing: whoever it lets in
 * is then a ghost. */
import { type Fields, textIn, textsIn } from './links.ts'

export interface Roster {
  readonly suite: string | null
  /** The two users of a direct room. */
  readonly pair: readonly [string, string] | null
  readonly members: ReadonlySet<string> | null
  readonly admins: ReadonlySet<string> | null
  /** The newest conversation key's version; null before the first. */
  readonly epoch: string | null
  readonly removed: boolean
}

export const UNKNOWN: Roster = { suite: null, pair: null, members: null, admins: null, epoch: null, removed: false }

/** The roster after an entry's body, as the server applies it. */
export function follow(roster: Roster, body: Fields): Roster {
  switch (body.type) {
    case 'room.created': {
      const [a, b] = textsIn(body, 'pair') ?? []
      return {
        suite: textIn(body, 'suite') ?? null,
        pair: a !== undefined && b !== undefined ? [a, b] : null,
        members: new Set(textsIn(body, 'members') ?? []),
        admins: new Set(textsIn(body, 'owners') ?? []),
        epoch: null,
        removed: false,
      }
    }
    case 'members.added':
      return { ...roster, members: roster.members && new Set([...roster.members, ...(textsIn(body, 'users') ?? [])]) }
    case 'members.removed': {
      const gone = new Set(textsIn(body, 'users') ?? [])
      // As on the server: roles of encrypted rooms go with membership.
      const admins = roster.suite === 'none' ? roster.admins : roster.admins && without(roster.admins, gone)
      return { ...roster, members: roster.members && without(roster.members, gone), admins }
    }
    case 'roles.changed': {
      if (body.role !== 'owner' || roster.admins === null) return roster
      const user = textIn(body, 'user') ?? ''
      const admins = body.granted === true ? [...roster.admins, user] : without(roster.admins, new Set([user]))
      return { ...roster, admins: new Set(admins) }
    }
    case 'epoch.opened':
      return { ...roster, epoch: textIn(body, 'version') ?? null }
    case 'suite.switched':
      // Nobody gets around what X's members sign by calling the room another one.
      if (roster.suite === 'xchat') return roster
      return { ...roster, suite: textIn(body, 'suite') ?? null }
    case 'room.removed':
      return { ...roster, members: new Set(), removed: true }
    default:
      return roster
  }
}

export function without(set: ReadonlySet<string>, gone: ReadonlySet<string>): Set<string> {
  const kept = new Set<string>()
  for (const one of set) if (!gone.has(one)) kept.add(one)
  return kept
}
