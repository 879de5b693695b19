// What users let apps do: one document per log-in, from its code to its last token. Every text that it hands out begins
// with the document's key, so that a text of long ago still finds its log-in: one that comes twice ends it (RFC 9700
// sections 2.1.1 and 4.14). Only hashes are kept; the tokens themselves stand among all others and end like these.
import { timingSafeEqual } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { TOKEN_ID } from '../../../identity/limits.ts'
import { OFFLINE } from '../../../identity/scopes.ts'
import { hashOf } from '../../../identity/tokens.ts'
import { ATTEMPTS } from '../../../limits.ts'
import type { Account } from '../../../room/facts.ts'
import type { Document, Guard, Row, Token } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { ACCESS, ACCESS_TOKENS, CODE, DUE, GRANTS, KEY_BYTES, REFRESH, SECRET_BYTES } from './limits.ts'

const KIND = 'xchat.grant'
const ISSUER = 'xchat'

/** What the user agreed to. */
export interface Consent {
  readonly app: string
  readonly user: UserId
  readonly scopes: readonly string[]
  readonly redirect: string
  /** Base64url SHA-256 of the verifier (RFC 7636). */
  readonly challenge: string
  /** The token that the user signed in with, which bounds what comes of it; null with a password. */
  readonly by: { readonly id: string; readonly expiresAt: number | null } | null
}

interface Body extends Consent {
  readonly createdAt: number
  /** Of the code, kept for as long as the log-in to know it again. */
  readonly code: string
  readonly used: boolean
  /** Of the refresh token that is good now. */
  readonly refresh: string | null
  /** Oldest first. */
  readonly access: readonly { readonly hash: string; readonly expiresAt: number }[]
}

/** A log-in as it stood when it was read. */
export interface Grant extends Body {
  readonly key: string
  readonly version: number
  /** ms since 1970 when the code ends, or everything. */
  readonly dueAt: number
}

export interface Issued {
  readonly access: string
  readonly refresh: string | null
  /** ms that the access token lives. */
  readonly lifetime: number
}

type Parts = Pick<GatewayParts, 'clock' | 'random' | 'identity' | 'reading' | 'write'>

