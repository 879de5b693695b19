// Whispers inside of a text (dino.md section 4, `message`): a JSON content whose `text` has words that begin with a dash
// goes to the users so named and to its sender alone. A name that nobody has says nothing, and a text without any other
// is a plain message; but once somebody is named the text is never shown to everybody, not even when they have gone.
import type { UserId } from '@conclave/wire'
import { MESSAGE_TEXT, WHISPERED } from '../../limits.ts'
import type { Account } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { plainUserName } from './names.ts'

export interface Whisper {
  /** Who may see it besides the sender. */
  readonly to: readonly UserId[]
  /** The named users by the names that the embedding site knows them by. */
  readonly names: readonly string[]
}

const PUNCTUATION = /[,.'!)(]/g
const PUNCTUATION_AROUND = /^[,.'!)(]+|[,.'!)(]+$/g

/** The names behind dashes, each once, as the real server reads them: one dash and all punctuation taken away. */
export function whisperNames(text: string): ReadonlySet<string> {
  return new Set(dashed(text).map(word => word.replace(PUNCTUATION, '')))
}

function dashed(text: string): string[] {
  const words = text.split(/\s+/)
  return words.filter(word => word.startsWith('-')).map(word => word.slice(1))
}

/** False for a content that is no JSON with a text, at a glance. */
export function mayWhisper(content: string): boolean {
  return content.length <= MESSAGE_TEXT && content.trimStart().startsWith('{')
}

/** What a content says where it is JSON with a text; undefined for any other. */
export function spokenText(content: string): string | undefined {
  if (!mayWhisper(content)) return undefined
  try {
    const value: unknown = JSON.parse(content)
    const text = typeof value === 'object' && value !== null ? (value as { text?: unknown }).text : undefined
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}

/** null for a text that whispers to nobody; `too many` for one with more names than a whisper may have. */
export async function whisperIn(
  parts: GatewayParts,
  room: RoomState,
  content: string,
): Promise<Whisper | null | 'too many'> {
  const text = spokenText(content)
  const words =
    text === undefined ? [] : [...new Set(dashed(text))].filter(word => word.replace(PUNCTUATION, '') !== '')
  if (words.length === 0) return null
  if (words.length > WHISPERED) return 'too many'
  const people = new People(parts, room)
  const to = new Set<UserId>()
  const names = new Set<string>()
  for (const word of words) {
    const named = await people.named(word)
    if (!named) continue
    names.add(named.name)
    if (named.user !== null) to.add(named.user)
  }
  return names.size === 0 ? null : { to: [...to], names: [...names] }
}

/** `user` null: nobody gets it, for the account is disabled, or several show themselves under this name and none of them
 * is meant for certain. */
interface Named {
  readonly name: string
  readonly user: UserId | null
}

/** Users by name: everybody by their user name, those who are in the room or belong to it also by the name they show. */
class People {
  readonly #parts: GatewayParts
  readonly #room: RoomState
  #shown: Promise<ReadonlyMap<string, Named>> | undefined

  constructor(parts: GatewayParts, room: RoomState) {
    this.#parts = parts
    this.#room = room
  }

  /** `word`: what stood behind the dash. A name may have dots of its own, so they go only where nobody is so called. */
  async named(word: string): Promise<Named | undefined> {
    for (const name of new Set([word.replace(PUNCTUATION_AROUND, ''), word.replace(PUNCTUATION, '')])) {
      // A user name is one person's own, whatever others show.
      const account = await this.#parts.identity.users.find({ username: name })
      if (account) return { name: account.username, user: account.active ? account.id : null }
      this.#shown ??= this.#read()
      const shown = (await this.#shown).get(folded(name))
      if (shown) return shown
    }
    return undefined
  }

  async #read(): Promise<ReadonlyMap<string, Named>> {
    const { identity, occupancy } = this.#parts
    const { id, members, roles } = this.#room
    const users = new Set<UserId>([...members.keys(), ...roles.keys()])
    for (const { user } of await occupancy.occupants(id)) users.add(user)
    const shown = new Map<string, Named>()
    for (const user of users) {
      const account = identity.accounts.peek(user) ?? (await identity.accounts.load(user))
      if (account?.active) add(shown, account)
    }
    return shown
  }
}

function add(shown: Map<string, Named>, account: Account): void {
  const name = plainUserName(account)
  const key = folded(name)
  shown.set(key, { name, user: shown.has(key) ? null : account.id })
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
