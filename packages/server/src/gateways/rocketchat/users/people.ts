// Users as this wire knows them: the account, which all wires share, and beside it a document of what only this one keeps
// (decisions/0006). Both change in one item, so a change holds whole or not at all.
import type { UserId } from '@conclave/wire'
import type { AccountChange } from '../../../identity/account-form.ts'
import type { Beside, NewAccount } from '../../../identity/accounts.ts'
import { Cache } from '../../../identity/cache.ts'
import type { PasswordText } from '../../../identity/passwords.ts'
import { type IdentityRejection, isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import type { Row } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'

const KIND = 'rocketchat.user'

export const STATUSES = ['online', 'away', 'busy', 'offline'] as const
export type ShownStatus = (typeof STATUSES)[number]

/** What this wire alone keeps of a user. */
export interface Profile {
  readonly type: 'user' | 'bot'
  /** Addresses that are known to be the user's. */
  readonly verified: readonly string[]
  readonly bio: string | null
  readonly nickname: string | null
  readonly customFields: Readonly<Record<string, unknown>>
  readonly statusText: string
  /** What the user wants to be while a session is there. */
  readonly statusDefault: ShownStatus
  /** Set by hand while no session was there, until the next one. */
  readonly statusSet: ShownStatus | null
  readonly preferences: Readonly<Record<string, unknown>>
  readonly language: string | null
  readonly utcOffset: number
  readonly requirePasswordChange: boolean
  readonly requirePasswordChangeReason: string | null
  /** Another one with every picture; null without one. */
  readonly avatarETag: string | null
  /** ms since 1970 of the newest log-in by password; null before the first. */
  readonly lastLogin: number | null
}

const BLANK: Profile = {
  type: 'user',
  verified: [],
  bio: null,
  nickname: null,
  customFields: {},
  statusText: '',
  statusDefault: 'online',
  statusSet: null,
  preferences: {},
  language: null,
  utcOffset: 0,
  requirePasswordChange: false,
  requirePasswordChangeReason: null,
  avatarETag: null,
  lastLogin: null,
}

export interface Person {
  readonly account: Account
  readonly email: string | null
  /** ms since 1970. */
  readonly createdAt: number
  readonly profile: Profile
}

/** What is absent stays. */
export interface PersonChange {
  readonly account?: AccountChange
  /** May be made from what stands. */
  readonly profile?: Partial<Profile> | ((profile: Profile) => Partial<Profile>)
  readonly password?: PasswordText
  /** Rows that belong to the change. */
  readonly rows?: readonly Row[]
}

type Beyond = Omit<Person, 'account'>

export class People {
  readonly #parts: GatewayParts
  readonly #known: Cache<Beyond>

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#known = new Cache(user => this.#read(user as UserId))
    const prefix = `${KIND}/`
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed') return
      if (message.of === 'account') this.#known.forget(message.id)
      else if (message.of === 'document' && message.id.startsWith(prefix))
        this.#known.forget(message.id.slice(prefix.length))
    })
  }

  async #read(user: UserId): Promise<Beyond> {
    const [registered, document] = await Promise.all([
      this.#parts.identity.registered(user),
      this.#parts.reading.document(KIND, user),
    ])
    return { ...registered, profile: profileOf(document?.body) }
  }

  async of(user: UserId): Promise<Person | undefined> {
    const { accounts } = this.#parts.identity
    const account = accounts.peek(user) ?? (await accounts.load(user))
    return account && this.about(account)
  }

  async about(account: Account): Promise<Person> {
    const beyond = this.#known.peek(account.id) ?? (await this.#known.load(account.id))
    return { account, ...(beyond as Beyond) }
  }

  /** Made with its profile, together. */
  async create(user: NewAccount, profile: Partial<Profile>): Promise<Person | IdentityRejection> {
    const beside: Beside = async ({ id }) => this.#proposal(id, { profile })
    const made = await this.#parts.identity.users.create(user, beside)
    if (isRefused(made)) return made
    this.#told(made.id)
    return this.about(made)
  }

  /** By the user, or by somebody who may change others. */
  async change(user: UserId, change: PersonChange): Promise<Person | IdentityRejection> {
    const { identity } = this.#parts
    const hashed = change.password === undefined ? undefined : await identity.hashPassword(change.password)
    if (hashed && isRefused(hashed)) return hashed
    const password: Row[] = hashed ? [{ put: 'password', user, hash: hashed.hash }] : []
    const rows = [...password, ...(change.rows ?? [])]
    const beside: Beside = async () => this.#proposal(user, { ...change, rows })
    const changed = await identity.users.changeOwn(user, change.account ?? {}, beside)
    if (isRefused(changed)) return changed
    this.#told(user)
    return this.about(changed)
  }

  async #proposal(user: UserId, { profile, rows = [] }: PersonChange): ReturnType<Beside> {
    if (profile === undefined) return { guards: [], rows }
    const document = await this.#parts.reading.document(KIND, user)
    const before = profileOf(document?.body)
    const after = { ...before, ...(typeof profile === 'function' ? profile(before) : profile) }
    const body = JSON.stringify(after)
    if (body === document?.body) return { guards: [], rows }
    return {
      guards: [{ of: 'document', id: `${KIND}/${user}`, version: document?.version ?? 0 }],
      rows: [...rows, { put: 'document', document: { kind: KIND, key: user, owner: user, body, dueAt: null } }],
    }
  }

  #told(user: UserId): void {
    this.#known.forget(user)
    this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: `${KIND}/${user}` })
  }
}

function profileOf(body: string | undefined): Profile {
  return body === undefined ? BLANK : { ...BLANK, ...JSON.parse(body) }
}
