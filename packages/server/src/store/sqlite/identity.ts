// Users, tokens, apps, channels, keys and the small tables beside them: reading and writing of single rows.
// Unique names are checked by commit.ts before anything of an item is written.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChannelId, UserId } from '@conclave/wire'
import { type ChainHead, NO_HEAD, toHex } from '@conclave/wire/transparency/chain'
import type { Account, Channel, KeySet, PublicKey } from '../../room/facts.ts'
import { type ChainDraft, linkOfKey, startOfKeys } from '../chains.ts'
import { foldName } from '../projection.ts'
import type { App, Guard, HeldKeyPair, IdentityRow, KeyLogEntry, Token } from '../store.ts'

const ACCOUNT = 'CAST(id AS TEXT) AS id, version, username, body'
const TOKEN = 'hash, id, kind, CAST(user AS TEXT) AS user, app, scopes, parent, issuer, created_at, expires_at'

/** Statements by what they do, in the words of the port. */
const SQL = {
  account: `SELECT ${ACCOUNT} FROM accounts WHERE id = ?`,
  accountNamed: `SELECT ${ACCOUNT} FROM accounts WHERE folded_username = ?`,
  accountByEmail: `SELECT ${ACCOUNT} FROM accounts WHERE folded_email = ?`,
  accounts: `SELECT ${ACCOUNT} FROM accounts WHERE accounts.id > ? ORDER BY accounts.id LIMIT ?`,
  email: 'SELECT email FROM accounts WHERE id = ?',
  createdAt: 'SELECT created_at AS at FROM accounts WHERE id = ?',
  password: 'SELECT hash FROM passwords WHERE user = ?',
  token: `SELECT ${TOKEN} FROM tokens WHERE hash = ?`,
  tokenWithId: 'SELECT hash FROM tokens WHERE id = ?',
  tokensOf: `SELECT ${TOKEN} FROM tokens WHERE tokens.user = ? ORDER BY id`,
  tokens: `SELECT ${TOKEN} FROM tokens WHERE hash > ? ORDER BY hash LIMIT ?`,
  app: 'SELECT id, secret, CAST(owner AS TEXT) AS owner, redirects FROM apps WHERE id = ?',
  channel: 'SELECT CAST(id AS TEXT) AS id, version, body FROM channels WHERE id = ?',
  channels: 'SELECT CAST(id AS TEXT) AS id, version, body FROM channels ORDER BY channels.id',
  keys: 'SELECT body FROM public_keys WHERE user = ? ORDER BY number',
  keyOfVersion: 'SELECT 1 AS one FROM public_keys WHERE user = ? AND version = ?',
  keyPair: 'SELECT public_key AS publicKey, private_key AS privateKey, since FROM key_pairs WHERE user = ?',
  keyLog: `SELECT CAST(l.user AS TEXT) AS user, l.number, l.at, l.kind, l.fingerprint, l.hash, k.body AS key
    FROM key_log l LEFT JOIN public_keys k ON k.user = l.user AND k.version = l.version
    WHERE l.user = ? AND l.number > ? ORDER BY l.number LIMIT ?`,
  ref: 'SELECT CAST(id AS TEXT) AS id FROM refs WHERE kind = ? AND ref = ?',
  words: 'SELECT word FROM words ORDER BY word',
  meta: 'SELECT value FROM meta WHERE key = ?',
  versionOfAccount: 'SELECT version FROM accounts WHERE id = ?',
  versionOfChannel: 'SELECT version FROM channels WHERE id = ?',
  versionOfKeys: 'SELECT max(number) AS version FROM public_keys WHERE user = ?',
  lastOfKeyLog: 'SELECT number, hash FROM key_log WHERE user = ? ORDER BY number DESC LIMIT 1',

  putAccount: `INSERT INTO accounts (id, version, username, email, folded_username, folded_email, created_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, username = excluded.username, email = excluded.email,
      folded_username = excluded.folded_username, folded_email = excluded.folded_email, body = excluded.body`,
  putPassword: 'INSERT OR REPLACE INTO passwords (user, hash) VALUES (?, ?)',
  dropPassword: 'DELETE FROM passwords WHERE user = ?',
  putToken: `INSERT OR REPLACE INTO tokens (hash, id, kind, user, app, scopes, parent, issuer, created_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  dropToken: 'DELETE FROM tokens WHERE hash = ?',
  dropWord: 'DELETE FROM words WHERE word = ?',
  putApp: 'INSERT OR REPLACE INTO apps (id, secret, owner, redirects) VALUES (?, ?, ?, ?)',
  putChannel: 'INSERT OR REPLACE INTO channels (id, version, body) VALUES (?, ?, ?)',
  putPublicKey: 'INSERT INTO public_keys (user, number, version, body) VALUES (?, ?, ?, ?)',
  putKeyPair: `INSERT INTO key_pairs (user, public_key, private_key, since) VALUES (?, ?, ?, ?)
    ON CONFLICT (user) DO UPDATE SET public_key = excluded.public_key, private_key = excluded.private_key`,
  dropKeyPair: 'DELETE FROM key_pairs WHERE user = ?',
  putKeyLog: 'INSERT INTO key_log (user, number, at, kind, fingerprint, version, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  putRef: 'INSERT OR REPLACE INTO refs (kind, ref, id) VALUES (?, ?, ?)',
  putWord: 'INSERT OR IGNORE INTO words (word) VALUES (?)',
  putMeta: 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)',
} as const

export class IdentityRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  account(user: UserId): Account | undefined {
    return accountOf(this.#sql.account.get(user))
  }

  accountNamed(username: string): Account | undefined {
    return accountOf(this.#sql.accountNamed.get(foldName(username)))
  }

  accountByEmail(email: string): Account | undefined {
    return accountOf(this.#sql.accountByEmail.get(foldName(email)))
  }

  email(user: UserId): string | null {
    return (this.#sql.email.get(user)?.email as string | null | undefined) ?? null
  }

  createdAt(user: UserId): number | null {
    return (this.#sql.createdAt.get(user)?.at as number | undefined) ?? null
  }

  accounts(after: UserId | null, limit: number): Account[] {
    return this.#sql.accounts.all(after ?? '-1', limit).map(row => accountOf(row) as Account)
  }

  password(user: UserId): string | null {
    return (this.#sql.password.get(user)?.hash as string | undefined) ?? null
  }

  token(hash: string): Token | undefined {
    return tokenOf(this.#sql.token.get(hash))
  }

  /** The hash of the token that has this public id. */
  tokenWithId(id: string): string | undefined {
    return this.#sql.tokenWithId.get(id)?.hash as string | undefined
  }

  tokensOf(user: UserId): Token[] {
    return this.#sql.tokensOf.all(user).map(row => tokenOf(row) as Token)
  }

  tokens(after: string | null, limit: number): Token[] {
    return this.#sql.tokens.all(after ?? '', limit).map(row => tokenOf(row) as Token)
  }

  app(id: string): App | undefined {
    const row = this.#sql.app.get(id)
    if (row === undefined) return undefined
    return {
      id,
      secret: row.secret as string,
      owner: row.owner as UserId,
      redirects: JSON.parse(row.redirects as string) as string[],
    }
  }

  channel(id: ChannelId): Channel | undefined {
    return channelOf(this.#sql.channel.get(id))
  }

  channels(): Channel[] {
    return this.#sql.channels.all().map(row => channelOf(row) as Channel)
  }

  keys(user: UserId): KeySet | undefined {
    const keys = this.#sql.keys.all(user).map(row => JSON.parse(row.body as string) as PublicKey)
    return keys.length === 0 ? undefined : { version: keys.length, keys }
  }

  hasKey(user: UserId, version: string): boolean {
    return this.#sql.keyOfVersion.get(user, version) !== undefined
  }

  keyPair(user: UserId): HeldKeyPair | undefined {
    const row = this.#sql.keyPair.get(user)
    const { publicKey, privateKey, since } = row ?? {}
    return row && { publicKey: publicKey as string, privateKey: privateKey as string, since: Number(since) }
  }

  keyLog(user: UserId, after: number, limit: number): KeyLogEntry[] {
    return this.#sql.keyLog.all(user, after, limit).map(row => {
      const key = row.key === null ? null : (JSON.parse(row.key as string) as PublicKey)
      return { ...row, key, hash: toHex(row.hash as Uint8Array) } as unknown as KeyLogEntry
    })
  }

  keyLogHead(user: UserId): ChainHead {
    const { number, hash } = this.#lastOfKeyLog(user)
    return number === 0 ? NO_HEAD : { number, hash: toHex(hash) }
  }

  ref(kind: 'channel' | 'room', ref: string): string | undefined {
    return this.#sql.ref.get(kind, ref)?.id as string | undefined
  }

  words(): string[] {
    return this.#sql.words.all().map(row => row.word as string)
  }

  meta(key: string): string | undefined {
    return this.#sql.meta.get(key)?.value as string | undefined
  }

  /** What a guard is compared with; 0 where there is no row. */
  version(of: Guard['of'], id: string): number {
    const statement =
      of === 'account'
        ? this.#sql.versionOfAccount
        : of === 'channel'
          ? this.#sql.versionOfChannel
          : this.#sql.versionOfKeys
    return (statement.get(id)?.version as number | null | undefined) ?? 0
  }

  /** Writes a row. `version` is what an account, a channel or a key set has after it. */
  write(row: IdentityRow, version: number): void {
    const sql = this.#sql
    if ('drop' in row) {
      if (row.drop === 'token') sql.dropToken.run(row.hash)
      else this.#dropWord(foldName(row.word.toWellFormed()))
      return
    }
    switch (row.put) {
      case 'account': {
        const { id, username, ...rest } = row.account
        const folded = row.email === null ? null : foldName(row.email)
        const name = foldName(username)
        sql.putAccount.run(id, version, username, row.email, name, folded, row.createdAt, JSON.stringify(rest))
        return
      }
      case 'password':
        if (row.hash === null) sql.dropPassword.run(row.user)
        else sql.putPassword.run(row.user, row.hash)
        return
      case 'token': {
        const { hash, id, kind, user, app, scopes, parent, issuer, createdAt, expiresAt } = row.token
        sql.putToken.run(hash, id, kind, user, app, JSON.stringify(scopes), parent, issuer, createdAt, expiresAt)
        return
      }
      case 'app':
        sql.putApp.run(row.app.id, row.app.secret, row.app.owner, JSON.stringify(row.app.redirects))
        return
      case 'channel': {
        const { id, ...rest } = row.channel
        sql.putChannel.run(id, version, JSON.stringify(rest))
        return
      }
      case 'publicKey':
        sql.putPublicKey.run(row.user, version, row.key.version, JSON.stringify(row.key))
        this.#logKey(row.user, row.key.at, 'xchat.registered', row.key.fingerprint, row.key)
        return
      case 'keyPair':
        if (row.pair === null) sql.dropKeyPair.run(row.user)
        else sql.putKeyPair.run(row.user, row.pair.publicKey, row.pair.privateKey, row.at)
        this.#logKey(row.user, row.at, row.pair === null ? 'rocketchat.reset' : 'rocketchat.set', row.fingerprint, null)
        return
      case 'ref':
        sql.putRef.run(row.kind, row.ref, row.id)
        return
      case 'word':
        sql.putWord.run(row.word)
        return
      case 'meta':
        sql.putMeta.run(row.key, row.value)
    }
  }

  /** In whatever case it stands there: SQLite's own lower() knows of ASCII alone. */
  #dropWord(folded: string): void {
    for (const word of this.words()) if (foldName(word) === folded) this.#sql.dropWord.run(word)
  }

  #logKey(user: UserId, at: number, kind: KeyLogEntry['kind'], fingerprint: string, key: PublicKey | null): void {
    const { number, hash } = linkOfKey(this.#lastOfKeyLog(user), { at, kind, fingerprint }, key)
    this.#sql.putKeyLog.run(user, number, at, kind, fingerprint, key?.version ?? null, hash)
  }

  #lastOfKeyLog(user: UserId): ChainDraft {
    const last = this.#sql.lastOfKeyLog.get(user)
    return last ? { number: last.number as number, hash: last.hash as Uint8Array } : startOfKeys(user)
  }
}

type SqlRow = Record<string, unknown> | undefined

/** What accounts that were written before these fields existed have of them. */
const LATER_FIELDS = { info: {}, invisible: false }

function accountOf(row: SqlRow): Account | undefined {
  if (row === undefined) return undefined
  const rest = JSON.parse(row.body as string) as Omit<Account, 'id' | 'version' | 'username'>
  // The columns last: a caller that puts what it once read has an old version among the rest.
  return {
    ...LATER_FIELDS,
    ...rest,
    id: row.id as UserId,
    version: row.version as number,
    username: row.username as string,
  }
}

function channelOf(row: SqlRow): Channel | undefined {
  if (row === undefined) return undefined
  const rest = JSON.parse(row.body as string) as Omit<Channel, 'id' | 'version'>
  return { ...rest, id: row.id as ChannelId, version: row.version as number }
}

function tokenOf(row: SqlRow): Token | undefined {
  if (row === undefined) return undefined
  return {
    hash: row.hash as string,
    id: row.id as string,
    kind: row.kind as Token['kind'],
    user: row.user as UserId | null,
    app: row.app as string | null,
    scopes: JSON.parse(row.scopes as string) as string[],
    parent: row.parent as string | null,
    issuer: row.issuer as string,
    createdAt: row.created_at as number,
    expiresAt: row.expires_at as number | null,
  }
}