export class Grants {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A code for an app; null where the user was changed meanwhile, as by a ban. */
  async begin(consent: Consent, account: Account): Promise<string | null> {
    const { random, clock } = this.#parts
    await this.#makeRoom(consent.user)
    const key = Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')
    const code = this.#text(key)
    const now = clock.now()
    const { app, user, scopes, redirect, challenge, by } = consent
    const fresh = { createdAt: now, code: hashOf(code), used: false, refresh: null, access: [] }
    const body: Body = { app, user, scopes, redirect, challenge, by, ...fresh }
    const guards = [guardOf(key, 0), { of: 'account', id: account.id, version: account.version } as const]
    return (await this.#write(guards, [put(key, body, now + CODE)])) ? code : null
  }

  /** The log-in that a code stands for. A code that was used ends everything that came of it. */
  async ofCode(text: string): Promise<Grant | undefined> {
    const grant = await this.#find(text)
    if (!grant || !sameHash(text, grant.code)) return undefined
    if (!grant.used && grant.dueAt <= this.#parts.clock.now()) return undefined
    if (!grant.used && (await this.#isShownStill(grant))) return grant
    await this.end(grant.key, grant.used ? 'a code came twice' : 'the token that was shown is gone')
    return undefined
  }

  /** Uses the code up, whatever comes then; undefined when somebody was faster, and then both get nothing. */
  async use(grant: Grant): Promise<Grant | undefined> {
    const used = await this.#write(
      [guardOf(grant.key, grant.version)],
      [put(grant.key, { ...bodyOf(grant), used: true }, grant.dueAt)],
    )
    if (used) return this.#read(grant.key)
    await this.end(grant.key, 'a code came twice')
    return undefined
  }

  /** The log-in that a refresh token stands for, if everything that it rests on is still there. */
  async ofRefresh(text: string): Promise<Grant | undefined> {
    const grant = await this.#find(text)
    if (!grant) return undefined
    const isNewest = grant.refresh !== null && sameHash(text, grant.refresh)
    const whole = isNewest && (await this.#isWhole(grant, text))
    if (whole === true) return grant
    // Who is banned for an hour has done nothing wrong with this token.
    if (whole !== 'later') await this.end(grant.key, isNewest ? 'a part was revoked' : 'a refresh token came twice')
    return undefined
  }

  /** Fresh tokens, the ones before them replaced; null when the log-in was ended or changed meanwhile. */
  async issue(grant: Grant, scopes: readonly string[]): Promise<Issued | null> {
    const { clock, identity } = this.#parts
    const now = clock.now()
    const lifetime = Math.min(ACCESS, lifeOf(grant, now))
    const account = await identity.accounts.load(grant.user)
    if (!account?.active || lifetime <= 0) return null
    const common = { user: grant.user, app: grant.app, parent: grant.by?.id ?? null, issuer: ISSUER } as const
    const [accessText, refreshText] = [this.#text(grant.key), this.#text(grant.key)]
    const access = identity.tokens.draft(
      { ...common, kind: 'user', scopes: scopes.filter(scope => scope !== OFFLINE), lifetime },
      accessText,
    )
    const span = Math.min(REFRESH, lifeOf(grant, now))
    const refresh = grant.scopes.includes(OFFLINE)
      ? identity.tokens.draft({ ...common, kind: 'refresh', scopes: grant.scopes, lifetime: span }, refreshText)
      : null
    const good = grant.access.filter(({ expiresAt }) => expiresAt > now)
    const kept = good.slice(-(ACCESS_TOKENS - 1))
    const body: Body = {
      ...bodyOf(grant),
      refresh: refresh?.hash ?? null,
      access: [...kept, { hash: access.hash, expiresAt: now + lifetime }],
    }
    const gone = [
      ...good.slice(0, good.length - kept.length).map(({ hash }) => hash),
      ...(grant.refresh ? [grant.refresh] : []),
    ]
    const tokens: readonly Token[] = refresh ? [access, refresh] : [access]
    const written = await this.#write(
      [guardOf(grant.key, grant.version), { of: 'account', id: account.id, version: account.version }],
      [
        ...gone.map(hash => ({ drop: 'token', hash }) as const),
        ...tokens.map(token => ({ put: 'token', token }) as const),
        put(grant.key, body, now + (refresh ? span : lifetime)),
      ],
    )
    if (!written) return null
    identity.tokens.ended(gone.map(tokenId), 'replaced')
    return { access: accessText, refresh: refresh && refreshText, lifetime }
  }

  /** What an app gives back: the log-in of one of its own texts, to be ended. */
  async ofAny(text: string): Promise<Grant | undefined> {
    const grant = await this.#find(text)
    const hashes = grant
      ? [grant.code, ...grant.access.map(({ hash }) => hash), ...(grant.refresh ? [grant.refresh] : [])]
      : []
    return hashes.some(hash => sameHash(text, hash)) ? grant : undefined
  }

  /** Ends a log-in with every token that came of it. */
  async end(key: string, reason: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const grant = await this.#read(key)
      if (!grant) return
      const hashes = [...grant.access.map(({ hash }) => hash), ...(grant.refresh ? [grant.refresh] : [])]
      const rows = [
        ...hashes.map(hash => ({ drop: 'token', hash }) as const),
        { drop: 'document', kind: KIND, key } as const,
      ]
      if (!(await this.#write([guardOf(key, grant.version)], rows))) continue
      this.#parts.identity.tokens.ended(hashes.map(tokenId), reason)
      return
    }
    throw new Error('a log-in of an app could not be ended')
  }

  /** Drops log-ins that are over. On two nodes at once the second finds nothing. */
  async sweep(): Promise<void> {
    const { reading, clock } = this.#parts
    for (;;) {
      const due = await reading.dueDocuments(KIND, clock.now(), DUE)
      for (const { key, version } of due)
        await this.#write([guardOf(key, version)], [{ drop: 'document', kind: KIND, key }])
      if (due.length < DUE) return
    }
  }

  /** `later`: everything is there, but the user may not come in now. */
  async #isWhole(grant: Grant, text: string): Promise<boolean | 'later'> {
    const { identity, clock } = this.#parts
    const found = await identity.tokens.refreshed(text)
    if ('refused' in found) return found.refused === 'banned' || found.refused === 'inactive' ? 'later' : false
    const now = clock.now()
    const needed = grant.access.filter(({ expiresAt }) => expiresAt > now).map(({ hash }) => tokenId(hash).id)
    for (const id of needed) if (!(await identity.tokens.find(id))) return false
    return (await this.#isShownStill(grant)) && lifeOf(grant, now) > 0
  }

  /** The token that the user signed in with, where there was one. */
  async #isShownStill({ by }: Grant): Promise<boolean> {
    return by === null || (await this.#parts.identity.tokens.find(by.id)) !== undefined
  }

  async #makeRoom(user: UserId): Promise<void> {
    const held = (await this.#parts.reading.documents(KIND, { owner: user, limit: GRANTS })).map(grantOf)
    if (held.length < GRANTS) return
    const oldest = held.reduce((one, other) => (other.createdAt < one.createdAt ? other : one))
    await this.end(oldest.key, 'too many log-ins of apps')
  }

  #text(key: string): string {
    return `${key}.${Buffer.from(this.#parts.random.bytes(SECRET_BYTES)).toString('base64url')}`
  }

  async #find(text: string): Promise<Grant | undefined> {
    const [, key] = TEXT.exec(text) ?? []
    return key === undefined ? undefined : this.#read(key)
  }

  async #read(key: string): Promise<Grant | undefined> {
    const document = await this.#parts.reading.document(KIND, key)
    return document && grantOf(document)
  }

  /** false when something that was seen is another now. */
  async #write(guards: readonly Guard[], rows: readonly Row[]): Promise<boolean> {
    const { outcome } = await this.#parts.write({ guards, append: null, rows })
    return outcome === 'committed'
  }
}

/** A key and a secret. */
const TEXT = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/

function grantOf({ key, version, body, dueAt }: Document): Grant {
  return { ...(JSON.parse(body) as Body), key, version, dueAt: dueAt ?? 0 }
}

function bodyOf({ key: _, version: __, dueAt: ___, ...body }: Grant): Body {
  return body
}

function put(key: string, body: Body, dueAt: number): Row {
  return { put: 'document', document: { kind: KIND, key, owner: body.user, body: JSON.stringify(body), dueAt } }
}

function guardOf(key: string, version: number): Guard {
  return { of: 'document', id: `${KIND}/${key}`, version }
}

/** ms for which the log-in may still last. */
function lifeOf({ by }: Grant, now: number): number {
  return by?.expiresAt == null ? REFRESH : by.expiresAt - now
}

function tokenId(hash: string): Pick<Token, 'id'> {
  return { id: hash.slice(0, TOKEN_ID) }
}

function sameHash(text: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(text)), Buffer.from(hash))
}
